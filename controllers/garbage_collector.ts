import { isDeepStrictEqual } from "node:util";
import { CUSTOM_RESOURCE_DEFINITIONS } from "../api/types/apiextensions_v1.ts";
import type { KubeObject, OwnerReference } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";
import { hasReason, StatusError } from "../api/types/status.ts";
import type { WatchedCache } from "../client/cache.ts";
import { Informers } from "../client/informer.ts";
import { WorkQueue } from "../client/queue.ts";
import type { ControllerOptions } from "./controller.ts";
import { type CustomResource, customResourceOf } from "./custom_resource.ts";
import {
  type Collection,
  isEnding,
  isWaiting,
  type Owner,
  type OwnerState,
  planCollection,
  planEnding,
  withoutFinalizer,
} from "./garbage_plan.ts";
import { type Dependent, OwnerIndex, ownersOf, uidOf } from "./owner_index.ts";

export interface GarbageCollectorOptions extends ControllerOptions {
  /** Every kind whose objects may own or be owned. */
  readonly resources: readonly Resource<KubeObject>[];
}

/** Objects in work at one time. Source: kube-controller-manager, --concurrent-gc-syncs. */
const CONCURRENCY = 20;
/** Owners remembered as gone, so that the many that name one ask once. Source: kube-controller-manager. */
const GONE_MAX = 500;

const METADATA = { onlyMetadata: true } as const;

/** One kind that is followed: in the cache that others share, or by its metadata alone. */
interface Followed {
  readonly resource: Resource<KubeObject>;
  readonly cache: WatchedCache;
}

/**
 * Deletes objects whose owners are all gone, and does what a deletion asks for before an owner goes: lets its
 * dependents go free, or waits for their end. It follows every kind by watch, reads nothing else while nothing
 * is to be done, and asks the apiserver before it believes that an owner is gone.
 */
export class GarbageCollector {
  readonly #with: GarbageCollectorOptions;
  readonly #queue: WorkQueue;
  readonly #index = new OwnerIndex();
  readonly #followed = new Map<string, Followed>();
  readonly #gone = new Set<string>();
  /** Questions on the way, by uid. */
  readonly #asked = new Map<string, Promise<OwnerState>>();
  /** Follows what nobody else follows whole. */
  readonly #own: Informers;

  constructor(options: GarbageCollectorOptions) {
    this.#with = options;
    this.#own = new Informers(options);
    this.#queue = new WorkQueue({ clock: options.clock });
  }

