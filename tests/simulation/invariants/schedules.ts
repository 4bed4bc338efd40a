import { CRON_JOBS, type Job, JOBS } from "../../../api/types/batch_v1.ts";
import { controllerOf } from "../../../client/owners.ts";
import { isFinished } from "../convergence/jobs.ts";
import type { Invariant } from "./invariant.ts";

/** No minute of a schedule gets two jobs, and one that forbids it has no two at work. */
export function noStartTwice(): Invariant {
  const started = new Set<string>();
  return {
    onChange({ kind, before, after }, sight) {
      if (kind !== "Job" || before !== undefined || after === undefined) return;
      const owner = controllerOf(after);
      if (owner?.kind !== "CronJob") return;
      const { namespace, name } = after.metadata;
      const start = `${owner.uid} ${name}`;
      if (started.has(start)) return `${namespace}/${name} is started twice`;
      started.add(start);
      const schedule = sight.list(CRON_JOBS, namespace)
        .find(({ metadata }) => metadata.uid === owner.uid);
      if (schedule?.spec.concurrencyPolicy !== "Forbid") return;
      const atWork = sight.list(JOBS, namespace).filter((job: Readonly<Job>) =>
        controllerOf(job)?.uid === owner.uid && !isFinished(job)
      );
      if (atWork.length <= 1) return;
      return `${namespace}/${name} is started while ${atWork.length - 1} are at work`;
    },
  };
}
