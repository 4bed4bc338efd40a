/** When a pod counts as available: what rollouts go by. Pure. */
import type { Pod } from "../api/types/core_v1.ts";
import { BARRIER_MS_MAX, PROGRAMMED_CONDITION } from "../api/types/drain_barrier.ts";
import { SERVICES } from "../api/types/resources.ts";
import type { Cache } from "../client/cache.ts";
import { selecting } from "../client/selecting.ts";
import { onChangeOf, type Trigger } from "./controller.ts";
import { conditionOf, readySince } from "./pods.ts";

/** What it takes; `cache` follows services, as `SERVICES_FOLLOWED` makes it. */
export interface Availability {
  readonly minReadySeconds: number;
  readonly cache: Cache;
  readonly now: number;
}

/** For the controllers that ask: a change of services alone changes nothing. */
export const SERVICES_FOLLOWED: Trigger = onChangeOf(SERVICES, () => []);

/** Ready for long enough, and every node leads to it where a service does, or had its time to. */
export function isAvailable(pod: Readonly<Pod>, availability: Availability): boolean {
  return availableAt(pod, availability) <= availability.now;
}

/** Until the next of the ready pods becomes available; undefined when none is going to by itself. */
export function nextAvailableMs(
  pods: readonly Readonly<Pod>[],
  availability: Availability,
): number | undefined {
  const waits = pods.map((pod) => availableAt(pod, availability) - availability.now);
  const least = Math.min(...waits.filter((ms) => ms > 0));
  return least === Infinity ? undefined : least;
}

/** Infinity while it is not ready. */
function availableAt(
  pod: Readonly<Pod>,
  { minReadySeconds, cache }: Availability,
): number {
  const since = readySince(pod);
  if (since === undefined) return Infinity;
  const readyAt = minReadySeconds === 0 ? -Infinity : since + minReadySeconds * 1000;
  return isAwaited(pod, cache) ? Math.max(readyAt, since + BARRIER_MS_MAX) : readyAt;
}

function isAwaited(pod: Readonly<Pod>, cache: Cache): boolean {
  if (conditionOf(pod, PROGRAMMED_CONDITION) !== undefined) return false;
  return selecting(cache.list(SERVICES, pod.metadata.namespace), pod.metadata.labels)
    .some(({ spec }) => spec.type !== "ExternalName");
}
