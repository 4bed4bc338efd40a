import {
  always,
  defaulted,
  type Infer,
  int32,
  int64,
  list,
  messagesOf,
  oneOf,
  optional,
  quantity,
  required,
  string,
  time,
} from "./schema.ts";
import { LabelSelector, ObjectMeta, TYPE_META } from "./meta.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.autoscaling.v2");

export const MetricTarget = message("MetricTarget", {
  averageUtilization: optional(4, int32),
  averageValue: optional(3, quantity),
  type: required(1, oneOf("AverageValue", "Utilization", "Value")),
  value: optional(2, quantity),
});
export interface MetricTarget extends Infer<typeof MetricTarget> {}

export const ContainerResourceMetricSource = message("ContainerResourceMetricSource", {
  container: required(3, string),
  name: required(1, string),
  target: required(2, MetricTarget),
});
export interface ContainerResourceMetricSource
  extends Infer<typeof ContainerResourceMetricSource> {}

export const MetricValueStatus = message("MetricValueStatus", {
  averageUtilization: optional(3, int32),
  averageValue: optional(2, quantity),
  value: optional(1, quantity),
});
export interface MetricValueStatus extends Infer<typeof MetricValueStatus> {}

export const ContainerResourceMetricStatus = message("ContainerResourceMetricStatus", {
  container: required(3, string),
  current: required(2, MetricValueStatus),
  name: required(1, string),
});
export interface ContainerResourceMetricStatus
  extends Infer<typeof ContainerResourceMetricStatus> {}

export const CrossVersionObjectReference = message("CrossVersionObjectReference", {
  apiVersion: optional(3, string),
  kind: required(1, string),
  name: required(2, string),
});
export interface CrossVersionObjectReference extends Infer<typeof CrossVersionObjectReference> {}

export const MetricIdentifier = message("MetricIdentifier", {
  name: required(1, string),
  selector: optional(2, LabelSelector),
});
export interface MetricIdentifier extends Infer<typeof MetricIdentifier> {}

export const ExternalMetricSource = message("ExternalMetricSource", {
  metric: required(1, MetricIdentifier),
  target: required(2, MetricTarget),
});
export interface ExternalMetricSource extends Infer<typeof ExternalMetricSource> {}

export const ExternalMetricStatus = message("ExternalMetricStatus", {
  current: required(2, MetricValueStatus),
  metric: required(1, MetricIdentifier),
});
export interface ExternalMetricStatus extends Infer<typeof ExternalMetricStatus> {}

export const HPAScalingPolicy = message("HPAScalingPolicy", {
  periodSeconds: required(3, int32),
  type: required(1, oneOf("Percent", "Pods")),
  value: required(2, int32),
});
export interface HPAScalingPolicy extends Infer<typeof HPAScalingPolicy> {}

export const HPAScalingRules = message("HPAScalingRules", {
  policies: optional(2, list(HPAScalingPolicy)),
  selectPolicy: optional(1, oneOf("Disabled", "Max", "Min")),
  stabilizationWindowSeconds: optional(3, int32, "The most careful wish of this time is followed."),
});
export interface HPAScalingRules extends Infer<typeof HPAScalingRules> {}

export const HorizontalPodAutoscalerBehavior = message("HorizontalPodAutoscalerBehavior", {
  scaleDown: optional(2, HPAScalingRules),
  scaleUp: optional(1, HPAScalingRules),
});
export interface HorizontalPodAutoscalerBehavior
  extends Infer<typeof HorizontalPodAutoscalerBehavior> {}

export const ObjectMetricSource = message("ObjectMetricSource", {
  describedObject: required(1, CrossVersionObjectReference),
  metric: required(3, MetricIdentifier),
  target: required(2, MetricTarget),
});
export interface ObjectMetricSource extends Infer<typeof ObjectMetricSource> {}

export const PodsMetricSource = message("PodsMetricSource", {
  metric: required(1, MetricIdentifier),
  target: required(2, MetricTarget),
});
export interface PodsMetricSource extends Infer<typeof PodsMetricSource> {}

