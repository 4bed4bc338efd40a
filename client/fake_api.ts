import type { Clock } from "../api/types/ambient.ts";
import type { TokenRequest } from "../api/types/authentication_v1.ts";
import type { Namespace, Pod } from "../api/types/core_v1.ts";
import { LEASES } from "../api/types/coordination_v1.ts";
import * as core from "../api/types/core_v1.ts";
import { NODE_LEASE_NAMESPACE } from "../api/types/drain_barrier.ts";
import { mergePatch } from "../api/types/merge_patch.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { PODS, type Resource, SERVICE_ACCOUNTS } from "../api/types/resources.ts";
import type { MessageSchema } from "../api/types/schema.ts";
import { StatusError, type StatusReason } from "../api/types/status.ts";
import { strategicMerge } from "../api/types/strategic_merge.ts";
import type {
  Api,
  DeleteOptions,
  List,
  ListOptions,
  PatchType,
  WatchEvent,
  WatchOptions,
} from "./api.ts";
import { finalizersOf, gracePeriodOf, isOver, wasHeardSince } from "./fake_deletion.ts";
import { FakeWatch } from "./fake_watch.ts";
import { matchesOptions } from "./fake_selectors.ts";

interface Change {
  readonly key: string;
  readonly revision: number;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

/** One request, as a test may want to refuse or count it. */
export interface Call {
  readonly verb: string;
  readonly resource: string;
  readonly name: string;
}

/**
 * An apiserver in memory, without HTTP, validation and defaults: revisions, conflicts, graceful deletion of pods,
 * emptying namespaces and binding are the real ones. For tests and the simulation.
 */
export class FakeApi implements Api {
  revision = 1;
  /** Watch events reach the watcher this much later. */
  watchDelayMs = 0;
  /** Every request so far, oldest first. */
  readonly calls: Call[] = [];
  /** May throw in place of the answer; called before anything is done. */
  intercept: (call: Call) => void | Promise<void> = () => {};
  readonly #clock: Clock;
  readonly #objects = new Map<string, KubeObject>();
  readonly #history: Change[] = [];
  readonly #watches = new Set<FakeWatch<Change>>();
  #compacted = 0;
  #names = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How often a verb was asked for, of all resources or of one. */
  count(verb: string, resource?: Resource<KubeObject>): number {
    return this.calls.filter((call) =>
      call.verb === verb && (resource === undefined || call.resource === resource.resource)
    ).length;
  }

  /** Forgets the history: watches from before now are Expired. */
  compact(): void {
    this.#compacted = this.revision;
    this.#history.length = 0;
  }

  /** Ends every watch, as a restart of the server does. */
  endWatches(error?: StatusError): void {
    for (const watch of this.#watches) watch.end(error);
  }

  async get<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string) {
    await this.#begin("get", resource, name);
    return this.#find<T>(resource, namespace, name);
  }

  async list<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions = {},
  ): Promise<List<T>> {
    await this.#begin("list", resource, "");
    const all = this.#select(resource, options);
    const [from, revision] = (options.continue ?? `0/${this.revision}`).split("/").map(Number);
    if (revision !== this.revision) throw new StatusError("Expired", "too old to continue");
    const end = (from ?? 0) + (options.limit ?? all.length);
    return {
      ...{ items: all.slice(from, end), resourceVersion: String(this.revision) },
      ...(end < all.length && { continue: `${end}/${revision}` }),
    };
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    await this.#begin("create", resource, object.metadata.name ?? "");
    const { generateName = "" } = object.metadata;
    const name = object.metadata.name || `${generateName}${(this.#names += 1).toString(36)}`;
    const namespace = object.metadata.namespace ?? "";
    const key = keyOf(resource, namespace, name);
    if (this.#objects.has(key)) throw failure("AlreadyExists", resource, name);
    this.#refuseTerminating(resource, namespace, name);
    const metadata = {
      ...object.metadata,
      name,
      uid: `uid-${this.revision + 1}`,
      generation: 1,
      creationTimestamp: this.#time(),
    };
    return this.#write(key, { ...object, metadata }) as T;
  }

  async update<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    await this.#begin("update", resource, object.metadata.name);
    const have = this.#expected(resource, object);
    const { status } = have as { status?: unknown };
    const next: KubeObject = { ...object, metadata: keptMetadata(have, object) };
    if (status === undefined) delete (next as { status?: unknown }).status;
    else Object.assign(next, { status });
    return this.#replace(resource, have, next) as T;
  }

