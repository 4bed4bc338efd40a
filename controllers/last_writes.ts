import type { KubeObject } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";
import type { WatchedCache, Write } from "../client/cache.ts";
import { resourceOf } from "../client/writes.ts";

/** What one key has written, until the cache has seen it. */
export class LastWrites {
  readonly #revisions = new Map<Resource<KubeObject>, number>();
  readonly #deleted: KubeObject[] = [];

  note(write: Write, written: KubeObject | undefined): void {
    if (write.verb === "deleteCollection") return; // its plans read from the apiserver
    if (write.verb === "delete") this.#deleted.push(write.object);
    if (written === undefined) return;
    const revision = Number(written.metadata.resourceVersion ?? 0);
    const resource = resourceOf(write.object);
    this.#revisions.set(resource, Math.max(revision, this.#revisions.get(resource) ?? 0));
  }

  /** A resource that is not watched is never waited for. */
  isSeenBy(cache: WatchedCache): boolean {
    for (const [resource, revision] of this.#revisions) {
      if (cache.isWatching(resource) && cache.revisionOf(resource) < revision) return false;
    }
    for (let last = this.#deleted.at(-1); last !== undefined; last = this.#deleted.at(-1)) {
      if (isStillThere(last, cache)) return false;
      this.#deleted.pop();
    }
    return true;
  }
}

/** Until it is gone, replaced or marked: a graceful deletion shows as a mark only. */
function isStillThere(object: KubeObject, cache: WatchedCache): boolean {
  const resource = resourceOf(object);
  if (!cache.isWatching(resource)) return false;
  const { namespace = "", name, uid, deletionTimestamp } = object.metadata;
  const there = cache.get(resource, namespace, name);
  if (there === undefined || there.metadata.uid !== uid) return false;
  return there.metadata.deletionTimestamp === deletionTimestamp;
}
