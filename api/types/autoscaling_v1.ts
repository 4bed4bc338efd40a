import { always, type Infer, int32, messagesOf, optional, required, string } from "./schema.ts";
import { ObjectMeta, TYPE_META } from "./meta.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.autoscaling.v1");

export const ScaleSpec = message("ScaleSpec", {
  replicas: optional(1, int32, "Pods wanted."),
});
export interface ScaleSpec extends Infer<typeof ScaleSpec> {}

export const ScaleStatus = message("ScaleStatus", {
  replicas: required(1, int32, "Pods there are."),
  selector: optional(2, string, "The pods' label selector, as text."),
});
export interface ScaleStatus extends Infer<typeof ScaleStatus> {}

/** The view of a workload that says only how many pods it has. */
export const Scale = message("Scale", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, ScaleSpec),
  status: optional(3, ScaleStatus),
});
export interface Scale extends Infer<typeof Scale> {}

/** Served under the workload, as its subresource `scale`. */
export const SCALES: Resource<Scale> = {
  apiVersion: "autoscaling/v1",
  kind: "Scale",
  resource: "scale",
  isNamespaced: true,
};