  async updateStatus<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    await this.#begin("updateStatus", resource, object.metadata.name);
    const have = this.#expected(resource, object);
    const { status } = object as { status?: unknown };
    return this.#replace(resource, have, { ...have, status } as KubeObject) as T;
  }

  async replace<T extends KubeObject>(resource: Resource<T>, object: T, subresource: string) {
    if (subresource === "status") return this.updateStatus(resource, object);
    await this.#begin(subresource, resource, object.metadata.name);
    const have = this.#expected(resource, object);
    const spec = (object as unknown as Namespace).spec;
    const next = { ...have, spec } as KubeObject;
    if (next.metadata.deletionTimestamp !== undefined && !spec.finalizers?.length) {
      return this.#remove(keyOfObject(resource, have)) as T;
    }
    return this.#replace(resource, have, next) as T;
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    target: { namespace: string; name: string; subresource?: string },
    type: PatchType,
    patch: unknown,
  ): Promise<T> {
    await this.#begin("patch", resource, target.name);
    if (type === "json") throw failure("UnsupportedMediaType", resource, target.name);
    const have = this.#find(resource, target.namespace, target.name);
    const next =
      (type === "merge"
        ? mergePatch(have, patch)
        : strategicMerge(schemaOf(have), have, patch)) as KubeObject;
    this.#expected(resource, next);
    return this.#replace(resource, have, { ...next, metadata: keptMetadata(have, next) }) as T;
  }

  async delete<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.#begin("delete", resource, name);
    const have = this.#find(resource, namespace, name);
    this.#beginDeletion(resource, have, options);
  }

  async deleteCollection<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions & DeleteOptions,
  ): Promise<void> {
    await this.#begin("deleteCollection", resource, "");
    for (const object of this.#select(resource, options)) {
      this.#beginDeletion(resource, object, options);
    }
  }

  async bind(namespace: string, podName: string, podUid: string, nodeName: string) {
    await this.#begin("bind", PODS, podName);
    const pod = this.#find(PODS, namespace, podName);
    const isOther = podUid !== "" && pod.metadata.uid !== podUid;
    if (isOther || pod.spec.nodeName || pod.metadata.deletionTimestamp !== undefined) {
      throw failure("Conflict", PODS, podName);
    }
    const status = {
      ...pod.status,
      conditions: [{ type: "PodScheduled", status: "True" as const }],
    };
    this.#replace(PODS, pod, { ...pod, spec: { ...pod.spec, nodeName }, status } as Pod);
  }

  /** The token says which one it is of those given out. */
  async requestToken(namespace: string, account: string, request: TokenRequest) {
    await this.#begin("requestToken", SERVICE_ACCOUNTS, account);
    this.#find(SERVICE_ACCOUNTS, namespace, account);
    const { expirationSeconds = 3600 } = request.spec;
    const expirationTimestamp = this.#time(expirationSeconds * 1000);
    const token = `token-${this.count("requestToken")}-of-${account}`;
    return { ...request, status: { token, expirationTimestamp } };
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    await this.#begin("watch", resource, "");
    const after = Number(options.resourceVersion);
    if (after < this.#compacted) throw failure("Expired", resource, "");
    const watch = new FakeWatch<Change>(signal);
    for (const change of this.#history) if (change.revision > after) watch.push(change);
    this.#watches.add(watch);
    let seen = after;
    try {
      for await (const change of watch) {
        if (change.revision <= seen) continue;
        seen = change.revision;
        const event = eventFor(change, resource, options);
        if (event !== undefined) yield event;
      }
    } finally {
      this.#watches.delete(watch);
    }
  }

  async #begin(verb: string, { resource }: Resource<KubeObject>, name: string): Promise<void> {
    const call = { verb, resource, name };
    this.calls.push(call);
    await this.intercept(call);
  }

  #select<T extends KubeObject>(resource: Resource<T>, options: ListOptions): T[] {
    const prefix = prefixOf(resource, options.namespace);
    return [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort()
      .map((key) => this.#objects.get(key) as T)
      .filter((object) => matchesOptions(object, options));
  }

  #find<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): T {
    const object = this.#objects.get(keyOf(resource, namespace, name));
    if (object === undefined) throw failure("NotFound", resource, name);
    return object as T;
  }

  #expected(resource: Resource<KubeObject>, { metadata }: KubeObject): KubeObject {
    const have = this.#find(resource, metadata.namespace ?? "", metadata.name);
    const { resourceVersion } = metadata;
    if (resourceVersion !== undefined && resourceVersion !== have.metadata.resourceVersion) {
      throw failure("Conflict", resource, metadata.name);
    }
    return have;
  }

  #leaseOfNode(object: KubeObject): KubeObject | undefined {
    const { nodeName = "" } = (object as Partial<Pod>).spec ?? {};
    return this.#objects.get(keyOf(LEASES, NODE_LEASE_NAMESPACE, nodeName));
  }

  #refuseTerminating(resource: Resource<KubeObject>, namespace: string, name: string): void {
    const holder = this.#objects.get(`v1/namespaces//${namespace}`);
    if (!resource.isNamespaced || holder?.metadata.deletionTimestamp === undefined) return;
    throw failure("Forbidden", resource, name);
  }

  #beginDeletion(resource: Resource<KubeObject>, have: KubeObject, options: DeleteOptions): void {
    const { uid, resourceVersion } = have.metadata;
    const isOther = (options.uid ?? uid) !== uid ||
      (options.resourceVersion ?? resourceVersion) !== resourceVersion;
    if (isOther || wasHeardSince(this.#leaseOfNode(have), options)) {
      throw failure("Conflict", resource, have.metadata.name);
    }
    const grace = gracePeriodOf(have, options.gracePeriodSeconds);
    const finalizers = finalizersOf(have, options);
    const isHeld = have.kind === "Namespace" || grace > 0 || finalizers.length > 0;
    if (!isHeld) return void this.#remove(keyOfObject(resource, have));
    if (have.metadata.deletionTimestamp !== undefined && grace > 0) return;
    const metadata = {
      ...have.metadata,
      ...(finalizers.length > 0 && { finalizers }),
      deletionTimestamp: this.#time(grace * 1000),
      deletionGracePeriodSeconds: grace,
    };
    const status = have.kind === "Namespace" ? { status: { phase: "Terminating" } } : {};
    this.#replace(resource, have, { ...have, metadata, ...status } as KubeObject);
  }

  #replace(resource: Resource<KubeObject>, have: KubeObject, next: KubeObject): KubeObject {
    if (isOver(next)) return this.#remove(keyOfObject(resource, have));
    const same = JSON.stringify(have) === JSON.stringify(next);
    return same ? have : this.#write(keyOfObject(resource, have), next);
  }

  #write(key: string, object: KubeObject): KubeObject {
    const revision = this.revision += 1;
    const metadata = { ...object.metadata, resourceVersion: String(revision) };
    const after = structuredClone({ ...object, metadata });
    const before = this.#objects.get(key);
    this.#objects.set(key, after);
    this.#announce({ key, revision, before, after });
    return after;
  }

  #remove(key: string): KubeObject {
    const before = this.#objects.get(key) as KubeObject;
    const revision = this.revision += 1;
    this.#objects.delete(key);
    this.#announce({ key, revision, before, after: undefined });
    return before;
  }

  #announce(change: Change): void {
    this.#history.push(change);
    const tell = () => {
      for (const watch of this.#watches) watch.push(change);
    };
    if (this.watchDelayMs === 0) tell();
    else this.#clock.after(this.watchDelayMs, tell);
  }

  #time(laterMs = 0): string {
    return new Date(this.#clock.now() + laterMs).toISOString().replace(/\.\d+Z$/, "Z");
  }
}