  /** To be called after the components that share the cache have said what they watch. */
  async run(): Promise<void> {
    const { cache, resources, signal } = this.#with;
    for (const resource of resources) {
      const isShared = cache.isWatchingAll(resource);
      const filter = resource === CUSTOM_RESOURCE_DEFINITIONS ? {} : METADATA;
      if (!isShared) this.#own.watch(resource, filter);
      this.#followed.set(typeOf(resource), { resource, cache: isShared ? cache : this.#own });
    }
    await Promise.all([cache.synced(), this.#own.synced()]);
    if (signal.aborted) return;
    const ends = [...this.#followed.values()].map((followed) => this.#listen(followed));
    const definitions = this.#followed.get(typeOf(CUSTOM_RESOURCE_DEFINITIONS));
    if (definitions !== undefined) ends.push(this.#followCustomKinds(definitions.cache));
    await Promise.all(Array.from({ length: CONCURRENCY }, () => this.#work()));
    for (const end of ends) end();
    this.#queue.close();
  }

  #listen({ resource, cache }: Followed): () => void {
    return cache.onChange(resource, (before, after) => this.#changed(resource, before, after));
  }

  #followCustomKinds(cache: WatchedCache): () => void {
    return cache.onChange(CUSTOM_RESOURCE_DEFINITIONS, (before, after) => {
      const [had, has] = [customResourceOf(before), customResourceOf(after)];
      if (isDeepStrictEqual(had, has)) return;
      if (had !== undefined) this.#leave(had, after === undefined);
      if (has !== undefined) this.#follow(has);
    });
  }

  /** One watch serves every version: the objects are the same. */
  #follow({ resource, versions }: CustomResource): void {
    this.#own.watch(resource, METADATA);
    const followed = { resource, cache: this.#own };
    for (const apiVersion of versions) {
      this.#followed.set(typeOf({ apiVersion, kind: resource.kind }), followed);
      for (const { resource: of, object } of this.#index.naming(apiVersion, resource.kind)) {
        this.#add(of, object);
      }
    }
    this.#listen(followed);
  }

  /** @param isOver the definition is gone, and all objects of its kind with it, whether the watch told or not */
  #leave({ resource, versions }: CustomResource, isOver: boolean): void {
    const left = isOver ? this.#own.list(resource) : [];
    this.#own.unwatch(resource);
    for (const apiVersion of versions) {
      this.#followed.delete(typeOf({ apiVersion, kind: resource.kind }));
    }
    for (const object of left) {
      this.#noteGone(uidOf(object));
      this.#changed(resource, object, undefined);
    }
  }

  #changed(
    resource: Resource<KubeObject>,
    before: Readonly<KubeObject> | undefined,
    after: Readonly<KubeObject> | undefined,
  ): void {
    this.#index.change(resource, before, after);
    if (after === undefined) {
      if (before !== undefined) this.#ended(before);
      return;
    }
    const owners = ownersOf(after);
    if (isEnding(after)) this.#add(resource, after);
    else if (owners.some((owner) => this.#known(owner, after)?.state !== "there")) {
      this.#add(resource, after);
    }
    if (before !== undefined) this.#wakeWaiting(before);
    if (owners.length > 0) this.#wakeWaiting(after);
  }

  #ended(object: Readonly<KubeObject>): void {
    for (const { resource, object: dependent } of this.#index.dependentsOf(uidOf(object))) {
      this.#add(resource, dependent);
    }
    this.#wakeWaiting(object);
  }

  /** Owners that wait for this object look again whether they may go. */
  #wakeWaiting(object: Readonly<KubeObject>): void {
    for (const reference of ownersOf(object)) {
      const known = this.#known(reference, object);
      if (known?.state === "waiting") this.#add(known.resource, known.object);
    }
  }

  #add(resource: Resource<KubeObject>, { metadata }: Readonly<KubeObject>): void {
    this.#queue.add(`${typeOf(resource)} ${metadata.namespace ?? ""}/${metadata.name}`);
  }

  async #work(): Promise<void> {
    const { signal } = this.#with;
    for (
      let key = await this.#queue.next(signal);
      key !== undefined;
      key = await this.#queue.next(signal)
    ) {
      await this.#sync(key);
      this.#queue.done(key);
    }
  }

