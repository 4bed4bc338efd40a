import {
  type Infer,
  int32,
  int64,
  list,
  messagesOf,
  oneOf,
  optional,
  required,
  string,
  time,
} from "../schema.ts";
import { LabelSelector } from "../meta.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const Taint = message("Taint", {
  effect: required(3, oneOf("NoSchedule", "PreferNoSchedule", "NoExecute")),
  key: required(1, string),
  timeAdded: optional(4, time),
  value: optional(2, string),
});
export interface Taint extends Infer<typeof Taint> {}

export const NodeSelectorRequirement = message("NodeSelectorRequirement", {
  key: required(1, string),
  operator: required(2, oneOf("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")),
  values: optional(3, list(string)),
});
export interface NodeSelectorRequirement extends Infer<typeof NodeSelectorRequirement> {}

export const NodeSelectorTerm = message("NodeSelectorTerm", {
  matchExpressions: optional(1, list(NodeSelectorRequirement)),
  matchFields: optional(2, list(NodeSelectorRequirement)),
}, { isAtomic: true });
export interface NodeSelectorTerm extends Infer<typeof NodeSelectorTerm> {}

export const NodeSelector = message("NodeSelector", {
  nodeSelectorTerms: required(1, list(NodeSelectorTerm)),
}, { isAtomic: true });
export interface NodeSelector extends Infer<typeof NodeSelector> {}

export const PreferredSchedulingTerm = message("PreferredSchedulingTerm", {
  preference: required(2, NodeSelectorTerm),
  weight: required(1, int32),
});
export interface PreferredSchedulingTerm extends Infer<typeof PreferredSchedulingTerm> {}

export const NodeAffinity = message("NodeAffinity", {
  preferredDuringSchedulingIgnoredDuringExecution: optional(2, list(PreferredSchedulingTerm)),
  requiredDuringSchedulingIgnoredDuringExecution: optional(1, NodeSelector),
});
export interface NodeAffinity extends Infer<typeof NodeAffinity> {}

export const PodAffinityTerm = message("PodAffinityTerm", {
  labelSelector: optional(1, LabelSelector),
  matchLabelKeys: optional(5, list(string)),
  mismatchLabelKeys: optional(6, list(string)),
  namespaceSelector: optional(4, LabelSelector),
  namespaces: optional(2, list(string)),
  topologyKey: required(3, string),
});
export interface PodAffinityTerm extends Infer<typeof PodAffinityTerm> {}

export const WeightedPodAffinityTerm = message("WeightedPodAffinityTerm", {
  podAffinityTerm: required(2, PodAffinityTerm),
  weight: required(1, int32),
});
export interface WeightedPodAffinityTerm extends Infer<typeof WeightedPodAffinityTerm> {}

export const PodAffinity = message("PodAffinity", {
  preferredDuringSchedulingIgnoredDuringExecution: optional(2, list(WeightedPodAffinityTerm)),
  requiredDuringSchedulingIgnoredDuringExecution: optional(1, list(PodAffinityTerm)),
});
export interface PodAffinity extends Infer<typeof PodAffinity> {}

export const PodAntiAffinity = message("PodAntiAffinity", {
  preferredDuringSchedulingIgnoredDuringExecution: optional(2, list(WeightedPodAffinityTerm)),
  requiredDuringSchedulingIgnoredDuringExecution: optional(1, list(PodAffinityTerm)),
});
export interface PodAntiAffinity extends Infer<typeof PodAntiAffinity> {}

export const Affinity = message("Affinity", {
  nodeAffinity: optional(1, NodeAffinity),
  podAffinity: optional(2, PodAffinity),
  podAntiAffinity: optional(3, PodAntiAffinity),
});
export interface Affinity extends Infer<typeof Affinity> {}

export const Toleration = message("Toleration", {
  effect: optional(4, oneOf("NoSchedule", "PreferNoSchedule", "NoExecute")),
  key: optional(1, string),
  operator: optional(2, oneOf("Exists", "Equal")),
  tolerationSeconds: optional(5, int64),
  value: optional(3, string),
});
export interface Toleration extends Infer<typeof Toleration> {}

export const TopologySelectorLabelRequirement = message("TopologySelectorLabelRequirement", {
  key: required(1, string),
  values: required(2, list(string)),
});
export interface TopologySelectorLabelRequirement
  extends Infer<typeof TopologySelectorLabelRequirement> {}

export const TopologySelectorTerm = message("TopologySelectorTerm", {
  matchLabelExpressions: optional(1, list(TopologySelectorLabelRequirement)),
}, { isAtomic: true });
export interface TopologySelectorTerm extends Infer<typeof TopologySelectorTerm> {}

export const TopologySpreadConstraint = message("TopologySpreadConstraint", {
  labelSelector: optional(4, LabelSelector),
  matchLabelKeys: optional(8, list(string)),
  maxSkew: required(1, int32),
  minDomains: optional(5, int32),
  nodeAffinityPolicy: optional(6, string),
  nodeTaintsPolicy: optional(7, string),
  topologyKey: required(2, string),
  whenUnsatisfiable: required(3, string),
});
export interface TopologySpreadConstraint extends Infer<typeof TopologySpreadConstraint> {}
