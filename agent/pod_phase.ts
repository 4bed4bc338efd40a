import type { ContainerStatus, Pod, PodStatus } from "../api/types/core_v1.ts";
import { isSidecar } from "./container_roles.ts";

export type Phase = NonNullable<PodStatus["phase"]>;

/** True for the phases that no pod leaves. */
export function isOver(phase: Phase | undefined): phase is "Succeeded" | "Failed" {
  return phase === "Succeeded" || phase === "Failed";
}

/**
 * Pending until every container has started once; then by what has ended, how, and whether it is started
 * again. Source: docs/pod-states.md of Kubernetes 0.x and kubelet, getPhase.
 */
export function phaseOf(
  { spec: { restartPolicy = "Always", initContainers = [] } }: Pod,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
): Phase {
  const sidecars = new Set(initContainers.filter(isSidecar).map(({ name }) => name));
  const init = initStatuses.filter(({ name }) => !sidecars.has(name)).map(endingOf);
  const isStarted = initStatuses.every(({ name, started }) => !sidecars.has(name) || started);
  if (restartPolicy === "Never" && init.includes("failed")) return "Failed";
  if (!isStarted || init.filter((one) => one === "succeeded").length < init.length) {
    // init containers are forgotten once their sandbox is gone; app containers that ran say they were done
    if (statuses.every((one) => endingOf(one) === "waiting")) return "Pending";
  }
  const endings = statuses.map(endingOf);
  if (endings.includes("waiting")) return "Pending";
  if (endings.includes("running") || restartPolicy === "Always") return "Running";
  if (!endings.includes("failed")) return "Succeeded";
  return restartPolicy === "Never" ? "Failed" : "Running";
}

export type Ending = "waiting" | "running" | "succeeded" | "failed";

/** A container that waits for its restart has ended before; one that never ran is waiting. */
export function endingOf({ state = {}, lastState = {} }: ContainerStatus): Ending {
  if (state.running !== undefined) return "running";
  const ended = state.terminated ?? lastState.terminated;
  if (ended === undefined) return "waiting";
  return ended.exitCode === 0 ? "succeeded" : "failed";
}
