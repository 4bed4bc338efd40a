import { type Job, type JobCondition, JOBS, type JobStatus } from "../../api/types/batch_v1.ts";
import type { Pod } from "../../api/types/core_v1.ts";
import { selectorOf } from "../../api/types/labels.ts";
import type { KubeObject } from "../../api/types/meta.ts";
import { PODS } from "../../api/types/resources.ts";
import { StatusError } from "../../api/types/status.ts";
import type { Write } from "../../client/cache.ts";
import { controllerOf } from "../../client/owners.ts";
import { towardStatus } from "../../client/writes.ts";
import { type Controller, keyOf, NOTHING_TO_DO, type Plan, type Report } from "../controller.ts";
import { isActive, isReady, timeOf } from "../pods.ts";
import { claimable, claimsOf, onPodsOf, reportOnPods } from "../replicas.ts";
import { conditionOf, type Course, type End, endOf } from "./end.ts";
import { textOfIndexes } from "./indexes.ts";
import { failedIndexesOf, type Needed, neededOf } from "./needed.ts";
import { podFor } from "./pods_of_job.ts";
import { isTracked, tallyOf, untracked } from "./tally.ts";

/** Runs pods until enough have succeeded, or too many have failed. */
export const jobController: Controller<Job> = {
  name: "job-controller",
  reconciles: JOBS,
  concurrency: 5,
  requeueOn: [
    onPodsOf(
      "Job",
      ({ metadata: { namespace, labels } }, cache) => {
        return cache.list(JOBS, namespace)
          .filter(({ spec }) => selectorOf(spec.selector).matches(labels)).map(keyOf);
      },
      (before, after) =>
        isTracked(before) === isTracked(after) && before.status?.phase === after.status?.phase,
    ),
  ],
  plan(job, { cache, now, failure }) {
    const { managedBy } = job.spec;
    if (managedBy !== undefined && managedBy !== "kubernetes.io/job-controller") {
      return NOTHING_TO_DO;
    }
    const claims = claimsOf(job, selectorOf(job.spec.selector), claimable(PODS, job, cache));
    if (job.metadata.deletionTimestamp !== undefined) return { writes: freed(claims.mine) };
    if (claims.writes.length > 0) return { writes: claims.writes };
    return isFinished(job)
      ? planFinished(job, claims.mine, now)
      : planRunning(job, claims.mine, { now, isRefused: failure?.verb === "create" });
  },
  planGone({ namespace, name }, { cache }) {
    const left = cache.list(PODS, namespace).filter((pod) => {
      const owner = controllerOf(pod);
      return owner?.kind === "Job" && owner.name === name;
    });
    return { writes: freed(left) };
  },
  reports: reportOf,
};

export function isFinished(job: Readonly<Job>): boolean {
  return conditionOf(job, "Complete") !== undefined || conditionOf(job, "Failed") !== undefined;
}

/** Pods are let go of; the job itself goes when its time after the end is over. */
function planFinished(job: Readonly<Job>, pods: readonly Readonly<Pod>[], now: number): Plan {
  const writes = [...freed(pods), ...deletions(pods.filter(isActive))];
  const { ttlSecondsAfterFinished: ttl } = job.spec;
  const end = conditionOf(job, "Complete") ?? conditionOf(job, "Failed");
  if (ttl === undefined || writes.length > 0) return { writes };
  const againMs = Date.parse(end?.lastTransitionTime ?? "") + ttl * 1000 - now;
  if (againMs > 0) return { writes, againMs };
  return { writes: [{ verb: "delete", object: job, propagationPolicy: "Foreground" }] };
}

function freed(pods: readonly Readonly<Pod>[]): Write[] {
  return pods.filter(isTracked).map((pod) => ({ verb: "update", object: untracked(pod) }));
}

/** A pod that nobody needs is let go of first: its end counts neither way. */
const deletions = (pods: readonly Readonly<Pod>[]): Write[] =>
  pods.map((object) =>
    isTracked(object) ? { verb: "update", object: untracked(object) } : { verb: "delete", object }
  );

/**
 * What has ended is let go of before anything new is asked for: it may be what leaves no room in a quota.
 * @param isRefused the last pod that was asked for was not to be had
 */
