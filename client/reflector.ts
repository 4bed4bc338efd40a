import type { Clock, Log, Random } from "../api/types/ambient.ts";
import type { KubeObject } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";
import { hasReason, StatusError } from "../api/types/status.ts";
import type { Api, List, ListOptions, WatchEvent } from "./api.ts";
import { ObjectIndex } from "./object_index.ts";

export type Listener<T extends KubeObject> = (
  before: Readonly<T> | undefined,
  after: Readonly<T> | undefined,
) => void;

/** What a component that watches needs from outside. */
export interface InformerOptions {
  api: Api;
  clock: Clock;
  random: Random;
  log: Log;
  signal: AbortSignal;
  /** What is kept of an object, with its identity and version; absent: all but managed fields, which nobody keeps. */
  transform?: Transform;
}

export type Transform = <T extends KubeObject>(object: T, resource: Resource<T>) => T;

/** Objects are read in parts, so that no more of what is not kept is there at a time. Source: client-go, defaultPageSize. */
const PAGE_SIZE = 500;
/** Where little is kept of each: what is dropped goes before the collector has moved it among what lasts. */
const PAGE_SIZE_TRANSFORMED = 100;
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 30_000;
/** A watch is asked to last between this and twice this, so that not all are renewed at once. Source: client-go, minWatchTimeout. */
const WATCH_SECONDS_MIN = 300;
/** A watch that outlives its own time by this much is dead: the server is gone without a word. */
const WATCH_GRACE_MS = 30_000;
/** An attempt that lasted this long is no failure, though it brought nothing. */
const ATTEMPT_IS_GOOD_MS = 1_000;

/** What one resource looks like by its watch: listed once, followed from there, listed again only on Expired. */
export class Reflector<T extends KubeObject> {
  readonly #resource: Resource<T>;
  readonly #filter: ListOptions;
  readonly #with: InformerOptions;
  readonly #objects = new ObjectIndex<T>();
  readonly #listeners = new Set<Listener<T>>();
  readonly #listed = Promise.withResolvers<void>();
  #revision = "";
  #mustList = true;
  /** The server had forgotten the revision of the last list before its last page. */
  #listsWhole = false;
  #failures = 0;

  constructor(resource: Resource<T>, filter: ListOptions, options: InformerOptions) {
    this.#resource = resource;
    this.#filter = filter;
    this.#with = options;
  }

  get filter(): ListOptions {
    return this.#filter;
  }

  /** 0 until the first list. */
  get revision(): number {
    return Number(this.#revision);
  }

  /** Resolves after the first list. */
  get listed(): Promise<void> {
    return this.#listed.promise;
  }

  get(namespace: string, name: string): Readonly<T> | undefined {
    return this.#objects.get(namespace, name);
  }

  list(namespace?: string): readonly Readonly<T>[] {
    return this.#objects.list(namespace);
  }

  controlledBy(namespace: string, uid: string): readonly Readonly<T>[] {
    return this.#objects.controlledBy(namespace, uid);
  }

  labelled(namespace: string, label: string, value: string): readonly Readonly<T>[] {
    return this.#objects.labelled(namespace, label, value);
  }

  onChange(listener: Listener<T>): () => void {
    const own: Listener<T> = (before, after) => listener(before, after);
    for (const object of this.#objects.list()) own(undefined, object);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Keeps the objects up to date until the signal aborts. */
  async run(): Promise<void> {
    const { clock, signal } = this.#with;
    while (!signal.aborted) {
      const began = clock.now();
      try {
        if (this.#mustList) await this.#relist();
        await this.#follow();
      } catch (error) {
        this.#note(error);
      }
      if (clock.now() - began >= ATTEMPT_IS_GOOD_MS) this.#failures = 0;
      if (signal.aborted) return;
      await clock.sleep(this.#backoffMs(), signal);
      this.#failures += 1;
    }
  }

  #note(error: unknown): void {
    if (!(error instanceof StatusError)) throw error;
    if (hasReason(error, "Expired", "Gone")) {
      this.#listsWhole = this.#mustList;
      this.#mustList = true;
    }
    this.#with.log(`Cannot watch ${this.#resource.resource}: ${error.message}`, {
      reason: error.reason,
      failures: this.#failures + 1,
    });
  }

  #backoffMs(): number {
    const full = Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(this.#failures, 16), BACKOFF_MAX_MS);
    return full * (0.5 + this.#with.random() / 2);
  }

  async #relist(): Promise<void> {
    const gone = new Map(
      this.#objects.list().map((object) => [keyOf(object), object]),
    );
    let revision = "";
    for await (const { items, resourceVersion } of this.#pages()) {
      for (const object of items) {
        gone.delete(keyOf(object));
        this.#put(object);
      }
      revision = resourceVersion;
    }
    for (const object of gone.values()) this.#remove(object);
    this.#revision = revision;
    this.#mustList = false;
    this.#listed.resolve();
  }

  /** All of one revision. */
  async *#pages(): AsyncGenerator<List<T>, void, void> {
    const { api, transform } = this.#with;
    const limit = transform === undefined ? PAGE_SIZE : PAGE_SIZE_TRANSFORMED;
    const options = this.#listsWhole ? this.#filter : { ...this.#filter, limit };
    let page = await api.list(this.#resource, options);
    yield page;
    while (page.continue !== undefined) {
      page = await api.list(this.#resource, { ...options, continue: page.continue });
      yield page;
    }
  }

  async #follow(): Promise<void> {
    const { api, clock, random, signal } = this.#with;
    const timeoutSeconds = Math.floor(WATCH_SECONDS_MIN * (1 + random()));
    const attempt = new AbortController();
    const end = () => attempt.abort();
    signal.addEventListener("abort", end);
    const cancelDeadline = clock.after(timeoutSeconds * 1000 + WATCH_GRACE_MS, end);
    const options = { ...this.#filter, resourceVersion: this.#revision, timeoutSeconds };
    try {
      for await (const event of api.watch(this.#resource, options, attempt.signal)) {
        this.#failures = 0;
        this.#take(event);
      }
    } finally {
      cancelDeadline();
      signal.removeEventListener("abort", end);
    }
  }

  #take({ type, object }: WatchEvent<T>): void {
    this.#revision = object.metadata.resourceVersion ?? this.#revision;
    if (type === "DELETED") this.#remove(object);
    else if (type !== "BOOKMARK") this.#put(object);
  }

  #put(found: T): void {
    const whole = withoutManagers(found);
    const object = this.#with.transform?.(whole, this.#resource) ?? whole;
    const { namespace = "", name, uid, resourceVersion } = object.metadata;
    const before = this.#objects.get(namespace, name);
    if (before?.metadata.resourceVersion === resourceVersion && before !== undefined) return;
    if (before !== undefined && before.metadata.uid !== uid) this.#remove(before);
    this.#objects.put(object);
    this.#tell(before?.metadata.uid === uid ? before : undefined, object);
  }

  #remove(object: T): void {
    const { namespace = "", name } = object.metadata;
    const before = this.#objects.get(namespace, name);
    if (before === undefined) return;
    this.#objects.remove(before);
    this.#tell(before, undefined);
  }

  #tell(before: T | undefined, after: T | undefined): void {
    for (const listener of this.#listeners) listener(before, after);
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

/** Nobody decides by managed fields, which are a good part of an object; an update without them leaves them alone. */
function withoutManagers<T extends KubeObject>(object: T): T {
  const { managedFields, ...metadata } = object.metadata;
  return managedFields === undefined ? object : { ...object, metadata };
}
