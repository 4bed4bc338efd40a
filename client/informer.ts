import assert from "node:assert/strict";
import type { KubeObject } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";
import type { ListOptions } from "./api.ts";
import type { WatchedCache } from "./cache.ts";
import { type InformerOptions, type Listener, Reflector } from "./reflector.ts";

export type { InformerOptions } from "./reflector.ts";

/** The cache of one process: one watch for each resource, shared by every component that reads it. */
export class Informers implements WatchedCache {
  readonly #options: InformerOptions;
  // deno-lint-ignore no-explicit-any -- one map holds reflectors of different objects
  readonly #reflectors = new Map<string, Reflector<any>>();
  readonly #ends = new Map<string, () => void>();
  /** The same by the resource itself: every read comes through here. */
  // deno-lint-ignore no-explicit-any -- as above
  readonly #byResource = new Map<Resource<KubeObject>, Reflector<any>>();

  constructor(options: InformerOptions) {
    this.#options = options;
  }

  /** Starts to follow a resource. Asking again with the same filter changes nothing. */
  watch(resource: Resource<KubeObject>, filter: ListOptions = {}): void {
    const key = keyOf(resource);
    const there = this.#reflectors.get(key);
    if (there !== undefined) {
      assert.deepEqual(there.filter, filter, `${key} is watched already, with another filter`);
      return;
    }
    const ending = new AbortController();
    const { signal } = this.#options;
    const end = () => ending.abort();
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    const reflector = new Reflector(resource, filter, { ...this.#options, signal: ending.signal });
    this.#reflectors.set(key, reflector);
    this.#ends.set(key, () => {
      signal.removeEventListener("abort", end);
      end();
    });
    void reflector.run();
  }

  /** Follows a resource no longer, and forgets it. */
  unwatch(resource: Resource<KubeObject>): void {
    const key = keyOf(resource);
    this.#ends.get(key)?.();
    this.#ends.delete(key);
    this.#reflectors.delete(key);
    this.#byResource.delete(resource);
  }

  isWatchingAll(resource: Resource<KubeObject>): boolean {
    const { filter } = this.#reflectors.get(keyOf(resource)) ?? {};
    return filter !== undefined && Object.keys(filter).length === 0;
  }

  isWatching(resource: Resource<KubeObject>): boolean {
    return this.#byResource.has(resource) || this.#reflectors.has(keyOf(resource));
  }

  revisionOf(resource: Resource<KubeObject>): number {
    return this.#of(resource).revision;
  }

  get<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string,
    name: string,
  ): Readonly<T> | undefined {
    return this.#of(resource).get(namespace, name);
  }

  list<T extends KubeObject>(resource: Resource<T>, namespace?: string): readonly Readonly<T>[] {
    return this.#of(resource).list(namespace);
  }

  controlledBy<T extends KubeObject>(resource: Resource<T>, namespace: string, uid: string) {
    return this.#of(resource).controlledBy(namespace, uid);
  }

  labelled<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string,
    label: string,
    value: string,
  ): readonly Readonly<T>[] {
    return this.#of(resource).labelled(namespace, label, value);
  }

  onChange<T extends KubeObject>(resource: Resource<T>, listener: Listener<T>): () => void {
    return this.#of(resource).onChange(listener);
  }

  async synced(): Promise<void> {
    await Promise.all([...this.#reflectors.values()].map((reflector) => reflector.listed));
  }

  #of<T extends KubeObject>(resource: Resource<T>): Reflector<T> {
    const known = this.#byResource.get(resource);
    if (known !== undefined) return known;
    const reflector = this.#reflectors.get(keyOf(resource));
    assert.ok(reflector !== undefined, `${keyOf(resource)} is read but not watched`);
    this.#byResource.set(resource, reflector);
    return reflector;
  }
}

function keyOf({ apiVersion, resource }: Resource<KubeObject>): string {
  return `${apiVersion}/${resource}`;
}
