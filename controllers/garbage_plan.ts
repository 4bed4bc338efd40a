import type { KubeObject, OwnerReference } from "../api/types/meta.ts";
import type { PropagationPolicy } from "../client/api.ts";
import type { Dependent } from "./owner_index.ts";

/** What a deletion leaves behind to be done first. Source: Kubernetes, metav1 finalizers. */
const ORPHAN = "orphan";
const FOREGROUND = "foregroundDeletion";

/** "waiting": it is being deleted and goes after those that depend on it. */
export type OwnerState = "there" | "waiting" | "gone";

/** An owner that an object names, and how it is. */
export interface Owner {
  readonly reference: OwnerReference;
  readonly state: OwnerState;
}

/** What is to happen to an object whose owners went: first its references, then its deletion. */
export interface Collection {
  readonly ownerReferences?: readonly OwnerReference[];
  readonly deletion?: PropagationPolicy;
}

/** What is to happen before an owner goes. Its own finalizer goes when `removes` is set, after all else. */
export interface Ending {
  /** They name this owner no more. */
  readonly release: readonly Dependent[];
  /** They may have to go now. */
  readonly wake: readonly Dependent[];
  readonly removes?: string;
}

/** True while the deletion of the object waits for the garbage collector. */
export function isEnding(object: Readonly<KubeObject>): boolean {
  return isMarked(object) && (holds(object, ORPHAN) || holds(object, FOREGROUND));
}

/** True while the object waits for those that depend on it. */
export function isWaiting(object: Readonly<KubeObject>): boolean {
  return isMarked(object) && holds(object, FOREGROUND);
}

/** For an object that `isEnding`. */
export function planEnding(
  owner: Readonly<KubeObject>,
  dependents: readonly Dependent[],
): Ending {
  if (!holds(owner, FOREGROUND)) return { release: dependents, wake: [], removes: ORPHAN };
  const blocking = dependents.filter(({ object }) => blocks(object, owner));
  if (blocking.length === 0) return { release: [], wake: [], removes: FOREGROUND };
  return { release: [], wake: blocking.filter(({ object }) => !isMarked(object)) };
}

/**
 * For an object that names owners: it goes when none of them is left, and forgets those that went before the
 * last one. @returns undefined where nothing is to be done
 */
export function planCollection(
  object: Readonly<KubeObject>,
  owners: readonly Owner[],
  dependents: readonly Dependent[],
): Collection | undefined {
  if (isMarked(object) || owners.length === 0) return undefined;
  const solid = owners.filter(({ state }) => state === "there");
  if (solid.length === owners.length) return undefined;
  if (solid.length > 0) return { ownerReferences: solid.map(({ reference }) => reference) };
  const isAwaited = owners.some(({ state }) => state === "waiting");
  if (isAwaited && dependents.length > 0) {
    const isCircle = dependents.some(({ object }) => isWaiting(object));
    return { ...isCircle && { ownerReferences: unblocked(owners) }, deletion: "Foreground" };
  }
  if (holds(object, ORPHAN)) return { deletion: "Orphan" };
  return { deletion: holds(object, FOREGROUND) ? "Foreground" : "Background" };
}

/** Owners that own each other would wait for each other for ever. */
function unblocked(owners: readonly Owner[]): OwnerReference[] {
  return owners.map(({ reference }) => ({ ...reference, blockOwnerDeletion: false }));
}

/** The finalizers without the one that has been done. */
export function withoutFinalizer({ metadata }: Readonly<KubeObject>, done: string): string[] {
  return metadata.finalizers?.filter((name) => name !== done) ?? [];
}

function blocks({ metadata }: Readonly<KubeObject>, owner: Readonly<KubeObject>): boolean {
  return metadata.ownerReferences?.some(({ uid, blockOwnerDeletion }) =>
    uid === owner.metadata.uid && blockOwnerDeletion === true
  ) ?? false;
}

function isMarked({ metadata }: Readonly<KubeObject>): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function holds({ metadata }: Readonly<KubeObject>, finalizer: string): boolean {
  return metadata.finalizers?.includes(finalizer) ?? false;
}