  async #sync(key: string): Promise<void> {
    const found = this.#find(key);
    try {
      if (found !== undefined) await this.#collect(found);
      this.#queue.forget(key);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (hasReason(error, "NotFound")) return this.#queue.forget(key);
      const waitMs = this.#queue.addLater(key);
      if (hasReason(error, "Conflict")) return;
      this.#with.log(`garbage-collector cannot settle ${key}: ${error.message}`, {
        reason: error.reason,
        waitMs,
      });
    }
  }

  #find(key: string): Dependent | undefined {
    const [apiVersion = "", kind = "", place = ""] = key.split(" ");
    const followed = this.#followed.get(`${apiVersion} ${kind}`);
    const [namespace = "", name = ""] = place.split("/");
    const object = followed?.cache.get(followed.resource, namespace, name);
    return object && followed && { resource: followed.resource, object };
  }

  async #collect(item: Dependent): Promise<void> {
    const { object } = item;
    const dependents = this.#index.dependentsOf(uidOf(object));
    if (isEnding(object)) return await this.#end(item, dependents);
    const owners: Owner[] = [];
    for (const reference of ownersOf(object)) {
      owners.push({ reference, state: await this.#stateOf(reference, object) });
    }
    const collection = planCollection(object, owners, dependents);
    if (collection !== undefined) await this.#apply(item, collection);
  }

  async #end(owner: Dependent, dependents: readonly Dependent[]): Promise<void> {
    const { release, wake, removes } = planEnding(owner.object, dependents);
    const uid = uidOf(owner.object);
    for (const { resource, object } of wake) this.#add(resource, object);
    for (const dependent of release) {
      const others = ownersOf(dependent.object).filter((reference) => reference.uid !== uid);
      await this.#unlessGone(() => this.#refer(dependent, others));
    }
    if (removes === undefined) return;
    await this.#patch(owner, { finalizers: withoutFinalizer(owner.object, removes) });
  }

  async #apply(item: Dependent, { ownerReferences, deletion }: Collection): Promise<void> {
    let { object } = item;
    if (ownerReferences !== undefined) object = await this.#refer(item, ownerReferences);
    if (deletion === undefined) return;
    const { namespace = "", name, resourceVersion = "" } = object.metadata;
    await this.#with.api.delete(item.resource, namespace, name, {
      uid: uidOf(object),
      resourceVersion,
      propagationPolicy: deletion,
    });
  }

  #refer(item: Dependent, ownerReferences: readonly OwnerReference[]): Promise<KubeObject> {
    return this.#patch(item, {
      ownerReferences: ownerReferences.length === 0 ? null : ownerReferences,
    });
  }

  /** Of the version that the plan saw, or not at all. */
  #patch({ resource, object }: Dependent, metadata: object): Promise<KubeObject> {
    const { namespace = "", name, uid, resourceVersion } = object.metadata;
    const patch = { metadata: { ...metadata, uid, resourceVersion } };
    return this.#with.api.patch(resource, { namespace, name }, "merge", patch);
  }

  async #unlessGone(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
  }

  /** What the caches say of an owner; undefined where it may be gone. */
  #known(
    reference: OwnerReference,
    dependent: Readonly<KubeObject>,
  ): { state: OwnerState; resource: Resource<KubeObject>; object: KubeObject } | undefined {
    const followed = this.#followed.get(typeOf(reference));
    if (followed === undefined) return undefined;
    const { resource, cache } = followed;
    const object = cache.get(resource, placeOf(resource, dependent), reference.name);
    if (object === undefined || uidOf(object) !== reference.uid) return undefined;
    return { state: isWaiting(object) ? "waiting" : "there", resource, object };
  }

  /** An owner of a kind that is not served, or in a namespace that nobody can know, is not called gone. */
  async #stateOf(
    reference: OwnerReference,
    dependent: Readonly<KubeObject>,
  ): Promise<OwnerState> {
    const known = this.#known(reference, dependent);
    if (known !== undefined) return known.state;
    if (this.#gone.has(reference.uid)) return "gone";
    const followed = this.#followed.get(typeOf(reference));
    if (followed === undefined) return "there";
    const { resource } = followed;
    const namespace = placeOf(resource, dependent);
    if (resource.isNamespaced && namespace === "") return "there";
    const asked = this.#asked.get(reference.uid) ??
      this.#read(resource, namespace, reference).finally(() => this.#asked.delete(reference.uid));
    this.#asked.set(reference.uid, asked);
    return await asked;
  }

  async #read(
    resource: Resource<KubeObject>,
    namespace: string,
    { name, uid }: OwnerReference,
  ): Promise<OwnerState> {
    try {
      const object = await this.#with.api.get(resource, namespace, name);
      if (uidOf(object) === uid) return isWaiting(object) ? "waiting" : "there";
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
    this.#noteGone(uid);
    return "gone";
  }

  #noteGone(uid: string): void {
    if (this.#gone.size >= GONE_MAX) this.#gone.clear();
    this.#gone.add(uid);
  }
}

/** A namespaced owner lives beside its dependents. */
function placeOf(
  { isNamespaced }: Resource<KubeObject>,
  { metadata }: Readonly<KubeObject>,
): string {
  return isNamespaced ? metadata.namespace ?? "" : "";
}

function typeOf({ apiVersion, kind }: { apiVersion: string; kind: string }): string {
  return `${apiVersion} ${kind}`;
}
