import type { KubeObject } from "../../api/types/meta.ts";
import type { Resource } from "../../api/types/resources.ts";
import { hasReason } from "../../api/types/status.ts";
import { type InformerOptions, Reflector } from "../../client/reflector.ts";

/** An object that a pod shows, as it was when it was read. */
export interface SeenObject {
  readonly resource: Resource<KubeObject>;
  readonly namespace: string;
  readonly name: string;
  /** Absent: there was none. */
  readonly object?: (KubeObject & { immutable?: boolean }) | undefined;
}

interface Followed {
  readonly stop: () => void;
  /** By pod, the version that it shows; "" for none. */
  readonly users: Map<string, string>;
}

/**
 * Reads single objects, and tells pods of changes of those that they show: one watch for each object, for as long
 * as a pod on this node shows it. What can't change is not watched.
 */
export class FollowedObjects {
  readonly #with: InformerOptions;
  readonly #onChange: (podUid: string) => void;
  readonly #followed = new Map<string, Followed>();
  /** Reads under way: pods that start together ask once. */
  readonly #reads = new Map<string, Promise<SeenObject>>();

  constructor(options: InformerOptions, onChange: (podUid: string) => void) {
    this.#with = options;
    this.#onChange = onChange;
  }

  read(resource: Resource<KubeObject>, namespace: string, name: string): Promise<SeenObject> {
    const key = keyOf({ resource, namespace, name });
    const running = this.#reads.get(key);
    if (running !== undefined) return running;
    const read = this.#read(resource, namespace, name).finally(() => this.#reads.delete(key));
    this.#reads.set(key, read);
    return read;
  }

  async #read(
    resource: Resource<KubeObject>,
    namespace: string,
    name: string,
  ): Promise<SeenObject> {
    const seen = { resource, namespace, name };
    try {
      return { ...seen, object: await this.#with.api.get(resource, namespace, name) };
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
      return seen;
    }
  }

  /** From now on the pod shows these, and no others. */
  follow(podUid: string, shown: readonly SeenObject[]): void {
    const changing = shown.filter(({ object }) => object?.immutable !== true);
    const keys = new Set(changing.map(keyOf));
    for (const key of this.#followed.keys()) if (!keys.has(key)) this.#leave(podUid, key);
    for (const seen of changing) {
      const followed = this.#followed.get(keyOf(seen)) ?? this.#begin(seen);
      followed.users.set(podUid, seen.object?.metadata.resourceVersion ?? "");
    }
  }

  forget(podUid: string): void {
    for (const key of this.#followed.keys()) this.#leave(podUid, key);
  }

  #leave(podUid: string, key: string): void {
    const followed = this.#followed.get(key);
    followed?.users.delete(podUid);
    if (followed?.users.size !== 0) return;
    followed.stop();
    this.#followed.delete(key);
  }

  #begin(seen: SeenObject): Followed {
    const { resource, namespace, name } = seen;
    const { signal } = this.#with;
    const ending = new AbortController();
    const end = () => ending.abort();
    signal.addEventListener("abort", end, { once: true });
    const filter = { namespace, fieldSelector: `metadata.name=${name}` };
    const reflector = new Reflector(resource, filter, { ...this.#with, signal: ending.signal });
    const followed: Followed = {
      users: new Map(),
      stop() {
        signal.removeEventListener("abort", end);
        end();
      },
    };
    reflector.onChange((_before, after) => this.#tell(followed, after));
    this.#followed.set(keyOf(seen), followed);
    void reflector.run();
    return followed;
  }

  /** An object that is deleted goes on to be shown, as it was. */
  #tell({ users }: Followed, after: KubeObject | undefined): void {
    if (after === undefined) return;
    for (const [podUid, version] of [...users]) {
      if (version !== after.metadata.resourceVersion) this.#onChange(podUid);
    }
  }
}

function keyOf({ resource, namespace, name }: Omit<SeenObject, "object">): string {
  return `${resource.resource}/${namespace}/${name}`;
}
