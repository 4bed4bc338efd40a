import {
  CRON_JOBS,
  type CronJob,
  type CronJobStatus,
  type Job,
  JOBS,
} from "../../api/types/batch_v1.ts";
import { type CronSchedule, parseCronSchedule } from "../../api/types/cron_schedule.ts";
import type { KubeObject } from "../../api/types/meta.ts";
import { StatusError } from "../../api/types/status.ts";
import type { Write } from "../../client/cache.ts";
import { controllerOf, controllerReferenceTo, isControlledBy } from "../../client/owners.ts";
import { towardStatus } from "../../client/writes.ts";
import {
  type Change,
  type Controller,
  NOTHING_TO_DO,
  type ObjectKey,
  onChangeOf,
  type Plan,
  type Reading,
  type Report,
} from "../controller.ts";
import { conditionOf } from "../job/end.ts";
import { isFinished } from "../job/job.ts";
import { timeOf } from "../pods.ts";
import { nextStart } from "./next_start.ts";

const SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp";
const MINUTE_MS = 60_000;
/** Missed starts that are looked at one by one; of more only the latest matters. Source: Kubernetes. */
const MISSED_MAX = 100;
/** A plan is made no later than this after what it reads. */
const READ_AHEAD_MS = 5_000;

/** Starts Jobs by a schedule. */
export const cronJobController: Controller<CronJob> = {
  name: "cronjob-controller",
  reconciles: CRON_JOBS,
  concurrency: 5,
  requeueOn: [onChangeOf(JOBS, ownerOf)],
  // the answer to the last start may be lost, and the watch behind: who must not start beside it asks
  reads: (_key, cron, _cache, { now }) =>
    cron !== undefined && mayClash(cron, now) ? [jobsOf(cron)] : [],
  plan(cron, { cache, now, read }) {
    if (cron.metadata.deletionTimestamp !== undefined) return NOTHING_TO_DO;
    const { namespace = "", uid = "" } = cron.metadata;
    const fresh = read(JOBS).filter((job) => isControlledBy(job, cron));
    const known = [...cache.controlledBy(JOBS, namespace, uid), ...fresh];
    const jobs = [...new Map(known.map((job) => [job.metadata.uid, job])).values()];
    const start = cron.spec.suspend === true ? {} : startOf(cron, jobs, now);
    const { create, replaced = [], at, againMs } = start;
    const status = statusOf(cron, jobs, at);
    const writes: Write[] = [
      ...[...replaced, ...outlived(cron, jobs)].map(withItsPods),
      ...(create === undefined ? [] : [{ verb: "create" as const, object: create }]),
      ...towardStatus(cron, status),
    ];
    return { writes, ...(againMs === undefined ? {} : { againMs }) } satisfies Plan;
  },
  reports: reportOf,
};

function mayClash(cron: Readonly<CronJob>, now: number): boolean {
  const { schedule, concurrencyPolicy = "Allow" } = cron.spec;
  return concurrencyPolicy !== "Allow" &&
    latestStart(cron, parseCronSchedule(schedule), now + READ_AHEAD_MS) !== undefined;
}

function jobsOf({ metadata: { namespace = "" } }: Readonly<CronJob>): Reading {
  return { resource: JOBS, options: { namespace } };
}

function withItsPods(object: Readonly<Job>): Write {
  return { verb: "delete", object, propagationPolicy: "Background" };
}

interface Start {
  readonly create?: Job;
  /** Jobs that the new one takes the place of. */
  readonly replaced?: readonly Readonly<Job>[];
  /** The time that the schedule named. */
  readonly at?: number;
  readonly againMs?: number;
}

function startOf(cron: Readonly<CronJob>, jobs: readonly Readonly<Job>[], now: number): Start {
  const { spec: { timeZone, concurrencyPolicy, startingDeadlineSeconds }, metadata } = cron;
  const schedule = parseCronSchedule(cron.spec.schedule);
  const next = nextStart(schedule, now, timeZone);
  const again = next === undefined ? {} : { againMs: next - now };
  const at = latestStart(cron, schedule, now);
  if (at === undefined) return again;
  const name = `${metadata.name}-${Math.floor(at / MINUTE_MS)}`;
  const isThere = jobs.some((job) => job.metadata.name === name);
  const isLate = startingDeadlineSeconds !== undefined && at + startingDeadlineSeconds * 1000 < now;
  if (isThere || isLate) return { ...again, ...(isThere ? { at } : {}) };
  const running = jobs.filter((job) => !isFinished(job));
  if (concurrencyPolicy === "Forbid" && running.length > 0) return again;
  return {
    ...again,
    at,
    create: jobFor(cron, name, at),
    replaced: concurrencyPolicy === "Replace" ? running : [],
  };
}

