import type { KubeObject } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";
import type { ListOptions } from "../client/api.ts";
import type { WatchedCache } from "../client/cache.ts";

/** What a node follows by itself, and what all nodes of a process see through one watch. */
export class PartlySharedCache implements WatchedCache {
  readonly #own: WatchedCache;
  readonly #shared: WatchedCache;

  /** @param shared comes first for whatever it watches */
  constructor(own: WatchedCache, shared: WatchedCache) {
    this.#own = own;
    this.#shared = shared;
  }

  watch(resource: Resource<KubeObject>, filter?: ListOptions): void {
    this.#of(resource).watch(resource, filter);
  }

  isWatching(resource: Resource<KubeObject>): boolean {
    return this.#of(resource).isWatching(resource);
  }

  isWatchingAll(resource: Resource<KubeObject>): boolean {
    return this.#of(resource).isWatchingAll(resource);
  }

  revisionOf(resource: Resource<KubeObject>): number {
    return this.#of(resource).revisionOf(resource);
  }

  get<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string) {
    return this.#of(resource).get(resource, namespace, name);
  }

  list<T extends KubeObject>(resource: Resource<T>, namespace?: string) {
    return this.#of(resource).list(resource, namespace);
  }

  labelled<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string,
    label: string,
    value: string,
  ) {
    return this.#of(resource).labelled(resource, namespace, label, value);
  }

  controlledBy<T extends KubeObject>(resource: Resource<T>, namespace: string, uid: string) {
    return this.#of(resource).controlledBy(resource, namespace, uid);
  }

  onChange<T extends KubeObject>(
    resource: Resource<T>,
    listener: (before: Readonly<T> | undefined, after: Readonly<T> | undefined) => void,
  ): () => void {
    return this.#of(resource).onChange(resource, listener);
  }

  async synced(): Promise<void> {
    await Promise.all([this.#own.synced(), this.#shared.synced()]);
  }

  #of(resource: Resource<KubeObject>): WatchedCache {
    return this.#shared.isWatching(resource) ? this.#shared : this.#own;
  }
}
