import type { KubeObject } from "../types/meta.ts";
import type { Key } from "../../store/ledger.ts";
import type { View, Write } from "../../store/store.ts";

/**
 * What exists once in the cluster and has one holder: an address, a port, a range. Each that is taken is a
 * record of its own in the store, written and removed in the same transaction as its holder, so whether one
 * is free is a single look-up, however many are taken, and a restart finds them as they were.
 */
export interface Pool {
  /** Begin of the keys, `group/resource//`. */
  readonly prefix: Key;
  readonly kind: string;
}

interface Allocation extends KubeObject {
  /** `namespace/name` of the object that has it. */
  readonly holder: string;
}

export function isFree(pool: Pool, name: string, view: View): boolean {
  return view.get(pool.prefix + name) === undefined;
}

export function isFreeFor(holder: KubeObject, pool: Pool, name: string, view: View): boolean {
  const taken = view.get(pool.prefix + name);
  return taken === undefined || (taken.object as Allocation).holder === nameOf(holder);
}

export function take(pool: Pool, name: string, holder: KubeObject): Write {
  const object: Allocation = {
    apiVersion: "wherry.dev/v1",
    kind: pool.kind,
    metadata: { name },
    holder: nameOf(holder),
  };
  return { key: pool.prefix + name, object };
}

export function giveBack(pool: Pool, name: string): Write {
  return { key: pool.prefix + name, object: undefined };
}

/** Places tried at random before all are tried in order. Source: the IP allocator of Kubernetes. */
const RANDOM_TRIES_MAX = 1000;

/**
 * Picks one of `size` numbered places: at random while that succeeds, then in order from a random place.
 * @returns undefined when none is free
 */
export function pickFree(
  size: number,
  isFreeAt: (place: number) => boolean,
  random: () => number,
): number | undefined {
  for (let tried = 0; tried < Math.min(size, RANDOM_TRIES_MAX); tried++) {
    const place = Math.floor(random() * size);
    if (isFreeAt(place)) return place;
  }
  const start = Math.floor(random() * size);
  for (let step = 0; step < size; step++) {
    const place = (start + step) % size;
    if (isFreeAt(place)) return place;
  }
  return undefined;
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}
