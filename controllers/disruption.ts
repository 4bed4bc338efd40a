import { CUSTOM_RESOURCE_DEFINITIONS } from "../api/types/apiextensions_v1.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { selectorOf } from "../api/types/labels.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { POD_DISRUPTION_BUDGETS, type PodDisruptionBudget } from "../api/types/policy_v1.ts";
import { PODS } from "../api/types/resources.ts";
import { hasReason, StatusError } from "../api/types/status.ts";
import type { Cache } from "../client/cache.ts";
import { towardStatus } from "../client/writes.ts";
import {
  type Change,
  type Controller,
  keyOf,
  NOTHING_TO_DO,
  type ObjectKey,
  onChangeOf,
  type World,
} from "./controller.ts";
import { customOwnersOf } from "./disruption_custom.ts";
import { APP_OWNERS, isShare, needOf } from "./disruption_scale.ts";
import { isReady, timeOf } from "./pods.ts";

type Budget = PodDisruptionBudget;
type BudgetStatus = NonNullable<Budget["status"]>;

/** An eviction whose pod is still there after this did not happen. Source: kube-controller-manager, disruption controller. */
const DELETION_TIMEOUT_MS = 120_000;

/** Counts for each budget how many of its pods may be evicted now: an eviction reads and lowers that number. */
export const disruptionController: Controller<Budget> = {
  name: "disruption-controller",
  reconciles: POD_DISRUPTION_BUDGETS,
  requeueOn: [
    onChangeOf(PODS, budgetsOfPod),
    ...APP_OWNERS.map((resource) => onChangeOf(resource, budgetsOfOwner)),
    onChangeOf(CUSTOM_RESOURCE_DEFINITIONS, () => []),
  ],
  reads: (_key, budget, cache) =>
    budget === undefined || !isShare(budget) ? [] : customOwnersOf(podsOf(budget, cache), cache),
  plan(budget, world) {
    if (budget.metadata.deletionTimestamp !== undefined) return NOTHING_TO_DO;
    const { status, againMs } = statusOf(budget, podsOf(budget, world.cache), world);
    return {
      writes: towardStatus(budget, status),
      ...(againMs !== undefined && { againMs }),
    };
  },
};

function podsOf({ metadata, spec }: Readonly<Budget>, cache: Cache): Readonly<Pod>[] {
  const selector = selectorOf(spec.selector);
  return cache.list(PODS, metadata.namespace ?? "").filter(({ metadata }) =>
    selector.matches(metadata.labels)
  );
}

/** @returns the status, and when one of its disrupted pods has had its time */
function statusOf(
  budget: Readonly<Budget>,
  pods: readonly Readonly<Pod>[],
  world: World,
): { status: BudgetStatus; againMs: number | undefined } {
  const { now } = world;
  try {
    const { expectedPods, desiredHealthy } = needOf(budget, pods, world);
    const disruptedPods = stillGoing(budget, pods, now);
    const currentHealthy = pods.filter((pod) => isHealthy(pod, disruptedPods)).length;
    // a budget without pods allows nothing: its first ones may come before they are counted
    const left = expectedPods > 0 ? currentHealthy - desiredHealthy : 0;
    const counts = { currentHealthy, desiredHealthy, expectedPods };
    const disruptionsAllowed = Math.max(0, left);
    const isEmpty = Object.keys(disruptedPods).length === 0;
    const status = concluded(budget, {
      ...counts,
      disruptionsAllowed,
      ...(!isEmpty && { disruptedPods }),
    }, now);
    return { status, againMs: untilOver(disruptedPods, now) };
  } catch (error) {
    if (!hasReason(error, "InternalError")) throw error;
    const why = (error as StatusError).message;
    const counted = budget.status ?? { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
    const status = concluded(budget, { ...counted, disruptionsAllowed: 0 }, now, why);
    return { status, againMs: undefined };
  }
}

/** The pods that an eviction took and that have not begun to go yet. */
function stillGoing(
  { status }: Readonly<Budget>,
  pods: readonly Readonly<Pod>[],
  now: number,
): Record<string, string> {
  const { disruptedPods = {} } = status ?? {};
  return Object.fromEntries(
    pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata: { name } }) => [name, disruptedPods[name] ?? ""] as const)
      .filter(([, at]) => Date.parse(at) + DELETION_TIMEOUT_MS > now),
  );
}

function isHealthy(pod: Readonly<Pod>, disrupted: Readonly<Record<string, string>>): boolean {
  const { name, deletionTimestamp } = pod.metadata;
  return deletionTimestamp === undefined && !Object.hasOwn(disrupted, name) && isReady(pod);
}

function untilOver(disrupted: Readonly<Record<string, string>>, now: number): number | undefined {
  const times = Object.values(disrupted).map((at) => Date.parse(at));
  return times.length === 0 ? undefined : Math.min(...times) + DELETION_TIMEOUT_MS - now;
}

/** With the condition that says whether an eviction has a chance; its time changes only with its answer. */
function concluded(
  { metadata: { generation = 0 }, status }: Readonly<Budget>,
  counts: BudgetStatus,
  now: number,
  failure?: string,
): BudgetStatus {
  const isAllowed = counts.disruptionsAllowed > 0;
  const reason = failure !== undefined
    ? "SyncFailed"
    : isAllowed
    ? "SufficientPods"
    : "InsufficientPods";
  const answer = isAllowed ? "True" as const : "False" as const;
  const before = status?.conditions?.find(({ type }) => type === "DisruptionAllowed");
  const lastTransitionTime = before?.status === answer ? before.lastTransitionTime : timeOf(now);
  return {
    ...counts,
    observedGeneration: generation,
    conditions: [{
      type: "DisruptionAllowed",
      status: answer,
      observedGeneration: generation,
      lastTransitionTime,
      reason,
      message: failure ?? "",
    }],
  };
}

function budgetsOfPod({ before, after }: Change<Pod>, cache: Cache): ObjectKey[] {
  const { namespace = "" } = (after ?? before)?.metadata ?? {};
  return cache.list(POD_DISRUPTION_BUDGETS, namespace).filter(({ spec }) => {
    const selector = selectorOf(spec.selector);
    return [before, after].some((pod) =>
      pod !== undefined && selector.matches(pod.metadata.labels)
    );
  }).map(keyOf);
}

/** Which budgets a change of size concerns only their pods tell. */
function budgetsOfOwner(
  { before, after }: Change<KubeObject & { spec?: { replicas?: number | undefined } }>,
  cache: Cache,
): ObjectKey[] {
  if (before !== undefined && before.spec?.replicas === after?.spec?.replicas) return [];
  const { namespace = "" } = (after ?? before)?.metadata ?? {};
  return cache.list(POD_DISRUPTION_BUDGETS, namespace).map(keyOf);
}
