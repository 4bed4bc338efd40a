import type { Clock, Log, Random } from "../api/types/ambient.ts";
import type { KubeObject } from "../api/types/meta.ts";
import type { MetricRegistry } from "../api/types/metrics.ts";
import type { Resource } from "../api/types/resources.ts";
import type { StatusError, StatusReason } from "../api/types/status.ts";
import type { Api, ListOptions } from "../client/api.ts";
import type { Cache, WatchedCache, Write } from "../client/cache.ts";

/** Which object; the namespace is empty for cluster-scoped ones. */
export interface ObjectKey {
  readonly namespace: string;
  readonly name: string;
}

/** How an object changed: without `before` it is new, without `after` it is gone. */
export interface Change<T extends KubeObject> {
  readonly before: Readonly<T> | undefined;
  readonly after: Readonly<T> | undefined;
}

/** Another resource that matters to a controller, or that it writes. */
export interface Trigger {
  readonly resource: Resource<KubeObject>;
  /** The objects to plan again. */
  wakes(change: Change<KubeObject>, cache: Cache): readonly ObjectKey[];
  /** The objects for which the change is a sign of life: `World.heardAt` tells when the last one came. */
  hears?(change: Change<KubeObject>): readonly ObjectKey[];
}

/** Keeps the type of the resource's objects inside the trigger. */
export function onChangeOf<T extends KubeObject>(
  resource: Resource<T>,
  wakes: (change: Change<T>, cache: Cache) => readonly ObjectKey[],
  hears?: (change: Change<T>) => readonly ObjectKey[],
): Trigger {
  return {
    resource,
    wakes: (change, cache) => wakes(change as Change<T>, cache),
    ...(hears === undefined ? {} : { hears: (change) => hears(change as Change<T>) }),
  };
}

/** A list to be read from the apiserver right before the plan, where the cache is not certain enough. */
export interface Reading {
  readonly resource: Resource<KubeObject>;
  readonly options: ListOptions;
}

/** What time it is, and since when what the plan before asked for has held: now where it did not ask. */
export interface Time {
  readonly now: number;
  heldSince(fact: string): number;
}

/** A write that was refused. */
export interface Failure {
  readonly verb: Write["verb"];
  readonly kind: string;
  readonly reason: StatusReason;
  readonly message: string;
}

/** All that a plan may look at. */
export interface World {
  readonly cache: Cache;
  /** Milliseconds since 1970, by the controller's own clock. */
  readonly now: number;
  /** When the last sign of life came for this key, by the same clock; undefined: none since the controller started. */
  readonly heardAt: number | undefined;
  /**
   * Since when `fact` has held for this key: the time of the first of the latest plans in a row that asked for it. It
   * is how a plan measures time without trusting the clocks of others.
   */
  since(fact: string): number;
  /** Why the last writes for this key were not all made; undefined where they were. */
  readonly failure?: Failure | undefined;
  /** What `reads` asked for. */
  read<T extends KubeObject>(resource: Resource<T>): readonly T[];
}

/**
 * The writes do not depend on each other; they are begun in their order, one and then ever more at one time, until one
 * is refused. What makes room comes first, and what a quota may refuse comes last: it must not hold up the others.
 */
export interface Plan {
  readonly writes: readonly Write[];
  /** Plan again after this time, even though nothing changes. */
  readonly againMs?: number;
  /** Name of the rate in `Controller.rates` of which the writes together take one. */
  readonly takes?: string;
}

/** Something for `kubectl describe`. */
export interface Report {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/**
 * One control loop. The runtime watches, queues keys, calls `plan`, writes, and retries with back-off. It calls
 * `plan` for a key only once the cache has seen that key's last write, so no controller counts expectations.
 */
export interface Controller<T extends KubeObject> {
  readonly name: string;
  /** The resource whose objects are brought about; every change of one plans it again. */
  readonly reconciles: Resource<T>;
  /** Every other resource that `plan` reads or writes belongs here: the runtime sees its own writes by them. */
  readonly requeueOn: readonly Trigger[];
  /** Keys in work at one time. 1 where it is left out. */
  readonly concurrency?: number;
  readonly rates?: Readonly<Record<string, { readonly perSecond: number; readonly burst: number }>>;
  /** Lists for the plan of this key, made in this order. The object is undefined when it is gone. */
  reads?(
    key: ObjectKey,
    object: Readonly<T> | undefined,
    cache: Cache,
    time: Time,
  ): readonly Reading[];
  /** Writes that bring the cluster closer to the spec; none when there is nothing to do. Pure. */
  plan(object: Readonly<T>, world: World): Plan;
  /** The same for an object that is not there. Pure. */
  planGone?(key: ObjectKey, world: World): Plan;
  /** What to say about a write that was made, or refused with an error; `before` is the object as the cache had it. */
  reports?(
    write: Write,
    outcome: KubeObject | StatusError | undefined,
    before: Readonly<KubeObject> | undefined,
  ): Report | undefined;
}

export const NOTHING_TO_DO: Plan = { writes: [] };

/** What the runtime of every controller needs from outside. */
export interface ControllerOptions {
  readonly api: Api;
  readonly cache: WatchedCache;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Where the queues of controllers are counted; absent, nowhere. */
  readonly metrics?: MetricRegistry | undefined;
}

export function keyOf({ metadata }: Readonly<KubeObject>): ObjectKey {
  return { namespace: metadata.namespace ?? "", name: metadata.name };
}
