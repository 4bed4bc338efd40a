import type {
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  PodCondition,
  PodStatus,
} from "../api/types/core_v1.ts";
import { qosClassOf } from "./quality_of_service.ts";
import { type RuntimeContainer, SANDBOX } from "./runtime.ts";
import { latestOf, shouldRestart, type Waiting } from "./sync.ts";

export type Phase = NonNullable<PodStatus["phase"]>;

/** What a pod's status is made from. `pod.status` is what was written last. */
export interface StatusSources {
  readonly pod: Pod;
  readonly containers: readonly RuntimeContainer[];
  /** By container name: why it does not run. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** Ids of running containers whose readiness probe, if they have one, succeeds. */
  readonly ready: ReadonlySet<string>;
  /** Ids of running containers that are past their startup probe, if they have one. */
  readonly started: ReadonlySet<string>;
  readonly podIp: string | undefined;
  readonly hostIp: string;
  /** Why the agent refuses or ends the pod as a whole. */
  readonly failure: PodFailure | undefined;
  readonly now: number;
}

export interface PodFailure {
  readonly reason: string;
  readonly message: string;
}

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
  const init = initStatuses.map(endingOf);
  if (restartPolicy === "Never" && init.includes("failed")) return "Failed";
  if (init.filter((one) => one === "succeeded").length < initContainers.length) {
    // init containers are forgotten once their sandbox is gone; app containers that ran say they were done
    if (statuses.every((one) => endingOf(one) === "waiting")) return "Pending";
  }
  const endings = statuses.map(endingOf);
  if (endings.includes("waiting")) return "Pending";
  if (endings.includes("running") || restartPolicy === "Always") return "Running";
  if (!endings.includes("failed")) return "Succeeded";
  return restartPolicy === "Never" ? "Failed" : "Running";
}

type Ending = "waiting" | "running" | "succeeded" | "failed";

/** A container that waits for its restart has ended before; one that never ran is waiting. */
function endingOf({ state = {}, lastState = {} }: ContainerStatus): Ending {
  if (state.running !== undefined) return "running";
  const ended = state.terminated ?? lastState.terminated;
  if (ended === undefined) return "waiting";
  return ended.exitCode === 0 ? "succeeded" : "failed";
}

function statusesOf(
  sources: StatusSources,
  containers: readonly Container[],
  before: readonly ContainerStatus[] = [],
): ContainerStatus[] {
  return containers.map((container) =>
    statusOf(sources, container, before.find(({ name }) => name === container.name))
  );
}

function statusOf(
  sources: StatusSources,
  container: Container,
  before: ContainerStatus | undefined,
): ContainerStatus {
  const { containers, pod } = sources;
  const latest = latestOf(containers, container.name);
  const isInit = pod.spec.initContainers?.includes(container) ?? false;
  const base = { name: container.name, image: container.image ?? "", imageID: "" };
  if (latest === undefined) return unseen(sources, container, before);
  const attempts = containers.filter(({ name }) => name === container.name);
  const previous = latestOf(attempts.filter((one) => one !== latest), container.name);
  const state = stateOf(sources, latest, isInit);
  const hasEnded = latest.state === "exited" || latest.error !== "";
  const ended = state.waiting !== undefined && hasEnded ? latest : previous;
  const lastState = ended === undefined
    ? before?.restartCount === latest.attempt ? before.lastState ?? {} : {}
    : { terminated: terminated(ended) };
  const isRunning = state.running !== undefined;
  const isDone = isInit && state.terminated?.exitCode === 0;
  return {
    ...base,
    imageID: latest.imageId === "" ? "" : `docker://${latest.imageId}`,
    containerID: `docker://${latest.id}`,
    ready: isDone || (isRunning && sources.ready.has(latest.id)),
    started: isRunning && sources.started.has(latest.id),
    restartCount: latest.attempt,
    state,
    lastState,
  };
}

/** What the runtime has no trace of: new, or forgotten with its sandbox. */
function unseen(
  { waiting, pod }: StatusSources,
  container: Container,
  before: ContainerStatus | undefined,
): ContainerStatus {
  const isEnded = isOver(pod.status?.phase) || pod.metadata.deletionTimestamp !== undefined;
  if (isEnded && before !== undefined) return before;
  const hasInit = (pod.spec.initContainers?.length ?? 0) > 0;
  const reason = hasInit ? "PodInitializing" : "ContainerCreating";
  const last = before?.state?.terminated ?? before?.lastState?.terminated;
  return {
    name: container.name,
    image: container.image ?? "",
    imageID: "",
    ready: false,
    started: false,
    restartCount: before?.restartCount ?? 0,
    state: { waiting: waiting.get(container.name) ?? { reason } },
    lastState: last === undefined ? {} : { terminated: last },
  };
}

