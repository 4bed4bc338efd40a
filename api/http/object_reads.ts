import type { Clock } from "../types/ambient.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import { StatusError } from "../types/status.ts";
import { keyOf, prefixOf } from "../registry/keys.ts";
import { type Selection, selectionOf } from "../registry/selection.ts";
import type { Revision } from "../../store/ledger.ts";
import type { StoreEvent, Versioned } from "../../store/store.ts";
import type { Catalog, Served } from "./catalog.ts";
import { noSuchPath } from "./documents.ts";
import { eventTypeFor, shownIn, type WatchEventType } from "./event_bytes.ts";
import { fromTheFuture } from "./watch_hub.ts";

/** What a list or a watch is about. */
export interface Extent {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly onlyMetadata?: true;
}

export interface Following extends Extent {
  readonly resourceVersion: string;
  readonly timeoutSeconds?: number;
}

export interface ObjectEvent {
  readonly type: WatchEventType | "BOOKMARK";
  readonly object: KubeObject;
}

/** After so long without a pause others get a turn: old objects are parsed when they are listed first. */
const TURN_MS = 10;

/** Of a reader that was away for so long that others must have thought it dead. */
const EVENTS_WAITING_MAX = 100_000;

/** Lists and watches of a component in the same process: the objects of the store themselves, which nobody may change. */
export class ObjectReads {
  readonly #catalog: Catalog;
  readonly #clock: Clock;

  constructor(catalog: Catalog, clock: Clock) {
    this.#catalog = catalog;
    this.#clock = clock;
  }

  /** @throws {StatusError} NotFound where the kind is not served, BadRequest on a wrong selector */
  async list(
    resource: Resource<KubeObject>,
    extent: Extent,
  ): Promise<{ items: KubeObject[]; resourceVersion: string }> {
    const { kind, registry: { store } } = this.#served(resource);
    const selection = selectionIn(kind, extent);
    await store.catchUp();
    const { revision } = store;
    const items: KubeObject[] = [];
    let from = this.#clock.now();
    for (const version of store.list(prefixIn(kind, extent))) {
      if (selection.isEverything || selection.matches(version.object)) {
        items.push(shownTo(extent, version));
      }
      if (items.length % 100 !== 0 || this.#clock.now() - from < TURN_MS) continue;
      await this.#clock.sleep(0);
      from = this.#clock.now();
    }
    return { items, resourceVersion: String(revision) };
  }

  /**
   * Ends with the signal, after its time, and when the kind is served no longer.
   * @throws {StatusError} Expired: list again; and what `list` throws
   */
  async *watch(
    resource: Resource<KubeObject>,
    following: Following,
    signal: AbortSignal,
  ): AsyncGenerator<ObjectEvent, void, void> {
    const { kind, hub, registry: { store } } = this.#served(resource);
    const selection = selectionIn(kind, following);
    const after = Number(following.resourceVersion);
    if (after > store.revision) throw fromTheFuture(after, store.revision);
    const mailbox = new Mailbox();
    const stop = store.watch(prefixIn(kind, following), after, (events) => mailbox.put(events));
    const { timeoutSeconds } = following;
    const cancel = timeoutSeconds && this.#clock.after(timeoutSeconds * 1000, () => {
      stop();
      mailbox.end(store.revision);
    });
    const release = mailbox.endOn([signal, hub.closing]);
    try {
      for (let events = await mailbox.take(); events; events = await mailbox.take()) {
        yield* shownOf(events, selection, following);
      }
      if (mailbox.complete > 0) yield bookmarkOf(resource, mailbox.complete);
    } finally {
      stop();
      release();
      if (cancel) cancel();
    }
  }

  /** The first kind that is served under this name, an alias of it included; undefined where none is. */
  resourceNamed(name: string): Resource<KubeObject> | undefined {
    return this.#catalog.named(name)?.kind.resource;
  }

  resourceOfKind(apiVersion: string, kind: string): Resource<KubeObject> | undefined {
    const resources = this.#catalog.all.map((served) => served.kind.resource);
    return resources.find((one) => one.apiVersion === apiVersion && one.kind === kind);
  }

  /** @returns undefined where it is not there */
  async get(
    resource: Resource<KubeObject>,
    namespace: string,
    name: string,
  ): Promise<KubeObject | undefined> {
    const { store } = this.#served(resource).registry;
    await store.catchUp();
    return store.get(keyOf(resource, namespace, name))?.object;
  }

  /** The writes of one object that the store remembers, oldest first. */
  async history(
    resource: Resource<KubeObject>,
    namespace: string,
    name: string,
  ): Promise<readonly StoreEvent[]> {
    const { store } = this.#served(resource).registry;
    await store.catchUp();
    const key = keyOf(resource, namespace, name);
    const found: StoreEvent[] = [];
    const stop = store.watch(key, store.compacted, (events) => found.push(...events));
    await Promise.resolve(); // history comes no later than in the first microtask
    stop();
    return found.filter((event) => event.key === key); // not those of web-2
  }

  #served({ apiVersion, resource }: Resource<KubeObject>): Served {
    const served = this.#catalog.find(apiVersion, resource);
    if (served === undefined) throw noSuchPath();
    return served;
  }
}

