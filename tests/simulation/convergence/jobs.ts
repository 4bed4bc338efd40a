import { CRON_JOBS, type Job, JOBS } from "../../../api/types/batch_v1.ts";
import { RESOURCE_QUOTAS } from "../../../api/types/resources.ts";
import { controllerOf } from "../../../client/owners.ts";
import type { SimulatedCluster } from "../cluster.ts";
import type { Sight } from "../sight.ts";
import { nameOf, uidOf } from "./names.ts";

/** A start may be this late. */
const LATE_MS = 90_000;

export function jobsUnfinished(sight: Sight): string[] {
  return sight.list(JOBS).filter((job) => !isFinished(job) && !isHindered(sight, job))
    .map((job) => `${nameOf(job)} is not finished`);
}

export function isFinished({ status }: Readonly<Job>): boolean {
  return status?.conditions?.some(({ type, status }) =>
    (type === "Complete" || type === "Failed") && status === "True"
  ) ?? false;
}

/** The last minute's job was begun, and old ones are cleared away. */
export function schedulesMissed({ sight, controllers }: SimulatedCluster): string[] {
  const { now } = controllers;
  return sight.list(CRON_JOBS).filter((schedule) => !isHindered(sight, schedule))
    .flatMap((schedule) => {
      const { metadata, status = {} } = schedule;
      const jobs = sight.list(JOBS, metadata.namespace)
        .filter((job) => controllerOf(job)?.uid === uidOf(schedule));
      const isYoung = now - Date.parse(metadata.creationTimestamp ?? "") < LATE_MS;
      const startedAt = Date.parse(status.lastScheduleTime ?? "") || 0;
      return [
        ...isYoung || now - startedAt <= LATE_MS ? [] : [`${nameOf(schedule)} has missed a start`],
        ...jobs.filter(isFinished).length <= 2 ? [] : [`${nameOf(schedule)} keeps too many jobs`],
        ...(status.active ?? []).length === jobs.filter((job) => !isFinished(job)).length
          ? []
          : [`${nameOf(schedule)} does not know which jobs are at work`],
      ];
    });
}

function isHindered(sight: Sight, { metadata }: { metadata: { namespace?: string } }): boolean {
  return sight.list(RESOURCE_QUOTAS, metadata.namespace).length > 0;
}
