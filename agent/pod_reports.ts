import type { Clock } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { containerNamed, containersOf } from "./container_roles.ts";
import { imageUserOf } from "./container_start.ts";
import type { Phase } from "./pod_phase.ts";
import type { PodRecord } from "./pod_record.ts";
import { podStatus } from "./pod_status.ts";
import type { ProbeResults } from "./probes.ts";
import { SANDBOX } from "./runtime.ts";
import type { StatusWriter } from "./status_writer.ts";
import type { SyncPlan, Waiting } from "./sync.ts";
import type { SyncTools } from "./sync_tools.ts";

export interface ReportSources {
  readonly tools: SyncTools;
  readonly statuses: StatusWriter;
  readonly probes: ProbeResults;
  readonly clock: Clock;
}

/** Has the pod's status written as it is now. @returns its phase */
export function report(
  pod: Readonly<Pod>,
  record: PodRecord,
  planned: SyncPlan["waiting"],
  { statuses, tools, probes, clock }: ReportSources,
): Phase | undefined {
  const containers = tools.observed.of(pod.metadata.uid ?? "");
  const running = containers.filter(({ state, name }) => state === "running" && name !== SANDBOX);
  const idsOf = (test: (id: string, container: string, pod: Readonly<Pod>) => boolean) =>
    new Set(running.filter(({ id, name }) => test(id, name, pod)).map(({ id }) => id));
  const status = podStatus({
    pod,
    containers,
    waiting: new Map<string, Waiting>([...planned, ...waitsOf(pod, record, tools)]),
    ready: idsOf((id, name) => probes.isReady(id, name, pod)),
    started: idsOf((id, name) => probes.isStarted(id, name, pod)),
    messages: tools.messages.of(pod.metadata.uid ?? ""),
    podIp: record.ip,
    hostIp: tools.nodeAddress,
    failure: record.failure,
    now: clock.now(),
  });
  // it goes on by itself; what it can't write it tries again
  void statuses.write(pod, status);
  return status.phase;
}

function waitsOf(pod: Readonly<Pod>, record: PodRecord, tools: SyncTools): [string, Waiting][] {
  return [...record.failures].map(([name, failure]): [string, Waiting] => {
    const wait = imageWaitOf(pod, name, tools);
    return [name, (wait ?? failure).waiting];
  });
}

/** By container name: when a start that failed, or any after a pass that failed, may be tried again. */
export function retryTimes(
  pod: Readonly<Pod>,
  record: PodRecord,
  tools: SyncTools,
): Map<string, number> {
  const { failures, restsUntil } = record;
  const times = new Map([...failures].map(([name, failure]) => {
    const wait = imageWaitOf(pod, name, tools);
    if (wait !== undefined) return [name, wait.retryAt];
    return [name, failure.retryAt === Infinity ? 0 : failure.retryAt];
  }));
  if (restsUntil <= tools.clock.now()) return times;
  for (const { container: { name } } of containersOf(pod)) {
    times.set(name, Math.max(times.get(name) ?? 0, restsUntil));
  }
  return times;
}

function imageWaitOf(pod: Readonly<Pod>, name: string, { images }: SyncTools) {
  const container = containerNamed(pod, name)?.container;
  return container && images.waitOf(imageUserOf(pod, container));
}

export function tellBackOffs(
  pod: Readonly<Pod>,
  waiting: SyncPlan["waiting"],
  { record }: SyncTools,
): void {
  const { name: podName, namespace, uid } = pod.metadata;
  for (const [name, { reason }] of waiting) {
    if (reason !== "CrashLoopBackOff") continue;
    const place = `container ${name} in pod ${podName}_${namespace}(${uid})`;
    record(pod, "Warning", "BackOff", `Back-off restarting failed ${place}`);
  }
}
