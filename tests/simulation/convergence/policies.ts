import { DEPLOYMENTS } from "../../../api/types/apps_v1.ts";
import { HORIZONTAL_POD_AUTOSCALERS } from "../../../api/types/autoscaling_v2.ts";
import { matchesLabels } from "../../../api/types/labels.ts";
import { POD_DISRUPTION_BUDGETS } from "../../../api/types/policy_v1.ts";
import { PODS } from "../../../api/types/resources.ts";
import { isActive, isReady } from "../../../controllers/pods.ts";
import type { SimulatedCluster } from "../cluster.ts";
import { ASKED_MILLI } from "../operations/templates.ts";
import type { Sight } from "../sight.ts";
import { isAtLimit, nameOf } from "./names.ts";

/** A budget counts right. */
export function budgetsWrong(sight: Sight, namespace: string): string[] {
  return sight.list(POD_DISRUPTION_BUDGETS, namespace).flatMap((budget) => {
    const { spec, status } = budget;
    const healthy = sight.list(PODS, namespace).filter((pod) =>
      isActive(pod) && isReady(pod) &&
      matchesLabels(spec?.selector?.matchLabels ?? {}, pod.metadata.labels)
    ).length;
    const allowed = Math.max(0, healthy - Number(spec?.minAvailable ?? 0));
    if (status?.currentHealthy === healthy && status.disruptionsAllowed === allowed) return [];
    return [`${nameOf(budget)} allows ${status?.disruptionsAllowed} disruptions, not ${allowed}`];
  });
}

/** An autoscaler has as many pods as it may, or as few, where the load is clearly above or below what it wants. */
export function autoscalersWrong(
  { sight, server: { loadMilli } }: SimulatedCluster,
  namespace: string,
): string[] {
  if (isAtLimit(sight, namespace)) return [];
  return sight.list(HORIZONTAL_POD_AUTOSCALERS, namespace).flatMap((autoscaler) => {
    const { scaleTargetRef, minReplicas = 1, maxReplicas } = autoscaler.spec;
    const target = sight.list(DEPLOYMENTS, namespace)
      .find(({ metadata }) => metadata.name === scaleTargetRef.name);
    const replicas = target?.spec.replicas ?? 1;
    // no pods at all: the autoscaler is switched off
    if (target === undefined || replicas === 0) return [];
    const wanted = ASKED_MILLI / 2;
    const least = loadMilli > wanted ? maxReplicas : minReplicas;
    const most = loadMilli < wanted ? minReplicas : maxReplicas;
    if (replicas >= least && replicas <= most) return [];
    return [`${nameOf(autoscaler)} has ${replicas} pods at a load of ${loadMilli}m each`];
  });
}
