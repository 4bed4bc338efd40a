import {
  always,
  type Infer,
  int32,
  int64,
  intOrString,
  list,
  map,
  messagesOf,
  oneOf,
  optional,
  patchedBy,
  required,
  time,
} from "./schema.ts";
import { Condition, DeleteOptions, LabelSelector, ObjectMeta, TYPE_META } from "./meta.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.policy.v1");

export const Eviction = message("Eviction", {
  ...TYPE_META,
  deleteOptions: optional(2, DeleteOptions),
  metadata: always(1, ObjectMeta),
}, { description: "Asks for a pod to go, where a deletion would not ask." });
export interface Eviction extends Infer<typeof Eviction> {}

export const PodDisruptionBudgetSpec = message("PodDisruptionBudgetSpec", {
  maxUnavailable: optional(
    3,
    intOrString,
    "Pods that may be missing after an eviction, as a number or in percent.",
  ),
  minAvailable: optional(
    1,
    intOrString,
    "Pods that must be left after an eviction, as a number or in percent.",
  ),
  selector: patchedBy("replace", optional(2, LabelSelector)),
  unhealthyPodEvictionPolicy: optional(
    4,
    oneOf("AlwaysAllow", "IfHealthyBudget"),
    "Whether pods that are not ready may always be evicted.",
  ),
}, { description: "The pods, and how many of them may be missing." });
export interface PodDisruptionBudgetSpec extends Infer<typeof PodDisruptionBudgetSpec> {}

export const PodDisruptionBudgetStatus = message("PodDisruptionBudgetStatus", {
  conditions: optional(7, list(Condition, { mergeKey: "type", mapKeys: ["type"] })),
  currentHealthy: required(4, int32),
  desiredHealthy: required(5, int32),
  disruptedPods: optional(2, map(time)),
  disruptionsAllowed: required(3, int32),
  expectedPods: required(6, int32),
  observedGeneration: optional(1, int64),
});
export interface PodDisruptionBudgetStatus extends Infer<typeof PodDisruptionBudgetStatus> {}

export const PodDisruptionBudget = message("PodDisruptionBudget", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, PodDisruptionBudgetSpec),
  status: optional(3, PodDisruptionBudgetStatus),
}, { description: "Says how many pods of a set may be missing when pods are evicted." });
export interface PodDisruptionBudget extends Infer<typeof PodDisruptionBudget> {}

/** Served under a pod, as its subresource `eviction`. */
export const EVICTIONS: Resource<Eviction> = {
  apiVersion: "policy/v1",
  kind: "Eviction",
  resource: "eviction",
  isNamespaced: true,
};

export const POD_DISRUPTION_BUDGETS: Resource<PodDisruptionBudget> = {
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  resource: "poddisruptionbudgets",
  isNamespaced: true,
};