function stateOf(
  { waiting, pod }: StatusSources,
  latest: RuntimeContainer,
  isInit: boolean,
): ContainerState {
  if (latest.state === "running") return { running: { startedAt: timeText(latest.startedAt) } };
  const why = waiting.get(latest.name);
  if (latest.state === "created" && latest.error === "") {
    return { waiting: why ?? { reason: "ContainerCreating" } };
  }
  const isEnding = pod.metadata.deletionTimestamp !== undefined || isOver(pod.status?.phase);
  if (why !== undefined && !isEnding && shouldRestart(pod, latest, isInit)) return { waiting: why };
  return { terminated: terminated(latest) };
}

/** What Kubernetes reports for a container that could not be started. */
const START_ERROR_CODE = 128;

function terminated(dead: RuntimeContainer): NonNullable<ContainerState["terminated"]> {
  const couldNotStart = dead.startedAt === 0;
  return {
    exitCode: couldNotStart ? START_ERROR_CODE : dead.exitCode,
    reason: couldNotStart
      ? "StartError"
      : dead.isOomKilled
      ? "OOMKilled"
      : dead.exitCode === 0
      ? "Completed"
      : "Error",
    ...(dead.error === "" ? {} : { message: dead.error }),
    ...(couldNotStart ? {} : { startedAt: timeText(dead.startedAt) }),
    finishedAt: timeText(dead.finishedAt || dead.createdAt),
    containerID: `docker://${dead.id}`,
  };
}

interface ConditionSources extends StatusSources {
  readonly phase: Phase;
  readonly initStatuses: readonly ContainerStatus[];
  readonly statuses: readonly ContainerStatus[];
}

/** The four conditions that the agent owns, after those of others, with the time of their last change. */
function conditionsOf(sources: ConditionSources): PodCondition[] {
  const before = sources.pod.status?.conditions ?? [];
  const containersReady = containersReadyCondition(sources);
  const own: PodCondition[] = [
    initializedCondition(sources),
    { type: "Ready", ...readyCondition(sources, containersReady) },
    { type: "ContainersReady", ...containersReady },
    { type: "PodScheduled", status: "True" },
  ];
  const others = before.filter(({ type }) => !own.some((one) => one.type === type));
  return [...own.map((one) => withTime(one, before, sources.now)), ...others];
}

type Verdict = Omit<PodCondition, "type">;

function initializedCondition({ phase, initStatuses, statuses }: ConditionSources): PodCondition {
  const incomplete = initStatuses.filter(({ ready }) => !ready).map(({ name }) => name);
  const hasRun = statuses.some((one) => endingOf(one) !== "waiting");
  if (phase === "Succeeded") return { type: "Initialized", status: "True", reason: "PodCompleted" };
  if (incomplete.length === 0 || hasRun) return { type: "Initialized", status: "True" };
  return {
    type: "Initialized",
    status: "False",
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: [${incomplete.join(" ")}]`,
  };
}

function containersReadyCondition({ phase, statuses }: ConditionSources): Verdict {
  if (phase === "Succeeded") return { status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { status: "False", reason: "PodFailed" };
  const unready = statuses.filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return { status: "True" };
  return {
    status: "False",
    reason: "ContainersNotReady",
    message: `containers with unready status: [${unready.join(" ")}]`,
  };
}

function readyCondition({ pod }: ConditionSources, containersReady: Verdict): Verdict {
  const missing = (pod.spec.readinessGates ?? []).filter(({ conditionType }) =>
    pod.status?.conditions?.find(({ type }) => type === conditionType)?.status !== "True"
  );
  if (containersReady.status !== "True" || missing.length === 0) return containersReady;
  const unmet = missing.map(({ conditionType }) =>
    `corresponding condition of pod readiness gate "${conditionType}" does not exist.`
  );
  return { status: "False", reason: "ReadinessGatesNotReady", message: unmet.join(", ") };
}

function withTime(
  condition: PodCondition,
  before: readonly PodCondition[],
  now: number,
): PodCondition {
  const last = before.find(({ type }) => type === condition.type);
  const since = last?.status === condition.status ? last.lastTransitionTime : undefined;
  return { ...condition, lastTransitionTime: since ?? timeText(now) };
}

/** RFC 3339 with seconds, as Kubernetes writes times. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** The sandbox that holds the pod's address now. */
export function runningSandbox(
  containers: readonly RuntimeContainer[],
): RuntimeContainer | undefined {
  return containers.find(({ name, state }) => name === SANDBOX && state === "running");
}