function planRunning(
  job: Readonly<Job>,
  pods: readonly Readonly<Pod>[],
  { now, isRefused }: { now: number; isRefused: boolean },
): Plan {
  const tally = tallyOf(job, pods);
  const active = pods.filter(isActive);
  const failedIndexes = failedIndexesOf(job, pods);
  const course: Course = { job, pods, active, tally, failedIndexes, now };
  const end = endOf(course);
  const isSuspended = job.spec.suspend === true && end === undefined;
  const needed: Needed = end !== undefined || isSuspended
    ? { create: [], remove: active, againMs: undefined }
    : neededOf(course);
  const status = statusOf(course, end, isRefused ? { ...needed, create: [] } : needed);
  const deadline = untilDeadlineMs(course);
  const waits = [needed.againMs, deadline].filter((ms) => ms !== undefined);
  return {
    writes: [
      ...tally.writes,
      ...deletions(needed.remove),
      ...towardStatus(job, status),
      ...needed.create.map(({ index, failures }): Write => {
        return { verb: "create", object: podFor(job, index, failures) };
      }),
    ],
    ...(waits.length === 0 ? {} : { againMs: Math.max(0, Math.min(...waits)) }),
  };
}

function untilDeadlineMs({ job: { spec, status }, now }: Course): number | undefined {
  if (spec.activeDeadlineSeconds === undefined || status?.startTime === undefined) return undefined;
  return Date.parse(status.startTime) + spec.activeDeadlineSeconds * 1000 - now;
}

function statusOf(course: Course, end: End | undefined, needed: Needed): JobStatus {
  const { job, pods, active, tally, failedIndexes, now } = course;
  const ending = pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined && !isDead(pod));
  const isSuspended = job.spec.suspend === true && end === undefined;
  const startTime = isSuspended ? undefined : job.status?.startTime ?? timeOf(now);
  const isLast = end !== undefined && active.length === 0 && ending.length === 0 &&
    isAllCounted(course);
  const alive = active.length + needed.create.length - needed.remove.length;
  const counts = Object.entries({
    active: alive,
    ready: active.filter(isReady).length,
    terminating: ending.length,
  });
  return {
    ...tally.status,
    ...Object.fromEntries(counts.filter(([name, value]) => value !== 0 || name !== "active")),
    ...(failedIndexes.size === 0 ? {} : { failedIndexes: textOfIndexes(failedIndexes) }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(isLast && end.type === "Complete" ? { completionTime: timeOf(now) } : {}),
    ...conditionsOf(course, end, { isSuspended, isLast }),
  };
}

function isDead({ status }: Readonly<Pod>): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

function isAllCounted({ tally: { status: { uncountedTerminatedPods: open } } }: Course): boolean {
  return (open?.succeeded ?? []).length + (open?.failed ?? []).length === 0;
}

function conditionsOf(
  { job, now }: Course,
  end: End | undefined,
  { isSuspended, isLast }: { isSuspended: boolean; isLast: boolean },
): Pick<JobStatus, "conditions"> {
  const have = job.status?.conditions ?? [];
  const time = timeOf(now);
  const news: JobCondition[] = [];
  const add = (type: string, status: string, reason: string, message: string) => {
    const before = have.find((one) => one.type === type);
    if (before?.status === status) return;
    news.push({ type, status, reason, message, lastProbeTime: time, lastTransitionTime: time });
  };
  if (isSuspended) add("Suspended", "True", "JobSuspended", "Job suspended");
  else if (have.some(({ type }) => type === "Suspended")) {
    add("Suspended", "False", "JobResumed", "Job resumed");
  }
  if (end !== undefined) {
    const target = end.type === "Complete" ? "SuccessCriteriaMet" : "FailureTarget";
    add(target, "True", end.reason, end.message);
    if (isLast) add(end.type, "True", end.reason, end.message);
  }
  const kept = have.filter(({ type }) => !news.some((one) => one.type === type));
  const conditions = [...kept, ...news];
  return conditions.length === 0 ? {} : { conditions };
}

/** Source of the texts: Kubernetes, the job controller. */
function reportOf(
  write: Write,
  outcome: KubeObject | StatusError | undefined,
  before: Readonly<KubeObject> | undefined,
): Report | undefined {
  if (write.verb !== "updateStatus" || write.object.kind !== "Job") {
    return reportOnPods(write, outcome);
  }
  if (outcome instanceof StatusError) return undefined;
  const isNew = (type: string) => {
    const had = before !== undefined && conditionOf(before as Job, type) !== undefined;
    return had ? undefined : conditionOf(write.object as Job, type);
  };
  if (isNew("Complete")) return { type: "Normal", reason: "Completed", message: "Job completed" };
  if (isNew("Suspended")) return { type: "Normal", reason: "Suspended", message: "Job suspended" };
  const failure = isNew("FailureTarget");
  if (failure === undefined) return undefined;
  return { type: "Warning", reason: failure.reason ?? "Failed", message: failure.message ?? "" };
}
