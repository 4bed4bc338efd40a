import type { Container, ContainerState, ContainerStatus } from "../api/types/core_v1.ts";
import { latestOf } from "./container_attempts.ts";
import { isOver } from "./pod_phase.ts";
import { shouldRestart } from "./restart_policy.ts";
import type { RuntimeContainer } from "./runtime.ts";
import { type StatusSources, timeText } from "./status_sources.ts";

/** One for each container, in the order of the spec. */
export function statusesOf(
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
