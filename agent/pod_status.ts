import type { PodStatus } from "../api/types/core_v1.ts";
import { statusesOf } from "./container_status.ts";
import { conditionsOf } from "./pod_conditions.ts";
import { isOver, phaseOf } from "./pod_phase.ts";
import { qosClassOf } from "./quality_of_service.ts";
import { type RuntimeContainer, SANDBOX } from "./runtime.ts";
import { type StatusSources, timeText } from "./status_sources.ts";

/** The status that a pod should have; equal to `pod.status` when nothing changed. */
export function podStatus(sources: StatusSources): PodStatus {
  const { pod, podIp, hostIp, failure, now } = sources;
  const { spec, status: before = {} } = pod;
  const initStatuses = statusesOf(sources, spec.initContainers ?? [], before.initContainerStatuses);
  const statuses = statusesOf(sources, spec.containers, before.containerStatuses);
  const computed = phaseOf(pod, initStatuses, statuses);
  const phase = failure !== undefined ? "Failed" : isOver(before.phase) ? before.phase : computed;
  const ip = podIp ?? before.podIP;
  const { reason, message } = failure ?? before;
  return {
    ...before,
    phase,
    conditions: conditionsOf({ ...sources, phase, initStatuses, statuses }),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(ip === undefined ? {} : { podIP: ip, podIPs: [{ ip }] }),
    startTime: before.startTime ?? timeText(now),
    ...(initStatuses.length === 0 ? {} : { initContainerStatuses: initStatuses }),
    containerStatuses: statuses,
    qosClass: before.qosClass ?? qosClassOf(pod),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}

/** The sandbox that holds the pod's address now. */
export function runningSandbox(
  containers: readonly RuntimeContainer[],
): RuntimeContainer | undefined {
  return containers.find(({ name, state }) => name === SANDBOX && state === "running");
}
