import type { Container, Pod } from "../api/types/core_v1.ts";
import { delayAfter, delayOfNext, durationText } from "./back_off.ts";
import { latestOf, specHashOf } from "./container_attempts.ts";
import { shouldRestart } from "./restart_policy.ts";
import type { RuntimeContainer } from "./runtime.ts";
import type { Observed, Start, Stop, Waiting } from "./sync.ts";

export interface Decision {
  readonly stop: readonly Stop[];
  readonly remove: readonly string[];
  readonly start: readonly Start[];
  readonly waiting: readonly [string, Waiting][];
  readonly wakeAt: readonly number[];
}
const LEAVE: Decision = { stop: [], remove: [], start: [], waiting: [], wakeAt: [] };

/** Init containers one after another, each to its success; then all app containers at once. */
export function decideContainers(
  observed: Observed,
  sandbox: RuntimeContainer | undefined,
): Decision[] {
  const { pod, containers } = observed;
  const init = pod.spec.initContainers ?? [];
  const names = new Set(pod.spec.containers.map(({ name }) => name));
  const inSandbox = containers.filter((one) => one.sandboxId === sandbox?.id && sandbox);
  const isInitialized = inSandbox.some(({ name }) => names.has(name)) ||
    (sandbox === undefined && !needsAnyContainer(observed));
  for (const container of isInitialized ? [] : init) {
    const latest = latestOf(containers, container.name);
    const isDone = latest?.state === "exited" && latest.exitCode === 0 &&
      latest.sandboxId === sandbox?.id;
    if (!isDone) return [decide(observed, container, { sandbox, isInit: true })];
  }
  return pod.spec.containers.map((one) => decide(observed, one, { sandbox, isInit: false }));
}

/** False for a pod whose containers have all ended for good: it gets no new sandbox. */
function needsAnyContainer(observed: Observed): boolean {
  return observed.pod.spec.containers.some((container) => {
    const latest = latestOf(observed.containers, container.name);
    return latest === undefined || latest.state !== "exited" || shouldRestart(observed.pod, latest);
  });
}

interface Place {
  readonly sandbox: RuntimeContainer | undefined;
  readonly isInit: boolean;
}

function decide(observed: Observed, container: Container, place: Place): Decision {
  const latest = latestOf(observed.containers, container.name);
  if (latest === undefined) return decideFirst(observed, container, place);
  if (latest.state === "running") return decideRunning(observed, container, { ...place, latest });
  // created and never started: the agent went away between the two
  if (latest.state === "created" && latest.error === "") {
    const start = { container, attempt: latest.attempt, backOffSeconds: latest.backOffSeconds };
    const { isInit } = place;
    return unlessTooSoon(observed, {
      ...LEAVE,
      remove: [latest.id],
      start: [{ ...start, isInit }],
    });
  }
  return decideDead(observed, container, { ...place, latest });
}

function decideFirst(observed: Observed, container: Container, { isInit }: Place): Decision {
  const statuses = isInit
    ? observed.pod.status?.initContainerStatuses
    : observed.pod.status?.containerStatuses;
  const before = statuses?.find(({ name }) => name === container.name);
  const attempt = before?.containerID === undefined ? 0 : before.restartCount + 1;
  return unlessTooSoon(observed, {
    ...LEAVE,
    start: [{ container, attempt, isInit, backOffSeconds: 0 }],
  });
}

type Placed = Place & { readonly latest: RuntimeContainer };

function decideRunning(observed: Observed, container: Container, placed: Placed): Decision {
  const { latest, sandbox, isInit } = placed;
  const why = latest.sandboxId !== sandbox?.id
    ? "sandbox changed"
    : latest.specHash !== specHashOf(container)
    ? "spec changed"
    : observed.unhealthy.has(latest.id)
    ? "unhealthy"
    : undefined;
  if (why === undefined) return LEAVE;
  const isOver = why !== "spec changed" && observed.pod.spec.restartPolicy === "Never";
  const start: Start = {
    container,
    attempt: latest.attempt + 1,
    isInit,
    backOffSeconds: delayOfNext(latest),
  };
  return { ...LEAVE, stop: [{ container: latest, why }], start: isOver ? [] : [start] };
}

function decideDead(observed: Observed, container: Container, placed: Placed): Decision {
  const { pod, now } = observed;
  const { latest, isInit, sandbox } = placed;
  const isOfOldSandbox = isInit && latest.sandboxId !== sandbox?.id;
  if (!isOfOldSandbox && !shouldRestart(pod, latest, isInit)) return LEAVE;
  const delaySeconds = isOfOldSandbox && latest.exitCode === 0 ? 0 : delayAfter(latest);
  const restartAt = endOf(latest) + delaySeconds * 1000;
  if (now < restartAt) {
    return {
      ...LEAVE,
      waiting: [[container.name, crashLoop(pod, container.name, delaySeconds)]],
      wakeAt: [restartAt],
    };
  }
  return unlessTooSoon(observed, {
    ...LEAVE,
    start: [{
      container,
      attempt: latest.attempt + 1,
      isInit,
      backOffSeconds: delayOfNext(latest),
    }],
  });
}

/** A container that could not be started has no end of its own. */
const endOf = ({ finishedAt, createdAt }: RuntimeContainer) => finishedAt || createdAt;

/** A start that failed for its image or configuration is tried again later, not at once. */
function unlessTooSoon(observed: Observed, decision: Decision): Decision {
  const name = decision.start[0]?.container.name ?? "";
  const retryAt = observed.retryAt.get(name) ?? 0;
  return observed.now < retryAt ? { ...LEAVE, wakeAt: [retryAt] } : decision;
}

function crashLoop(pod: Pod, name: string, delaySeconds: number): Waiting {
  const { namespace, name: podName, uid } = pod.metadata;
  const delay = durationText(delaySeconds);
  const message =
    `back-off ${delay} restarting failed container=${name} pod=${podName}_${namespace}(${uid})`;
  return { reason: "CrashLoopBackOff", message };
}
