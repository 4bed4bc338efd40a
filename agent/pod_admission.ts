import type { Clock } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { misfitOf } from "./fitness.ts";
import { refusalByNode } from "./node_refusal.ts";
import { isOver } from "./pod_phase.ts";
import type { PodRecord } from "./pod_record.ts";
import type { PodFailure } from "./status_sources.ts";
import type { SyncTools } from "./sync_tools.ts";

export interface AdmissionSources {
  readonly tools: SyncTools;
  readonly clock: Clock;
  readonly nodeLabels: () => Readonly<Record<string, string>>;
  readonly refusalOf?: (pod: Readonly<Pod>) => PodFailure | undefined;
  /** The pods that the node has. */
  readonly pods: () => readonly Pod[];
  readonly poke: (podUid: string) => void;
}

/** A pod that comes new must fit beside those that are there; the check is made once. */
export function admit(pod: Readonly<Pod>, record: PodRecord, sources: AdmissionSources): void {
  const { tools, nodeLabels, pods } = sources;
  if (record.isAdmitted) return;
  record.isAdmitted = true;
  watchDeadline(pod, record, sources);
  const { uid = "" } = pod.metadata;
  const wasAdmitted = pod.status?.startTime !== undefined || tools.observed.of(uid).length > 0;
  if (wasAdmitted || isOver(pod.status?.phase)) return;
  const { allocatable } = tools;
  record.failure = refusalByNode(pod, tools.rules) ??
    misfitOf(pod, pods(), { labels: nodeLabels(), allocatable });
  if (record.failure === undefined) return;
  tools.record(pod, "Warning", record.failure.reason, record.failure.message);
}

/** `activeDeadlineSeconds` counts from the start of the pod. */
function watchDeadline(
  pod: Readonly<Pod>,
  record: PodRecord,
  { clock, tools, poke }: AdmissionSources,
): void {
  const { activeDeadlineSeconds } = pod.spec;
  if (activeDeadlineSeconds === undefined) return;
  const { uid = "" } = pod.metadata;
  const began = Date.parse(pod.status?.startTime ?? "") || clock.now();
  const leftMs = began + activeDeadlineSeconds * 1000 - clock.now();
  record.endDeadline = clock.after(Math.max(0, leftMs), () => {
    const message = "Pod was active on the node longer than the specified deadline";
    record.failure = { reason: "DeadlineExceeded", message };
    tools.record(pod, "Normal", "DeadlineExceeded", message);
    record.pass?.quit.abort();
    poke(uid);
  });
}