/** Events between the store, which waits for nobody, and the one who takes them. */
class Mailbox {
  /** Set at an orderly end: every event up to this revision was put here. */
  complete: Revision = 0;
  #events: StoreEvent[] = [];
  #isEnded = false;
  #filled = () => {};

  put(events: readonly StoreEvent[]): void {
    for (const event of events) this.#events.push(event);
    this.#filled();
  }

  end(complete: Revision = 0): void {
    this.complete = complete;
    this.#isEnded = true;
    this.#filled();
  }

  /** Ends as soon as one of `signals` aborts. @returns what forgets them */
  endOn(signals: readonly AbortSignal[]): () => void {
    const end = () => this.end();
    for (const signal of signals) {
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
    }
    return () => signals.forEach((signal) => signal.removeEventListener("abort", end));
  }

  /**
   * @returns all that waits, as soon as there is something; undefined at the end
   * @throws {StatusError} Timeout when it waited for too long: watch again from the last one
   */
  async take(): Promise<readonly StoreEvent[] | undefined> {
    if (this.#events.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => this.#filled = resolve);
    }
    const events = this.#events;
    this.#events = [];
    if (events.length > EVENTS_WAITING_MAX) {
      throw new StatusError("Timeout", `Cannot watch on: ${events.length} events wait`);
    }
    return events.length > 0 ? events : undefined;
  }
}

function* shownOf(
  events: readonly StoreEvent[],
  selection: Selection,
  extent: Extent,
): Generator<ObjectEvent, void> {
  for (const event of events) {
    const type = eventTypeFor(event, selection);
    if (type !== undefined) yield { type, object: shownTo(extent, shownIn(event, type)) };
  }
}

function shownTo({ onlyMetadata }: Extent, { object }: Pick<Versioned, "object">): KubeObject {
  if (onlyMetadata !== true) return object;
  const { apiVersion, kind, metadata } = object;
  return { apiVersion, kind, metadata };
}

function bookmarkOf({ apiVersion, kind }: Resource<KubeObject>, revision: number): ObjectEvent {
  const metadata = { name: "", resourceVersion: String(revision) };
  return { type: "BOOKMARK", object: { apiVersion, kind, metadata } };
}

function selectionIn(kind: Served["kind"], { labelSelector, fieldSelector }: Extent): Selection {
  return selectionOf(kind, labelSelector ?? "", fieldSelector ?? "");
}

function prefixIn({ resource }: Served["kind"], { namespace }: Extent): string {
  return prefixOf(resource, resource.isNamespaced ? namespace : undefined);
}
