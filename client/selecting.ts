import type { KubeObject } from "../api/types/meta.ts";
import { matchesLabels } from "../api/types/labels.ts";
import type { Resource } from "../api/types/resources.ts";
import type { Cache } from "./cache.ts";

type Labels = Readonly<Record<string, string>>;
export type Selecting = KubeObject & { readonly spec: { readonly selector?: Labels } };

/** Objects by one pair of their selector, `label=value`. */
type Index = ReadonlyMap<string, readonly Selecting[]>;

/** Lists of a cache stay the same while nothing changes, so each is indexed once. */
const INDEXES = new WeakMap<readonly unknown[], Index>();

/**
 * Those of `objects`, a list of a cache, whose `spec.selector` has these labels; an empty selector has none. It costs
 * as much as the labels, not as the list.
 */
export function selecting<T extends Selecting>(
  objects: readonly Readonly<T>[],
  labels: Labels = {},
): T[] {
  let index = INDEXES.get(objects);
  if (index === undefined) INDEXES.set(objects, index = indexOf(objects));
  const found: T[] = [];
  for (const name in labels) {
    for (const object of index.get(`${name}=${labels[name]}`) ?? []) {
      if (matchesLabels(object.spec.selector ?? {}, labels)) found.push(object as T);
    }
  }
  return found;
}

/** The objects of a namespace whose labels a selector wants, in name order; an empty selector wants none. */
export function selectedBy<T extends KubeObject>(
  selector: Labels,
  cache: Cache,
  resource: Resource<T>,
  namespace: string,
): readonly Readonly<T>[] {
  const [pair] = Object.entries(selector);
  if (pair === undefined) return [];
  return cache.labelled(resource, namespace, ...pair)
    .filter(({ metadata: { labels } }) => matchesLabels(selector, labels));
}

function indexOf(objects: readonly Selecting[]): Index {
  const index = new Map<string, Selecting[]>();
  for (const object of objects) {
    const [pair] = Object.entries(object.spec.selector ?? {});
    if (pair === undefined) continue;
    const key = pair.join("=");
    const there = index.get(key);
    if (there === undefined) index.set(key, [object]);
    else there.push(object);
  }
  return index;
}
