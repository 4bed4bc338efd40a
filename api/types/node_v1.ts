import {
  always,
  type Infer,
  list,
  map,
  messagesOf,
  optional,
  quantity,
  required,
  string,
} from "./schema.ts";
import { ObjectMeta, TYPE_META } from "./meta.ts";
import { Toleration } from "./core_v1.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.node.v1");

export const Overhead = message("Overhead", {
  podFixed: optional(1, map(quantity), "What the sandbox of a pod needs for itself."),
});
export interface Overhead extends Infer<typeof Overhead> {}

export const Scheduling = message("Scheduling", {
  nodeSelector: optional(1, map(string, { isAtomic: true })),
  tolerations: optional(2, list(Toleration)),
});
export interface Scheduling extends Infer<typeof Scheduling> {}

export const RuntimeClass = message("RuntimeClass", {
  ...TYPE_META,
  handler: required(2, string, "The name that the node knows the runtime by. It never changes."),
  metadata: always(1, ObjectMeta),
  overhead: optional(3, Overhead),
  scheduling: optional(4, Scheduling),
}, { description: "A container runtime of the nodes, under a name." });
export interface RuntimeClass extends Infer<typeof RuntimeClass> {}

export const RUNTIME_CLASSES: Resource<RuntimeClass> = {
  apiVersion: "node.k8s.io/v1",
  kind: "RuntimeClass",
  resource: "runtimeclasses",
  isNamespaced: false,
};
