/** Which disruption budgets a change leaves with less than they ask for. Pure. */
import { POD_DISRUPTION_BUDGETS, type PodDisruptionBudget } from "../api/types/policy_v1.ts";
import type { Cache } from "../client/cache.ts";
import { disruptionController } from "./disruption.ts";

export interface HurtBudget {
  readonly namespace: string;
  readonly name: string;
  /** Healthy pods after the change, and how many of them the budget wants. */
  readonly healthy: number;
  readonly wanted: number;
}

/** As the budgets' own controller counts; those that lacked as much before are left out. */
export function budgetsHurt(before: Cache, after: Cache, now: number): HurtBudget[] {
  return before.list(POD_DISRUPTION_BUDGETS).flatMap((budget) => {
    const then = lackOf(budget, after, now);
    if (then.lack <= Math.max(0, lackOf(budget, before, now).lack)) return [];
    const { namespace = "", name } = budget.metadata;
    return [{ namespace, name, healthy: then.healthy, wanted: then.wanted }];
  });
}

/** Of a budget that cannot be counted, what was counted last. */
function lackOf(budget: Readonly<PodDisruptionBudget>, cache: Cache, now: number) {
  const plan = disruptionController.plan(budget, {
    ...{ cache, now },
    heardAt: undefined,
    since: () => now,
    read: (resource) => cache.list(resource),
  });
  const written = plan.writes.find(({ verb }) => verb === "updateStatus");
  const { status } = written !== undefined && "object" in written
    ? written.object as PodDisruptionBudget
    : budget;
  const { currentHealthy: healthy = 0, desiredHealthy: wanted = 0 } = status ?? {};
  return { healthy, wanted, lack: wanted - healthy };
}
