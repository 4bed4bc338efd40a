import type { ContainerState, ContainerStatus, Pod } from "../types/core_v1.ts";

/** What `kubectl get pods` says of a pod in its first columns. */
export interface PodSummary {
  readonly ready: number;
  readonly total: number;
  /** A phase, or the reason of the container that keeps the pod from its phase. */
  readonly status: string;
  readonly restarts: number;
  /** RFC 3339; "" when nothing was restarted. */
  readonly lastRestart: string;
}

interface Restarts {
  readonly restarts: number;
  readonly lastRestart: string;
}

interface Init extends Restarts {
  /** Ready sidecars. */
  readonly ready: number;
  readonly sidecars: Restarts;
  /** Why the init containers are not through; undefined when they are. */
  readonly reason: string | undefined;
}

/** Source of the rules: Kubernetes, pkg/printers/internalversion, printPod. */
export function summaryOf(pod: Pod): PodSummary {
  const init = initOf(pod);
  const before = init.reason ?? reasonOfPod(pod);
  const isPastInit = init.reason === undefined || hasCondition(pod, "Initialized");
  const main = isPastInit
    ? containersOf(pod, before)
    : { ...NO_RESTARTS, ready: 0, status: before };
  const { restarts, lastRestart } = isPastInit ? add(init.sidecars, main) : init;
  return {
    ready: init.ready + main.ready,
    total: pod.spec.containers.length + sidecarNames(pod).size,
    status: endingOf(pod) ?? main.status,
    restarts,
    lastRestart,
  };
}

function reasonOfPod({ status }: Pod): string {
  const isGated = status?.conditions?.some(({ type, reason }) =>
    type === "PodScheduled" && reason === "SchedulingGated"
  );
  return isGated ? "SchedulingGated" : status?.reason || (status?.phase ?? "");
}

/** What a deletion shows in place of everything else. */
function endingOf({ metadata, status }: Pod): string | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined;
  if (status?.reason === "NodeLost") return "Unknown";
  return status?.phase === "Failed" || status?.phase === "Succeeded" ? undefined : "Terminating";
}

function initOf(pod: Pod): Init {
  const sidecars = sidecarNames(pod);
  let all = NO_RESTARTS;
  let ofSidecars = NO_RESTARTS;
  let ready = 0;
  for (const [i, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const isSidecar = sidecars.has(container.name);
    all = add(all, restartsOf(container));
    if (isSidecar) ofSidecars = add(ofSidecars, restartsOf(container));
    if (container.state?.terminated?.exitCode === 0) continue;
    if (isSidecar && container.started) {
      ready += container.ready ? 1 : 0;
      continue;
    }
    return { ...all, ready, sidecars: ofSidecars, reason: initReason(pod, container.state, i) };
  }
  return { ...all, ready, sidecars: ofSidecars, reason: undefined };
}

function initReason(pod: Pod, state: ContainerState | undefined, done: number): string {
  if (state?.terminated !== undefined) return `Init:${terminatedReason(state.terminated)}`;
  const waiting = state?.waiting?.reason;
  if (waiting && waiting !== "PodInitializing") return `Init:${waiting}`;
  return `Init:${done}/${pod.spec.initContainers?.length ?? 0}`;
}

/** The first container with something to say decides the status. */
function containersOf(pod: Pod, before: string): Restarts & { ready: number; status: string } {
  let restarts = NO_RESTARTS;
  let ready = 0;
  let status = before;
  for (const container of (pod.status?.containerStatuses ?? []).toReversed()) {
    restarts = add(restarts, restartsOf(container));
    const { waiting, terminated, running } = container.state ?? {};
    if (waiting?.reason) status = waiting.reason;
    else if (terminated !== undefined) status = terminatedReason(terminated);
    else if (container.ready && running !== undefined) ready++;
  }
  if (status === "Completed" && ready > 0) {
    status = hasCondition(pod, "Ready") ? "Running" : "NotReady";
  }
  return { ...restarts, ready, status };
}

function terminatedReason(
  { reason, signal, exitCode }: NonNullable<ContainerState["terminated"]>,
): string {
  if (reason) return reason;
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
}

const NO_RESTARTS: Restarts = { restarts: 0, lastRestart: "" };

function restartsOf({ restartCount, lastState }: ContainerStatus): Restarts {
  return { restarts: restartCount, lastRestart: lastState?.terminated?.finishedAt ?? "" };
}

/** RFC 3339 in UTC with whole seconds orders as text. */
function add(a: Restarts, b: Restarts): Restarts {
  return {
    restarts: a.restarts + b.restarts,
    lastRestart: a.lastRestart > b.lastRestart ? a.lastRestart : b.lastRestart,
  };
}

const NO_NAMES: ReadonlySet<string> = new Set();

/** Init containers that go on running beside the others. */
function sidecarNames({ spec }: Pod): ReadonlySet<string> {
  if (spec.initContainers === undefined) return NO_NAMES;
  const sidecars = spec.initContainers.filter(({ restartPolicy }) => restartPolicy === "Always");
  return new Set(sidecars.map(({ name }) => name));
}

function hasCondition({ status }: Pod, type: string): boolean {
  return status?.conditions?.some((one) => one.type === type && one.status === "True") ?? false;
}
