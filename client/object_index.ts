import type { KubeObject } from "../api/types/meta.ts";
import { KeyedIndex } from "./keyed_index.ts";
import { controllerOf } from "./owners.ts";

/** Objects of one namespace, by name. A list that was handed out never changes. */
class Shelf<T extends KubeObject> {
  readonly byName = new Map<string, T>();
  #sorted: T[] = [];
  /** New ones: they are put in order when somebody reads the list, all at once. */
  #added = new Map<string, T>();
  #isHandedOut = false;

  list(): readonly T[] {
    if (this.#added.size > 0) this.#sorted = merged(this.#sorted, [...this.#added.values()]);
    this.#added.clear();
    this.#isHandedOut = true;
    return this.#sorted;
  }

  put(object: T): void {
    const { name } = object.metadata;
    if (!this.byName.has(name) || this.#added.has(name)) this.#added.set(name, object);
    else this.#own()[placeOf(this.#sorted, name)] = object;
    this.byName.set(name, object);
  }

  remove(name: string): void {
    if (!this.byName.delete(name) || this.#added.delete(name)) return;
    this.#own().splice(placeOf(this.#sorted, name), 1);
  }

  #own(): T[] {
    if (this.#isHandedOut) this.#sorted = this.#sorted.slice();
    this.#isHandedOut = false;
    return this.#sorted;
  }
}

/** First place whose name is not before `name`. */
function placeOf(sorted: readonly KubeObject[], name: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (nameAt(sorted, middle) < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A new list of both; nothing is in both. Lists of a server arrive in order, and are only appended. */
function merged<T extends KubeObject>(sorted: readonly T[], added: T[]): T[] {
  added.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const all: T[] = [];
  let next = 0;
  for (const object of sorted) {
    while (next < added.length && nameAt(added, next) < object.metadata.name) {
      all.push(added[next++]!);
    }
    all.push(object);
  }
  return all.concat(added.slice(next));
}

const nameAt = (objects: readonly KubeObject[], at: number) => objects[at]!.metadata.name;

/** Objects of one resource in namespace, name order. Reading a list costs nothing while nothing changes. */
export class ObjectIndex<T extends KubeObject> {
  readonly #shelves = new Map<string, Shelf<T>>();
  /** By label, of those that somebody asked for. */
  readonly #labelled = new Map<string, KeyedIndex<T>>();
  #controlled: KeyedIndex<T> | undefined;
  #all: readonly T[] | undefined;

  get(namespace: string, name: string): T | undefined {
    return this.#shelves.get(namespace)?.byName.get(name);
  }

  list(namespace?: string): readonly T[] {
    if (namespace !== undefined) return this.#shelves.get(namespace)?.list() ?? [];
    this.#all ??= this.#gathered();
    return this.#all;
  }

  /** Those whose label has the value. The first question for a label looks at all objects, later ones at none. */
  labelled(namespace: string, label: string, value: string): readonly T[] {
    let known = this.#labelled.get(label);
    if (known === undefined) {
      known = this.#indexed(({ metadata: { labels } }) => labels?.[label]);
      this.#labelled.set(label, known);
    }
    return known.list(namespace, value);
  }

  /** The same of those that this controller manages, or, for "", nobody. */
  controlledBy(namespace: string, uid: string): readonly T[] {
    this.#controlled ??= this.#indexed((object) => controllerOf(object)?.uid ?? "");
    return this.#controlled.list(namespace, uid);
  }

  #indexed(valueOf: (object: Readonly<KubeObject>) => string | undefined): KeyedIndex<T> {
    const index = new KeyedIndex<T>(valueOf);
    for (const object of this.list()) index.change(undefined, object);
    return index;
  }

  put(object: T): void {
    const namespace = object.metadata.namespace ?? "";
    this.#relabel(this.get(namespace, object.metadata.name), object);
    let shelf = this.#shelves.get(namespace);
    if (shelf === undefined) this.#shelves.set(namespace, shelf = new Shelf());
    shelf.put(object);
    this.#all = undefined;
  }

  remove(object: T): void {
    const namespace = object.metadata.namespace ?? "";
    const shelf = this.#shelves.get(namespace);
    if (shelf === undefined) return;
    this.#relabel(shelf.byName.get(object.metadata.name), undefined);
    shelf.remove(object.metadata.name);
    if (shelf.byName.size === 0) this.#shelves.delete(namespace);
    this.#all = undefined;
  }

  #relabel(before: T | undefined, after: T | undefined): void {
    for (const index of this.#labelled.values()) index.change(before, after);
    this.#controlled?.change(before, after);
  }

  #gathered(): readonly T[] {
    if (this.#shelves.size === 1) {
      for (const shelf of this.#shelves.values()) return shelf.list();
    }
    const namespaces = [...this.#shelves.keys()].sort();
    return namespaces.flatMap((namespace) => this.list(namespace));
  }
}
