import {
  always,
  defaulted,
  type Infer,
  int32,
  int64,
  messagesOf,
  optional,
  required,
  string,
  time,
} from "./schema.ts";
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

export const CrossVersionObjectReference = message("CrossVersionObjectReference", {
  apiVersion: optional(3, string),
  kind: required(1, string),
  name: required(2, string),
}, { isAtomic: true });
export interface CrossVersionObjectReference extends Infer<typeof CrossVersionObjectReference> {}

export const HorizontalPodAutoscalerSpec = message("HorizontalPodAutoscalerSpec", {
  maxReplicas: required(3, int32, "The most pods."),
  minReplicas: defaulted(2, int32, 1, "The fewest pods."),
  scaleTargetRef: required(1, CrossVersionObjectReference),
  targetCPUUtilizationPercentage: optional(
    4,
    int32,
    "Mean use of CPU to aim at, in percent of what the pods request.",
  ),
});
export interface HorizontalPodAutoscalerSpec extends Infer<typeof HorizontalPodAutoscalerSpec> {}

export const HorizontalPodAutoscalerStatus = message("HorizontalPodAutoscalerStatus", {
  currentCPUUtilizationPercentage: optional(5, int32),
  currentReplicas: optional(3, int32),
  desiredReplicas: required(4, int32),
  lastScaleTime: optional(2, time),
  observedGeneration: optional(1, int64),
});
export interface HorizontalPodAutoscalerStatus
  extends Infer<typeof HorizontalPodAutoscalerStatus> {}

/** What version 2 says beyond the CPU is kept in annotations. */
export const HorizontalPodAutoscaler = message("HorizontalPodAutoscaler", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, HorizontalPodAutoscalerSpec),
  status: optional(3, HorizontalPodAutoscalerStatus),
}, { description: "Sets the number of pods of a workload by their use of CPU." });
export interface HorizontalPodAutoscaler extends Infer<typeof HorizontalPodAutoscaler> {}

/** Served under the workload, as its subresource `scale`. */
export const SCALES: Resource<Scale> = {
  apiVersion: "autoscaling/v1",
  kind: "Scale",
  resource: "scale",
  isNamespaced: true,
};

/** The same objects as in version 2, seen through the CPU alone. */
export const HORIZONTAL_POD_AUTOSCALERS_V1: Resource<HorizontalPodAutoscaler> = {
  apiVersion: "autoscaling/v1",
  kind: "HorizontalPodAutoscaler",
  resource: "horizontalpodautoscalers",
  isNamespaced: true,
};