function schemaOf({ kind }: KubeObject): MessageSchema {
  return (core as unknown as Record<string, MessageSchema>)[kind] as MessageSchema;
}

function eventFor<T extends KubeObject>(
  { key, revision, before, after }: Change,
  resource: Resource<T>,
  options: ListOptions,
): WatchEvent<T> | undefined {
  if (!key.startsWith(prefixOf(resource, options.namespace))) return undefined;
  const was = before !== undefined && matchesOptions(before, options);
  const is = after !== undefined && matchesOptions(after, options);
  if (is) return { type: was ? "MODIFIED" : "ADDED", object: after as T };
  if (!was) return undefined;
  const metadata = { ...before.metadata, resourceVersion: String(revision) };
  return { type: "DELETED", object: { ...before, metadata } as T };
}

/** Name, uid and the times of an object's life are the server's. */
function keptMetadata(have: KubeObject, next: KubeObject): KubeObject["metadata"] {
  const { uid, creationTimestamp, resourceVersion, generation, ...rest } = have.metadata;
  const { deletionTimestamp, deletionGracePeriodSeconds } = rest;
  return {
    ...next.metadata,
    ...(uid === undefined ? {} : { uid }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(generation === undefined ? {} : { generation: generation + (specOf(have, next) ? 1 : 0) }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds }),
  };
}

function specOf(have: unknown, next: unknown): boolean {
  const spec = (object: unknown) => JSON.stringify((object as { spec?: unknown }).spec);
  return spec(have) !== spec(next);
}

function prefixOf({ apiVersion, resource }: Resource<KubeObject>, namespace?: string): string {
  return `${apiVersion}/${resource}/` + (namespace === undefined ? "" : `${namespace}/`);
}

function keyOf(resource: Resource<KubeObject>, namespace: string, name: string): string {
  return prefixOf(resource, namespace) + name;
}

function keyOfObject(resource: Resource<KubeObject>, { metadata }: KubeObject): string {
  return keyOf(resource, metadata.namespace ?? "", metadata.name);
}

function failure(reason: StatusReason, resource: Resource<KubeObject>, name: string) {
  return new StatusError(reason, `${resource.resource} "${name}": ${reason}`);
}
