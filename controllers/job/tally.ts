/**
 * How many pods of a job have ended well and badly, counted once each, even if they are deleted at once: an ended
 * pod keeps its finalizer until the status has its uid, and its uid stays there until the finalizer is gone.
 */
import type { Job, JobStatus } from "../../api/types/batch_v1.ts";
import type { Pod } from "../../api/types/core_v1.ts";
import type { Write } from "../../client/cache.ts";
import { actionFor } from "./failure_policy.ts";
import { indexesIn, indexOf, textOfIndexes } from "./indexes.ts";

export const TRACKING = "batch.kubernetes.io/job-tracking";

export interface Tally {
  readonly succeeded: number;
  readonly failed: number;
  readonly completed: ReadonlySet<number>;
  /** The fields of the status that remember all this. */
  readonly status: Pick<
    JobStatus,
    "succeeded" | "failed" | "completedIndexes" | "uncountedTerminatedPods"
  >;
  /** Takes finalizers from pods that the stored status knows already. */
  readonly writes: readonly Write[];
}

export function tallyOf(job: Readonly<Job>, pods: readonly Readonly<Pod>[]): Tally {
  const isIndexed = job.spec.completionMode === "Indexed";
  const before = job.status ?? {};
  const held = new Map(pods.filter(isTracked).map((pod) => [pod.metadata.uid ?? "", pod]));
  const { succeeded: wellBefore = [], failed: badlyBefore = [] } = before.uncountedTerminatedPods ??
    {};
  const well = wellBefore.filter((uid) => held.has(uid));
  const badly = badlyBefore.filter((uid) => held.has(uid));
  const completed = indexesIn(before.completedIndexes);
  const writes: Write[] = [];
  for (const [uid, pod] of held) {
    const end = endOf(job, pod);
    if (end === undefined) continue;
    const index = indexOf(pod);
    const isKnown = isIndexed && end === "well"
      ? index === undefined || completed.has(index)
      : wellBefore.includes(uid) || badlyBefore.includes(uid);
    if (isKnown || end === "ignored") writes.push({ verb: "update", object: untracked(pod) });
    else if (end === "well" && isIndexed) completed.add(index!);
    else (end === "well" ? well : badly).push(uid);
  }
  const counted = (before.succeeded ?? 0) + wellBefore.length - kept(wellBefore, well);
  const succeeded = isIndexed ? completed.size : counted;
  const failed = (before.failed ?? 0) + badlyBefore.length - kept(badlyBefore, badly);
  return {
    succeeded: isIndexed ? succeeded : succeeded + well.length,
    failed: failed + badly.length,
    completed,
    writes,
    status: {
      ...(succeeded === 0 ? {} : { succeeded }),
      ...(failed === 0 ? {} : { failed }),
      ...(completed.size === 0 ? {} : { completedIndexes: textOfIndexes(completed) }),
      uncountedTerminatedPods: {
        ...(well.length === 0 ? {} : { succeeded: well }),
        ...(badly.length === 0 ? {} : { failed: badly }),
      },
    },
  };
}

const kept = (before: readonly string[], now: readonly string[]) =>
  before.filter((uid) => now.includes(uid)).length;

export function isTracked({ metadata }: Readonly<Pod>): boolean {
  return metadata.finalizers?.includes(TRACKING) ?? false;
}

/** A pod that was deleted before it ended counts as failed: at once, or where it may run on once it has ended. */
function endOf(job: Readonly<Job>, pod: Readonly<Pod>): "well" | "badly" | "ignored" | undefined {
  if (pod.status?.phase === "Succeeded") return "well";
  if (pod.status?.phase !== "Failed" && !isLost(job, pod)) return undefined;
  return actionFor(job, pod)?.action === "Ignore" ? "ignored" : "badly";
}

function isLost({ spec }: Readonly<Job>, { metadata, spec: { nodeName } }: Readonly<Pod>): boolean {
  if (metadata.deletionTimestamp === undefined) return false;
  const isForced = metadata.deletionGracePeriodSeconds === 0;
  return spec.podReplacementPolicy !== "Failed" || isForced || !nodeName;
}

export function untracked(pod: Readonly<Pod>): Pod {
  const { finalizers = [], ...metadata } = pod.metadata;
  const others = finalizers.filter((one) => one !== TRACKING);
  return { ...pod, metadata: others.length === 0 ? metadata : { ...metadata, finalizers: others } };
}
