/** How large each replica set should be: the arithmetic of a rollout, in pods. */
import type { ReplicaSet } from "../../api/types/apps_v1.ts";
import type { Fenceposts } from "./fenceposts.ts";
import { DESIRED_REPLICAS, MAX_REPLICAS, oldestFirst, type Sets } from "./revisions.ts";

/** New sizes by replica set; those that stay as they are have none. */
export type Sizes = ReadonlyMap<Readonly<ReplicaSet>, number>;

export const sizeOf = ({ spec }: Readonly<ReplicaSet>): number => spec.replicas ?? 1;
export const availableOf = ({ status }: Readonly<ReplicaSet>): number =>
  status?.availableReplicas ?? 0;
export const sumOf = (sets: Sets, amount: (set: Readonly<ReplicaSet>) => number): number =>
  sets.reduce((sum, set) => sum + amount(set), 0);

/** What the newest set may grow to: up to the surge, never past what is wanted. */
export function sizeOfNew(now: number, all: number, { wanted, maxSurge }: Fenceposts): number {
  if (now > wanted) return wanted;
  const room = wanted + maxSurge - all;
  return room <= 0 ? now : now + Math.min(room, wanted - now);
}

/**
 * What the old sets shrink to: their pods that are not available go first, since nobody misses them; then as
 * many as leave enough available ones. Source: Kubernetes, reconcileOldReplicaSets.
 */
export function sizesOfOld(
  newest: Readonly<ReplicaSet>,
  old: Sets,
  { wanted, maxUnavailable }: Fenceposts,
): Sizes {
  const all = [...old, newest];
  const least = wanted - maxUnavailable;
  const notYet = sizeOf(newest) - availableOf(newest);
  let surplus = sumOf(all, sizeOf) - least - notYet;
  if (surplus <= 0) return new Map();
  const sizes = new Map<Readonly<ReplicaSet>, number>();
  for (const set of oldestFirst(old)) {
    const gone = Math.min(surplus, Math.max(0, sizeOf(set) - availableOf(set)));
    if (gone === 0) continue;
    sizes.set(set, sizeOf(set) - gone);
    surplus -= gone;
  }
  let spare = sumOf(all, availableOf) - least;
  for (const set of oldestFirst(old)) {
    const size = sizes.get(set) ?? sizeOf(set);
    const gone = Math.min(size, Math.max(0, spare));
    if (gone === 0) continue;
    sizes.set(set, size - gone);
    spare -= gone;
  }
  return sizes;
}

/** True where what is wanted has changed since the sets were last sized. */
export function isScaling(sets: Sets, { wanted }: Fenceposts): boolean {
  return sets.some((set) => {
    const desired = set.metadata.annotations?.[DESIRED_REPLICAS];
    return sizeOf(set) > 0 && desired !== undefined && Number(desired) !== wanted;
  });
}

/**
 * Sizes after the deployment was scaled in the middle of a rollout: every set grows or shrinks by its share.
 * Source: Kubernetes, `scale` of the deployment controller.
 */
export function sizesWhenScaled(
  newest: Readonly<ReplicaSet> | undefined,
  old: Sets,
  fenceposts: Fenceposts & { readonly isRolling: boolean; readonly before: number },
): Sizes {
  const active = [...old, ...(newest === undefined ? [] : [newest])].filter((set) =>
    sizeOf(set) > 0
  );
  const { wanted } = fenceposts;
  const latest = newest ?? oldestFirst(old).at(-1);
  const only = active.length > 1 ? undefined : active[0] ?? latest;
  if (only !== undefined) return new Map([[only, wanted]]);
  if (newest !== undefined && isSaturated(newest, wanted)) {
    return new Map(active.filter((set) => set !== newest).map((set) => [set, 0]));
  }
  return fenceposts.isRolling ? inProportion(active, fenceposts) : new Map();
}

/** The newest set has all that is wanted. */
function isSaturated(newest: Readonly<ReplicaSet>, wanted: number): boolean {
  const desired = Number(newest.metadata.annotations?.[DESIRED_REPLICAS]);
  return sizeOf(newest) === wanted && desired === wanted && availableOf(newest) === wanted;
}

function inProportion(
  active: Sets,
  { wanted, maxSurge, before }: Fenceposts & { readonly before: number },
): Sizes {
  const allowed = wanted > 0 ? wanted + maxSurge : 0;
  const toAdd = allowed - sumOf(active, sizeOf);
  const sorted = bySize(active, toAdd > 0 ? "newer first" : "older first");
  const sizes = new Map<Readonly<ReplicaSet>, number>();
  let added = 0;
  for (const set of sorted) {
    const share = shareOf(set, { wanted, max: wanted + maxSurge, before });
    const left = toAdd - added;
    const change = toAdd > 0 ? Math.min(share, left) : Math.max(share, left);
    added += toAdd === 0 ? 0 : change;
    sizes.set(set, sizeOf(set) + (toAdd === 0 ? 0 : change));
  }
  const [largest] = sorted;
  if (largest !== undefined) sizes.set(largest, Math.max(0, sizes.get(largest)! + toAdd - added));
  return sizes;
}

function shareOf(
  set: Readonly<ReplicaSet>,
  { wanted, max, before }: { wanted: number; max: number; before: number },
): number {
  if (wanted === 0) return -sizeOf(set);
  const former = Number(set.metadata.annotations?.[MAX_REPLICAS]) || before || max;
  return Math.round(sizeOf(set) * max / former) - sizeOf(set);
}

function bySize(sets: Sets, ties: "newer first" | "older first"): Readonly<ReplicaSet>[] {
  const ordered = oldestFirst(sets);
  if (ties === "newer first") ordered.reverse();
  return ordered.sort((a, b) => sizeOf(b) - sizeOf(a));
}
