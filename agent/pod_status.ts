import type { PodStatus } from "../api/types/core_v1.ts";
import { statusesOf } from "./container_status.ts";
import { conditionsOf } from "./pod_conditions.ts";
import { isOver, type Phase, phaseOf } from "./pod_phase.ts";
import { qosClassOf } from "./quality_of_service.ts";
import { type RuntimeContainer, SANDBOX } from "./runtime.ts";
import { type StatusSources, timeText } from "./status_sources.ts";

/** The status that a pod should have; equal to `pod.status` when nothing changed. */
export function podStatus(sources: StatusSources): PodStatus {
  const { pod, podIp, hostIp, failure, now } = sources;
  const { status: before = {} } = pod;
  const initStatuses = statusesOf(sources, ["init", "sidecar"], before.initContainerStatuses);
  const statuses = statusesOf(sources, ["app"], before.containerStatuses);
  const ephemeral = statusesOf(sources, ["ephemeral"], before.ephemeralContainerStatuses);
  const phase = phaseNow(sources, phaseOf(pod, initStatuses, statuses));
  const ip = podIp ?? before.podIP;
  const { reason, message } = (isOver(phase) ? failure : undefined) ?? before;
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
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: ephemeral }),
    qosClass: before.qosClass ?? qosClassOf(pod),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}

/** A pod has ended when nothing of it runs any more, and not while its containers are being stopped. */
function phaseNow({ pod, failure, containers }: StatusSources, computed: Phase): Phase {
  const before = pod.status?.phase;
  if (isOver(before)) return before;
  const next = failure !== undefined ? "Failed" : computed;
  const isRunning = containers.some(({ name, state }) => name !== SANDBOX && state === "running");
  return isOver(next) && isRunning ? before ?? "Running" : next;
}

/** The sandbox that holds the pod's address now. */
export function runningSandbox(
  containers: readonly RuntimeContainer[],
): RuntimeContainer | undefined {
  return containers.find(({ name, state }) => name === SANDBOX && state === "running");
}
