import type { KubeObject } from "../api/types/meta.ts";

/** Objects of one namespace, by name. A list that was handed out never changes. */
class Shelf<T extends KubeObject> {
  readonly byName = new Map<string, T>();
  #sorted: T[] = [];
  #isHandedOut = false;

  list(): readonly T[] {
    this.#isHandedOut = true;
    return this.#sorted;
  }

  put(object: T): void {
    const sorted = this.#own();
    const place = this.#placeOf(object.metadata.name);
    const isThere = this.byName.has(object.metadata.name);
    sorted.splice(place, isThere ? 1 : 0, object);
    this.byName.set(object.metadata.name, object);
  }

  remove(name: string): void {
    if (!this.byName.delete(name)) return;
    this.#own().splice(this.#placeOf(name), 1);
  }

  #own(): T[] {
    if (this.#isHandedOut) this.#sorted = this.#sorted.slice();
    this.#isHandedOut = false;
    return this.#sorted;
  }

  /** First place whose name is not before `name`. Lists arrive sorted, so the end is tried first. */
  #placeOf(name: string): number {
    const sorted = this.#sorted;
    let high = sorted.length;
    if (high > 0 && (sorted[high - 1] as T).metadata.name < name) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] as T).metadata.name < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Objects of one resource in namespace, name order. Reading a list costs nothing while nothing changes. */
export class ObjectIndex<T extends KubeObject> {
  readonly #shelves = new Map<string, Shelf<T>>();
  #all: readonly T[] | undefined;

  get(namespace: string, name: string): T | undefined {
    return this.#shelves.get(namespace)?.byName.get(name);
  }

  list(namespace?: string): readonly T[] {
    if (namespace !== undefined) return this.#shelves.get(namespace)?.list() ?? [];
    this.#all ??= this.#gathered();
    return this.#all;
  }

  put(object: T): void {
    const namespace = object.metadata.namespace ?? "";
    let shelf = this.#shelves.get(namespace);
    if (shelf === undefined) this.#shelves.set(namespace, shelf = new Shelf());
    shelf.put(object);
    this.#all = undefined;
  }

  remove(object: T): void {
    const namespace = object.metadata.namespace ?? "";
    const shelf = this.#shelves.get(namespace);
    if (shelf === undefined) return;
    shelf.remove(object.metadata.name);
    if (shelf.byName.size === 0) this.#shelves.delete(namespace);
    this.#all = undefined;
  }

  #gathered(): readonly T[] {
    if (this.#shelves.size === 1) {
      for (const shelf of this.#shelves.values()) return shelf.list();
    }
    const namespaces = [...this.#shelves.keys()].sort();
    return namespaces.flatMap((namespace) => this.list(namespace));
  }
}
