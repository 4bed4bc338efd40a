import type { Pod } from "../types/core_v1.ts";
import { selectorOf } from "../types/labels.ts";
import {
  type Eviction,
  POD_DISRUPTION_BUDGETS,
  type PodDisruptionBudget,
} from "../types/policy_v1.ts";
import { StatusError } from "../types/status.ts";
import type { View, Write } from "../../store/store.ts";
import { keyOf, prefixOf } from "./keys.ts";
import type { AnyKind, Moment } from "./kind.ts";
import { type Deletion, planDelete } from "./plan_delete.ts";
import type { Planned } from "./plan_update.ts";
import { forbidden } from "./refusals.ts";

/** Pods that a budget counts as going. Source: Kubernetes, MaxDisruptedPodSize. */
const DISRUPTED_PODS_MAX = 2000;
/** Source: Kubernetes, eviction.go: what a budget that is not counted yet answers. */
const RETRY_SECONDS = 10;

const VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget.";
const TOO_MANY_BUDGETS = "This pod has more than one PodDisruptionBudget, which the eviction " +
  "subresource does not support.";

type Budget = Readonly<PodDisruptionBudget>;

interface Around {
  readonly kind: AnyKind;
  readonly view: View;
  readonly moment: Moment;
}

/**
 * The deletion of the pod, and what its disruption budget then has left, in one commit.
 * @throws {StatusError} TooManyRequests when the budget forbids it for now
 */
export function planEviction(
  pod: Pod,
  { deleteOptions = {} }: Eviction,
  { kind, view, moment }: Around,
): Planned {
  const budget = needsBudget(pod) ? budgetOf(pod, view) : undefined;
  const also = budget === undefined || isOutside(pod, budget)
    ? []
    : [writeOf(budget, spent(budget, pod, moment.now))];
  const { gracePeriodSeconds, preconditions = {}, propagationPolicy } = deleteOptions;
  const deletion = {
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...preconditions,
    ...(propagationPolicy !== undefined && { propagationPolicy }),
  } as Deletion;
  const { object, writes } = planDelete(kind, pod, deletion, moment);
  if (deleteOptions.dryRun?.includes("All")) return { object: pod, writes: [] };
  return { object, writes: [...writes, ...also] };
}

/** What has ended, has not begun or is going serves nobody. */
function needsBudget({ metadata, status }: Pod): boolean {
  return status?.phase === "Running" && metadata.deletionTimestamp === undefined;
}

function budgetOf(pod: Pod, view: View): Budget | undefined {
  const found = view.list(prefixOf(POD_DISRUPTION_BUDGETS, pod.metadata.namespace ?? ""))
    .map(({ object }) => object as Budget)
    .filter(({ spec }) => selectorOf(spec.selector).matches(pod.metadata.labels));
  if (found.length > 1) throw new StatusError("InternalError", TOO_MANY_BUDGETS);
  return found[0];
}

/** A pod that is not ready is none of those that the budget keeps. */
function isOutside({ status }: Pod, { spec, status: budget }: Budget): boolean {
  const isReady = status?.conditions?.some(({ type, status }) =>
    type === "Ready" && status === "True"
  );
  if (isReady) return false;
  if (spec.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = budget ?? {};
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

/** The budget's status after one more disruption. */
function spent(budget: Budget, pod: Pod, now: string): PodDisruptionBudget["status"] {
  const { metadata: { name, generation = 0 }, status } = budget;
  const { disruptionsAllowed = 0, desiredHealthy = 0, currentHealthy = 0 } = status ?? {};
  if ((status?.observedGeneration ?? 0) < generation) {
    const why = `The disruption budget ${name} is still being processed by the server.`;
    throw tooMany(why, RETRY_SECONDS);
  }
  const refuse = (why: string) => forbidden(POD_DISRUPTION_BUDGETS, name, why);
  if (disruptionsAllowed < 0) throw refuse("pdb disruptions allowed is negative");
  const { disruptedPods = {} } = status ?? {};
  if (Object.keys(disruptedPods).length > DISRUPTED_PODS_MAX) {
    throw refuse("DisruptedPods map too big - too many evictions not confirmed by PDB controller");
  }
  if (disruptionsAllowed === 0) {
    const counts = `needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
    throw tooMany(`The disruption budget ${name} ${counts}`);
  }
  return {
    ...status!,
    disruptionsAllowed: disruptionsAllowed - 1,
    disruptedPods: { ...disruptedPods, [pod.metadata.name]: now },
  };
}

function writeOf(budget: Budget, status: PodDisruptionBudget["status"]): Write {
  const { namespace = "", name } = budget.metadata;
  const key = keyOf(POD_DISRUPTION_BUDGETS, namespace, name);
  return { key, object: { ...budget, ...(status && { status }) } };
}

function tooMany(why: string, retryAfterSeconds?: number): StatusError {
  const cause = { field: "", reason: "DisruptionBudget", message: why } as const;
  const details = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return new StatusError("TooManyRequests", VIOLATES, [cause], details);
}