export const ResourceMetricSource = message("ResourceMetricSource", {
  name: required(1, string),
  target: required(2, MetricTarget),
});
export interface ResourceMetricSource extends Infer<typeof ResourceMetricSource> {}

export const MetricSpec = message("MetricSpec", {
  containerResource: optional(7, ContainerResourceMetricSource),
  external: optional(5, ExternalMetricSource),
  object: optional(2, ObjectMetricSource),
  pods: optional(3, PodsMetricSource),
  resource: optional(4, ResourceMetricSource),
  type: required(1, oneOf("ContainerResource", "External", "Object", "Pods", "Resource")),
});
export interface MetricSpec extends Infer<typeof MetricSpec> {}

export const HorizontalPodAutoscalerSpec = message("HorizontalPodAutoscalerSpec", {
  behavior: optional(5, HorizontalPodAutoscalerBehavior),
  maxReplicas: required(3, int32, "The most pods."),
  metrics: optional(4, list(MetricSpec)),
  minReplicas: defaulted(2, int32, 1, "The fewest pods."),
  scaleTargetRef: required(1, CrossVersionObjectReference),
});
export interface HorizontalPodAutoscalerSpec extends Infer<typeof HorizontalPodAutoscalerSpec> {}

export const HorizontalPodAutoscalerCondition = message("HorizontalPodAutoscalerCondition", {
  lastTransitionTime: optional(3, time),
  message: optional(5, string),
  reason: optional(4, string),
  status: required(2, string),
  type: required(1, string),
});
export interface HorizontalPodAutoscalerCondition
  extends Infer<typeof HorizontalPodAutoscalerCondition> {}

export const ObjectMetricStatus = message("ObjectMetricStatus", {
  current: required(2, MetricValueStatus),
  describedObject: required(3, CrossVersionObjectReference),
  metric: required(1, MetricIdentifier),
});
export interface ObjectMetricStatus extends Infer<typeof ObjectMetricStatus> {}

export const PodsMetricStatus = message("PodsMetricStatus", {
  current: required(2, MetricValueStatus),
  metric: required(1, MetricIdentifier),
});
export interface PodsMetricStatus extends Infer<typeof PodsMetricStatus> {}

export const ResourceMetricStatus = message("ResourceMetricStatus", {
  current: required(2, MetricValueStatus),
  name: required(1, string),
});
export interface ResourceMetricStatus extends Infer<typeof ResourceMetricStatus> {}

export const MetricStatus = message("MetricStatus", {
  containerResource: optional(7, ContainerResourceMetricStatus),
  external: optional(5, ExternalMetricStatus),
  object: optional(2, ObjectMetricStatus),
  pods: optional(3, PodsMetricStatus),
  resource: optional(4, ResourceMetricStatus),
  type: required(1, string),
});
export interface MetricStatus extends Infer<typeof MetricStatus> {}

export const HorizontalPodAutoscalerStatus = message("HorizontalPodAutoscalerStatus", {
  conditions: optional(
    6,
    list(HorizontalPodAutoscalerCondition, { mergeKey: "type", mapKeys: ["type"] }),
  ),
  currentMetrics: optional(5, list(MetricStatus)),
  currentReplicas: optional(3, int32),
  desiredReplicas: required(4, int32),
  lastScaleTime: optional(2, time),
  observedGeneration: optional(1, int64),
});
export interface HorizontalPodAutoscalerStatus
  extends Infer<typeof HorizontalPodAutoscalerStatus> {}

export const HorizontalPodAutoscaler = message("HorizontalPodAutoscaler", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, HorizontalPodAutoscalerSpec),
  status: optional(3, HorizontalPodAutoscalerStatus),
}, { description: "Sets the number of pods of a workload by what is measured." });
export interface HorizontalPodAutoscaler extends Infer<typeof HorizontalPodAutoscaler> {}

export const HORIZONTAL_POD_AUTOSCALERS: Resource<HorizontalPodAutoscaler> = {
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  resource: "horizontalpodautoscalers",
  isNamespaced: true,
};
