/** Which pods a job that goes on lacks, and which it has too many of. */
import type { Job } from "../../api/types/batch_v1.ts";
import type { Pod } from "../../api/types/core_v1.ts";
import { inDeletionOrder } from "../deletion_order.ts";
import type { Course } from "./end.ts";
import { actionFor } from "./failure_policy.ts";
import { indexesIn, indexOf } from "./indexes.ts";
import { INDEX_FAILURES } from "./pods_of_job.ts";
import { isTracked } from "./tally.ts";

/** Between a failure and the next try; it doubles with each failure in a row. Source: Kubernetes. */
const BACK_OFF_MS = 10_000;
const BACK_OFF_MAX_MS = 360_000;
/** Pods created in one pass. Source: Kubernetes, MaxPodCreateDeletePerSync. */
const BURST_MAX = 500;

export interface Birth {
  readonly index?: number;
  /** How often the index has failed. */
  readonly failures?: number;
}

export interface Needed {
  readonly create: readonly Birth[];
  readonly remove: readonly Readonly<Pod>[];
  /** Until a failed pod may be replaced. */
  readonly againMs: number | undefined;
}

export function neededOf(course: Course): Needed {
  const { job: { spec }, active, tally } = course;
  const { parallelism = 1, completions } = spec;
  const toGo = completions === undefined
    ? tally.succeeded > 0 ? active.length : parallelism
    : Math.max(0, completions - tally.succeeded);
  const wanted = Math.min(parallelism, toGo);
  if (active.length > wanted) {
    const inOrder = inDeletionOrder(active);
    const begun = inOrder.filter((pod) => !isTracked(pod)); // those that were let go of already
    const remove = [...begun, ...inOrder.filter(isTracked)].slice(0, active.length - wanted);
    return { create: [], remove, againMs: undefined };
  }
  const missing = Math.min(wanted - active.length - endingOf(course), BURST_MAX);
  if (missing <= 0) return { create: [], remove: [], againMs: undefined };
  const againMs = backOffMs(course);
  if (againMs > 0) return { create: [], remove: [], againMs };
  const create = spec.completionMode === "Indexed"
    ? pendingIndexes(course, missing)
    : Array.from({ length: missing }, () => ({}));
  return { create, remove: [], againMs: undefined };
}

/** Pods on their way out hold their place where they are replaced only after they have failed. */
function endingOf({ job: { spec }, pods }: Course): number {
  if (spec.podReplacementPolicy !== "Failed") return 0;
  return pods.filter(({ metadata, status }) =>
    metadata.deletionTimestamp !== undefined && status?.phase !== "Failed" &&
    status?.phase !== "Succeeded"
  ).length;
}

function pendingIndexes(
  { job: { spec }, active, pods, tally, failedIndexes }: Course,
  most: number,
) {
  const busy = new Set(active.map(indexOf));
  const births: Birth[] = [];
  for (let index = 0; index < (spec.completions ?? 0) && births.length < most; index += 1) {
    if (busy.has(index) || tally.completed.has(index) || failedIndexes.has(index)) continue;
    births.push({ index, failures: failuresOf(index, pods) });
  }
  return births;
}

function failuresOf(index: number, pods: readonly Readonly<Pod>[]): number {
  const counts = pods.filter((pod) => pod.status?.phase === "Failed" && indexOf(pod) === index)
    .map(({ metadata }) => Number(metadata.annotations?.[INDEX_FAILURES] ?? 0) + 1);
  return Math.max(0, ...counts);
}

/** Indexes that have failed more often than each may, or by a rule. */
export function failedIndexesOf(job: Readonly<Job>, pods: readonly Readonly<Pod>[]): Set<number> {
  const failed = indexesIn(job.status?.failedIndexes);
  const { backoffLimitPerIndex: limit } = job.spec;
  if (limit === undefined) return failed;
  for (const pod of pods) {
    const index = indexOf(pod);
    if (pod.status?.phase !== "Failed" || index === undefined) continue;
    const isByRule = actionFor(job, pod)?.action === "FailIndex";
    if (isByRule || failuresOf(index, [pod]) > limit) failed.add(index);
  }
  return failed;
}

/** 0: a pod may be started now. */
function backOffMs({ pods, now }: Course): number {
  const ends = pods.filter(({ status }) => status?.phase === "Failed").map(endedAt);
  const lastSuccess = Math.max(
    0,
    ...pods.filter(({ status }) => status?.phase === "Succeeded").map(endedAt),
  );
  const inARow = ends.filter((at) => at > lastSuccess);
  if (inARow.length === 0) return 0;
  const delay = Math.min(BACK_OFF_MS * 2 ** (inARow.length - 1), BACK_OFF_MAX_MS);
  return Math.max(0, Math.max(...inARow) + delay - now);
}

function endedAt({ metadata, status }: Readonly<Pod>): number {
  const ends = (status?.containerStatuses ?? [])
    .map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? "")).filter((at) => at > 0);
  return ends.length > 0 ? Math.max(...ends) : Date.parse(metadata.creationTimestamp ?? "") || 0;
}