/** The last time up to now that the schedule named and no job was started for. */
function latestStart(
  { metadata, spec, status }: Readonly<CronJob>,
  schedule: CronSchedule,
  now: number,
): number | undefined {
  const last = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp ?? "") || now;
  const deadline = spec.startingDeadlineSeconds ?? Infinity;
  let at = nextStart(schedule, Math.max(last, now - deadline * 1000 - 1), spec.timeZone);
  for (let missed = 0; at !== undefined && at <= now; missed += 1) {
    const next = nextStart(schedule, at, spec.timeZone);
    if (next === undefined || next > now) return at;
    // starts come about as often as these two did: go on from shortly before now, once
    at = missed !== MISSED_MAX ? next : nextStart(schedule, now - 2 * (next - at), spec.timeZone);
  }
  return undefined;
}

function jobFor(cron: Readonly<CronJob>, name: string, at: number): Job {
  const { metadata: { labels, annotations, finalizers }, spec } = cron.spec.jobTemplate;
  const scheduled = new Date(at).toISOString().replace(".000Z", "Z");
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name,
      namespace: cron.metadata.namespace ?? "",
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, [SCHEDULED_AT]: scheduled },
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReferenceTo(cron)],
    },
    spec,
  };
}

/** Ended jobs beyond the history, the oldest first. */
function outlived({ spec }: Readonly<CronJob>, jobs: readonly Readonly<Job>[]): Readonly<Job>[] {
  const { successfulJobsHistoryLimit: well = 3, failedJobsHistoryLimit: badly = 1 } = spec;
  const oldest = (type: string, limit: number) => {
    const ended = jobs.filter((job) => conditionOf(job, type) !== undefined)
      .toSorted((a, b) => startOrder(a) < startOrder(b) ? -1 : 1);
    return ended.slice(0, Math.max(0, ended.length - limit));
  };
  return [...oldest("Complete", well), ...oldest("Failed", badly)]
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

const startOrder = ({ metadata, status }: Readonly<Job>) =>
  `${status?.startTime ?? metadata.creationTimestamp ?? ""}/${metadata.name}`;

function statusOf(
  { status }: Readonly<CronJob>,
  jobs: readonly Readonly<Job>[],
  at: number | undefined,
): CronJobStatus {
  const active = jobs.filter((job) => !isFinished(job)).map(({ apiVersion, kind, metadata }) => {
    const { namespace = "", name, uid = "", resourceVersion = "" } = metadata;
    const known = status?.active?.find((one) => one.uid === uid);
    return known ?? { apiVersion, kind, namespace, name, uid, resourceVersion };
  });
  const successes = jobs.map((job) => conditionOf(job, "Complete") && job.status?.completionTime)
    .filter((time) => time !== undefined);
  const lastSuccessfulTime = [...successes, status?.lastSuccessfulTime ?? ""].sort().at(-1);
  const lastScheduleTime = at === undefined ? status?.lastScheduleTime : timeOf(at);
  return {
    ...(active.length === 0 ? {} : { active }),
    ...(lastScheduleTime === undefined ? {} : { lastScheduleTime }),
    ...(lastSuccessfulTime ? { lastSuccessfulTime } : {}),
  };
}

function ownerOf({ before, after }: Change<Job>): ObjectKey[] {
  const job = (after ?? before)!;
  const owner = controllerOf(job);
  if (owner?.kind !== "CronJob") return [];
  return [{ namespace: job.metadata.namespace ?? "", name: owner.name }];
}

/** Source of the texts: Kubernetes, the cron job controller. */
function reportOf(
  write: Write,
  outcome: KubeObject | StatusError | undefined,
  before: Readonly<KubeObject> | undefined,
): Report | undefined {
  if (outcome instanceof StatusError) {
    if (write.verb !== "create") return undefined;
    const message = `Error creating job: ${outcome.message}`;
    return { type: "Warning", reason: "FailedCreate", message };
  }
  if (write.verb === "create") {
    const message = `Created job ${write.object.metadata.name}`;
    return { type: "Normal", reason: "SuccessfulCreate", message };
  }
  if (write.verb === "delete") {
    const message = `Deleted job ${write.object.metadata.name}`;
    return { type: "Normal", reason: "SuccessfulDelete", message };
  }
  if (write.verb !== "updateStatus") return undefined;
  const [now, then] = [write.object as CronJob, before as CronJob | undefined];
  const names = new Set(now.status?.active?.map(({ uid }) => uid));
  const ended = then?.status?.active?.find(({ uid }) => !names.has(uid));
  if (ended === undefined) return undefined;
  return { type: "Normal", reason: "SawCompletedJob", message: `Saw completed job: ${ended.name}` };
}
