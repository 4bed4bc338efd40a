import type { ContainerState, ContainerStatus } from "../api/types/core_v1.ts";
import { latestOf } from "./container_attempts.ts";
import { type ContainerRole, containersOf, type PodContainer } from "./container_roles.ts";
import { isOver } from "./pod_phase.ts";
import { shouldRestart } from "./restart_policy.ts";
import type { RuntimeContainer } from "./runtime.ts";
import { type StatusSources, timeText } from "./status_sources.ts";

/** One for each container of these roles, in the order of the spec. */
export function statusesOf(
  sources: StatusSources,
  roles: readonly ContainerRole[],
  before: readonly ContainerStatus[] = [],
): ContainerStatus[] {
  return containersOf(sources.pod).filter(({ role }) => roles.includes(role)).map((one) =>
    statusOf(sources, one, before.find(({ name }) => name === one.container.name))
  );
}

function statusOf(
  sources: StatusSources,
  { container, role }: PodContainer,
  before: ContainerStatus | undefined,
): ContainerStatus {
  const { containers } = sources;
  const latest = latestOf(containers, container.name);
  const base = { name: container.name, image: container.image ?? "", imageID: "" };
  if (latest === undefined) return unseen(sources, { container, role }, before);
  const attempts = containers.filter(({ name }) => name === container.name);
  const previous = latestOf(attempts.filter((one) => one !== latest), container.name);
  const state = stateOf(sources, latest, role);
  const hasEnded = latest.state === "exited" || latest.error !== "";
  const ended = state.waiting !== undefined && hasEnded ? latest : previous;
  const lastState = ended === undefined
    ? before?.restartCount === latest.attempt ? before.lastState ?? {} : {}
    : { terminated: terminated(ended, sources) };
  const isRunning = state.running !== undefined;
  const isDone = role === "init" && state.terminated?.exitCode === 0;
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
  { container, role }: PodContainer,
  before: ContainerStatus | undefined,
): ContainerStatus {
  const isEnded = isOver(pod.status?.phase) || pod.metadata.deletionTimestamp !== undefined;
  const hasRun = role === "ephemeral" && before?.containerID !== undefined;
  if ((isEnded || hasRun) && before !== undefined) return before;
  const hasInit = (pod.spec.initContainers?.length ?? 0) > 0;
  const reason = hasInit && role !== "ephemeral" ? "PodInitializing" : "ContainerCreating";
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
  sources: StatusSources,
  latest: RuntimeContainer,
  role: ContainerRole,
): ContainerState {
  const { waiting, pod } = sources;
  if (latest.state === "running") return { running: { startedAt: timeText(latest.startedAt) } };
  const why = waiting.get(latest.name);
  if (latest.state === "created" && latest.error === "") {
    return { waiting: why ?? { reason: "ContainerCreating" } };
  }
  const isEnding = pod.metadata.deletionTimestamp !== undefined || isOver(pod.status?.phase);
  if (why !== undefined && !isEnding && shouldRestart(pod, latest, role)) return { waiting: why };
  return { terminated: terminated(latest, sources) };
}

/** What Kubernetes reports for a container that could not be started. */
const START_ERROR_CODE = 128;

function terminated(
  dead: RuntimeContainer,
  { messages }: StatusSources,
): NonNullable<ContainerState["terminated"]> {
  const couldNotStart = dead.startedAt === 0;
  const message = dead.error || messages.get(dead.id) || "";
  return {
    exitCode: couldNotStart ? START_ERROR_CODE : dead.exitCode,
    reason: couldNotStart
      ? "StartError"
      : dead.isOomKilled
      ? "OOMKilled"
      : dead.exitCode === 0
      ? "Completed"
      : "Error",
    ...(message === "" ? {} : { message }),
    ...(couldNotStart ? {} : { startedAt: timeText(dead.startedAt) }),
    finishedAt: timeText(dead.finishedAt || dead.createdAt),
    containerID: `docker://${dead.id}`,
  };
}
