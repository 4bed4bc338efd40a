import type { Container, Pod } from "../api/types/core_v1.ts";
import { newestFirst, outdated } from "./container_attempts.ts";
import { type ContainerRole, isSidecar } from "./container_roles.ts";
import { type RuntimeContainer, SANDBOX } from "./runtime.ts";
import { decideContainers } from "./start_order.ts";

/** What should become of a pod: it runs; it has ended but is still shown; it goes, and all traces with it. */
export type Wanted = "run" | "ended" | "gone";

export type FailedProbe = "startup" | "liveness";

export interface Observed {
  readonly pod: Pod;
  readonly wanted: Wanted;
  /** Everything the runtime has of this pod, dead containers and sandboxes included. */
  readonly containers: readonly RuntimeContainer[];
  /** Running containers that must be restarted, by id, and which of their probes failed. */
  readonly unhealthy: ReadonlyMap<string, FailedProbe>;
  /** Ids of running containers that are past their startup probe, if they have one. */
  readonly started: ReadonlySet<string>;
  /** Names of containers whose last start failed, and when it may be tried again. */
  readonly retryAt: ReadonlyMap<string, number>;
  /** Dead containers that stay besides the newest of each name; absent: as many as by default. */
  readonly previousKept?: number;
  readonly now: number;
}

export interface Stop {
  readonly container: RuntimeContainer;
  readonly why: "pod deleted" | "pod ended" | "sandbox changed" | "spec changed" | "unhealthy";
  readonly probe?: FailedProbe;
  /** Those of one number are stopped together, those of the next when they have ended. */
  readonly order: number;
}

export interface Start {
  readonly container: Container;
  readonly attempt: number;
  readonly role: ContainerRole;
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

/**
 * App containers get their grace period while the sandbox still stands; then the sidecars, the last one of the
 * spec first.
 */
function planEnd({ pod, wanted, containers }: Observed): SyncPlan {
  const why = wanted === "gone" ? "pod deleted" : "pod ended";
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
  const orderOf = (container: RuntimeContainer) =>
    isSandbox(container)
      ? sidecars.length + 1
      : sidecars.includes(container.name)
      ? sidecars.length - sidecars.indexOf(container.name)
      : 0;
  const stop = containers.filter(({ state }) => state === "running")
    .map((container): Stop => ({ container, why, order: orderOf(container) }))
    .sort((a, b) => a.order - b.order);
  const remove = wanted === "gone" ? containers : containers.filter(isSandbox);
  return {
    ...NOTHING,
    stop,
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
      ...outdated(pod, containers, observed.previousKept),
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
    .map((container) => ({ container, why: "sandbox changed", order: 0 }));
}
