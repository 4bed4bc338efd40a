import type { PodDisruptionBudget } from "../api/types/policy_v1.ts";
import { selectorOf } from "../api/types/labels.ts";
import type { PodInfo } from "./pod_info.ts";

type Budget = Readonly<PodDisruptionBudget>;

/**
 * Parts the pods, in their order, into those whose loss breaks a budget and the others, when all of them go.
 * Source of the rule: kube-scheduler, filterPodsWithPDBViolation.
 */
export function partByBudgets(
  pods: readonly PodInfo[],
  budgets: readonly Budget[],
): { breaking: PodInfo[]; free: PodInfo[] } {
  const left = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0);
  const selectors = budgets.map(({ spec }) => selectorOf(spec.selector));
  const parted: { breaking: PodInfo[]; free: PodInfo[] } = { breaking: [], free: [] };
  for (const info of pods) {
    const { namespace, name, labels } = info.pod.metadata;
    let breaks = false;
    budgets.forEach(({ metadata, status }, index) => {
      if (metadata.namespace !== namespace || !selectors[index]?.matches(labels)) return;
      if (status?.disruptedPods?.[name] !== undefined) return;
      left[index]! -= 1;
      if (left[index]! < 0) breaks = true;
    });
    parted[breaks ? "breaking" : "free"].push(info);
  }
  return parted;
}
