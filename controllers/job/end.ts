/** Whether a job is at its end, and which. */
import type { Job, JobCondition } from "../../api/types/batch_v1.ts";
import type { Pod } from "../../api/types/core_v1.ts";
import { actionFor } from "./failure_policy.ts";
import { indexesIn } from "./indexes.ts";
import type { Tally } from "./tally.ts";

export interface End {
  readonly type: "Complete" | "Failed";
  readonly reason: string;
  readonly message: string;
}

export interface Course {
  readonly job: Readonly<Job>;
  readonly pods: readonly Readonly<Pod>[];
  readonly active: readonly Readonly<Pod>[];
  readonly tally: Tally;
  readonly failedIndexes: ReadonlySet<number>;
  readonly now: number;
}

/** Source of reasons and messages: Kubernetes, the job controller. */
export function endOf(course: Course): End | undefined {
  return decidedBefore(course) ?? failureOf(course) ?? successOf(course);
}

/** What was decided stays decided while the last pods end. */
function decidedBefore({ job }: Course): End | undefined {
  const target = conditionOf(job, "FailureTarget");
  const met = conditionOf(job, "SuccessCriteriaMet");
  const { reason = "", message = "" } = target ?? met ?? {};
  if (target !== undefined) return { type: "Failed", reason, message };
  return met && { type: "Complete", reason, message };
}

export function conditionOf({ status }: Readonly<Job>, type: string): JobCondition | undefined {
  return status?.conditions?.find((one) => one.type === type && one.status === "True");
}

const failed = (reason: string, message: string): End => ({ type: "Failed", reason, message });

function failureOf(course: Course): End | undefined {
  const { job: { spec, status }, pods, tally, failedIndexes, now } = course;
  for (const pod of pods) {
    const verdict = pod.status?.phase === "Failed" ? actionFor(course.job, pod) : undefined;
    if (verdict?.action === "FailJob") return failed("PodFailurePolicy", verdict.message);
  }
  const { backoffLimit = 6, backoffLimitPerIndex, activeDeadlineSeconds, completions = 0 } = spec;
  const isOver = backoffLimitPerIndex === undefined || spec.backoffLimit !== undefined;
  if (isOver && (tally.failed > backoffLimit || restartsTooOften(course, backoffLimit))) {
    return failed("BackoffLimitExceeded", "Job has reached the specified backoff limit");
  }
  const startedAt = Date.parse(status?.startTime ?? "");
  if (activeDeadlineSeconds !== undefined && startedAt + activeDeadlineSeconds * 1000 <= now) {
    return failed("DeadlineExceeded", "Job was active longer than specified deadline");
  }
  if (spec.maxFailedIndexes !== undefined && failedIndexes.size > spec.maxFailedIndexes) {
    const message = "Job has exceeded the specified maximal number of failed indexes";
    return failed("MaxFailedIndexesExceeded", message);
  }
  if (failedIndexes.size > 0 && failedIndexes.size + tally.completed.size >= completions) {
    return failed("FailedIndexes", "Job has failed indexes");
  }
  return undefined;
}

/** Pods that restart their containers themselves fail by their restarts. */
function restartsTooOften({ job: { spec }, active }: Course, limit: number): boolean {
  if (spec.template.spec.restartPolicy !== "OnFailure") return false;
  const restarts = active.flatMap(({ status }) => [
    ...status?.containerStatuses ?? [],
    ...status?.initContainerStatuses ?? [],
  ]).reduce((sum, { restartCount }) => sum + restartCount, 0);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function successOf({ job: { spec }, active, tally }: Course): End | undefined {
  const { completions, parallelism = 1, successPolicy } = spec;
  for (const [i, { succeededIndexes, succeededCount }] of (successPolicy?.rules ?? []).entries()) {
    const wanted = succeededIndexes === undefined ? undefined : indexesIn(succeededIndexes);
    const counted = [...tally.completed].filter((index) => wanted?.has(index) ?? true).length;
    if (counted < (succeededCount ?? wanted?.size ?? Infinity)) continue;
    const message = `Matched rules at index ${i}`;
    return { type: "Complete", reason: "SuccessPolicy", message };
  }
  const isDone = completions === undefined
    ? active.length === 0 && (tally.succeeded > 0 || parallelism === 0 && tally.succeeded > 0)
    : tally.succeeded >= completions;
  if (!isDone) return undefined;
  const message = "Reached expected number of succeeded pods";
  return { type: "Complete", reason: "CompletionsReached", message };
}
