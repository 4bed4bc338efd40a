/** Objects that say how many pods there may or must be. */
import type { HorizontalPodAutoscaler } from "../../../api/types/autoscaling_v2.ts";
import type { ResourceQuota } from "../../../api/types/core_v1.ts";
import type { PodDisruptionBudget } from "../../../api/types/policy_v1.ts";
import type { PriorityClass } from "../../../api/types/scheduling_v1.ts";
import { IMPORTANT, type Wanted } from "./objects.ts";

export function quotaOf({ name, namespace, replicas }: Wanted): ResourceQuota {
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name, namespace },
    spec: { hard: { pods: String(replicas) } },
  };
}

export function budgetOf({ name, namespace, replicas, tier }: Wanted): PodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, namespace },
    spec: { minAvailable: replicas, selector: { matchLabels: { tier } } },
  };
}

/** Of the first deployment of its namespace, by half of what its pods ask for. */
export function autoscalerOf({ name, namespace, replicas }: Wanted): HorizontalPodAutoscaler {
  const target = { type: "Utilization" as const, averageUtilization: 50 };
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name, namespace },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web-0" },
      minReplicas: 1,
      maxReplicas: replicas,
      metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
      behavior: { scaleDown: { stabilizationWindowSeconds: 30 } },
    },
  };
}

export const IMPORTANT_CLASS: PriorityClass = {
  apiVersion: "scheduling.k8s.io/v1",
  kind: "PriorityClass",
  metadata: { name: IMPORTANT },
  value: 1_000,
};
