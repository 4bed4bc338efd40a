import type { Container, Pod } from "../api/types/core_v1.ts";
import { delayAfter, delayOfNext, durationText } from "./back_off.ts";
import { type RuntimeContainer, SANDBOX } from "./runtime.ts";

/** What should become of a pod: it runs; it has ended but is still shown; it goes, and all traces with it. */
export type Wanted = "run" | "ended" | "gone";

/** Dead containers kept for `kubectl logs --previous`, besides the newest of each name. */
const PREVIOUS_KEPT = 1;

export interface Observed {
  readonly pod: Pod;
  readonly wanted: Wanted;
  /** Everything the runtime has of this pod, dead containers and sandboxes included. */
  readonly containers: readonly RuntimeContainer[];
  /** Ids of running containers that must be restarted: their liveness probe failed. */
  readonly unhealthy: ReadonlySet<string>;
  /** Names of containers whose last start failed, and when it may be tried again. */
  readonly retryAt: ReadonlyMap<string, number>;
  readonly now: number;
}

export interface Stop {
  readonly container: RuntimeContainer;
  readonly why: "pod deleted" | "pod ended" | "sandbox changed" | "spec changed" | "unhealthy";
}

export interface Start {
  readonly container: Container;
  readonly attempt: number;
  readonly isInit: boolean;
  readonly backOffSeconds: number;
}

/** Why a container does not run yet; what its status shows. */
export interface Waiting {
  readonly reason: string;
  readonly message?: string;
}

/** Carried out in this order: stops, removals, the sandbox, starts, the release. */
export interface SyncPlan {
  readonly stop: readonly Stop[];
  /** Ids of what is dead and no longer of use. */
  readonly remove: readonly string[];
  /** The sandbox that starts join: one that runs, a new one, or none when nothing is to run. */
  readonly sandbox: RuntimeContainer | { readonly attempt: number } | undefined;
  readonly start: readonly Start[];
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** Milliseconds since 1970 at which to plan again though nothing happened. */
  readonly wakeAt?: number;
  /** The pod's address goes back; with "gone" its volumes too. */
  readonly releases: boolean;
}

const NOTHING: SyncPlan = {
  stop: [],
  remove: [],
  sandbox: undefined,
  start: [],
  waiting: new Map(),
  releases: false,
};

/** Steps from what the runtime has of a pod to what should be. Planning again after the steps gives none. */
export function planSync(observed: Observed): SyncPlan {
  return observed.wanted === "run" ? planRun(observed) : planEnd(observed);
}

/** App containers get their grace period while the sandbox still stands. */
function planEnd({ wanted, containers }: Observed): SyncPlan {
  const why = wanted === "gone" ? "pod deleted" : "pod ended";
  const isDead = (container: RuntimeContainer) => container.state !== "running";
  const stop = containers.filter((one) => !isDead(one)).map((container) => ({ container, why }))
    .sort((a, b) => Number(isSandbox(a.container)) - Number(isSandbox(b.container)));
  const remove = wanted === "gone" ? containers : containers.filter(isSandbox);
  return {
    ...NOTHING,
    stop: stop as Stop[],
    remove: remove.map(({ id }) => id),
    releases: wanted === "gone" || containers.some(isSandbox),
  };
}

const isSandbox = ({ name }: RuntimeContainer) => name === SANDBOX;

function planRun(observed: Observed): SyncPlan {
  const { containers, pod } = observed;
  const sandboxes = newestFirst(containers.filter(isSandbox));
  const sandbox = sandboxes.find(({ state }) => state === "running");
  const decisions = decideContainers(observed, sandbox);
  const stop = [...stopsOfOtherSandboxes(containers, sandbox), ...decisions.flatMap((d) => d.stop)];
  const start = decisions.flatMap((d) => d.start);
  const wakes = decisions.flatMap((d) => d.wakeAt);
  const isNeeded = start.length > 0 || wakes.length > 0 || sandbox !== undefined;
  const attempt = (sandboxes[0]?.attempt ?? -1) + 1;
  return {
    stop: stop.filter((one, i) => stop.findIndex((s) => s.container === one.container) === i),
    remove: [
      ...sandboxes.filter((one) => one !== sandbox).map(({ id }) => id),
      ...outdated(pod, containers),
      ...decisions.flatMap((d) => d.remove),
    ],
    sandbox: isNeeded ? sandbox ?? (start.length > 0 ? { attempt } : undefined) : undefined,
    start,
    waiting: new Map(decisions.flatMap((d) => d.waiting)),
    ...(wakes.length === 0 ? {} : { wakeAt: Math.min(...wakes) }),
    releases: sandbox === undefined && sandboxes.length > 0,
  };
}

function stopsOfOtherSandboxes(
  containers: readonly RuntimeContainer[],
  sandbox: RuntimeContainer | undefined,
): Stop[] {
  return containers
    .filter((one) => !isSandbox(one) && one.state === "running" && one.sandboxId !== sandbox?.id)
    .map((container) => ({ container, why: "sandbox changed" }));
}

interface Decision {
  readonly stop: readonly Stop[];
  readonly remove: readonly string[];
  readonly start: readonly Start[];
  readonly waiting: readonly [string, Waiting][];
  readonly wakeAt: readonly number[];
}
const LEAVE: Decision = { stop: [], remove: [], start: [], waiting: [], wakeAt: [] };

/** Init containers one after another, each to its success; then all app containers at once. */
function decideContainers(
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

/** Decided from the latest end, by the pod's restart policy. An init container that succeeded is done. */
export function shouldRestart(
  { spec: { restartPolicy = "Always" } }: Pod,
  dead: Pick<RuntimeContainer, "exitCode" | "error">,
  isInit = false,
): boolean {
  const hasFailed = dead.exitCode !== 0 || dead.error !== "";
  if (restartPolicy === "Never") return false;
  return hasFailed || (restartPolicy === "Always" && !isInit);
}

/** Ids of the dead that nobody asks for any more, with the containers that the spec does not name. */
function outdated(pod: Pod, containers: readonly RuntimeContainer[]): string[] {
  const specs = [...pod.spec.containers, ...pod.spec.initContainers ?? []];
  return specs.flatMap(({ name }) =>
    newestFirst(containers.filter((one) => one.name === name))
      .slice(1 + PREVIOUS_KEPT).filter(({ state }) => state !== "running").map(({ id }) => id)
  );
}

function newestFirst(containers: readonly RuntimeContainer[]): RuntimeContainer[] {
  return [...containers].sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt);
}

/** The newest container of this name, running or dead. */
export function latestOf(
  containers: readonly RuntimeContainer[],
  name: string,
): RuntimeContainer | undefined {
  return newestFirst(containers.filter((one) => one.name === name))[0];
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Changes when the container must be replaced. Only what an update of the pod may change counts, so that a
 * new default in the API replaces nothing. FNV-1a, 32 bits.
 */
export function specHashOf({ name, image = "" }: Container): string {
  let hash = FNV_OFFSET;
  for (const char of `${name}@${image}`) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), FNV_PRIME) >>> 0;
  }
  return hash.toString(16);
}
