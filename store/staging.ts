import { StatusError } from "../api/types/status.ts";
import type { Key, Revision } from "./ledger.ts";
import type { SortedVersions } from "./sorted_versions.ts";
import type { StoreEvent, Transaction, Versioned, View, Write } from "./store.ts";
import { encodeVersion, LastState, rejectTooLarge } from "./version.ts";

/**
 * The state as the next transaction sees it: what is durable, and over it what waits to be. The durable part
 * belongs to the store; only events that are laid down here and not settled yet are ours.
 */
export class Staging implements View {
  readonly #durable: SortedVersions;
  /** Newest waiting event of each key, by the first part of the key: lists are of one kind, and most are of others. */
  readonly #waiting = new Map<string, Map<Key, StoreEvent>>();
  revision: Revision;
  constructor(durable: SortedVersions, revision: Revision) {
    this.#durable = durable;
    this.revision = revision;
  }

  get(key: Key): Versioned | undefined {
    const event = this.#waiting.get(firstPart(key))?.get(key);
    return event === undefined ? this.#durable.get(key) : standing(event);
  }

  list(prefix: Key): readonly Versioned[] {
    const versions = this.#durable.list(prefix);
    if (this.#waiting.size === 0) return versions;
    const changed = new Map<Key, Versioned | undefined>();
    for (const events of this.#waitingUnder(prefix)) {
      for (const event of events.values()) {
        if (event.key.startsWith(prefix)) changed.set(event.key, standing(event));
      }
    }
    return changed.size === 0 ? versions : overlaid(versions, changed);
  }

  /** Maps that may hold what begins with `prefix`. */
  #waitingUnder(prefix: Key): Iterable<ReadonlyMap<Key, StoreEvent>> {
    if (!prefix.includes("/")) return this.#waiting.values();
    const events = this.#waiting.get(firstPart(prefix));
    return events === undefined ? NOTHING : [events];
  }

  /**
   * Runs a transaction and lays down what it writes.
   * @param writesMax of one transaction
   * @throws what the transaction throws, and RequestEntityTooLarge; nothing is laid down then
   */
  run(transaction: Transaction, at: number, writesMax: number): StoreEvent[] {
    const writes = transaction(this);
    if (writes.length > writesMax) {
      const message = `Cannot commit ${writes.length} writes at once: the limit is ${writesMax}`;
      throw new StatusError("RequestEntityTooLarge", message);
    }
    const own = new Map<Key, StoreEvent>();
    const events: StoreEvent[] = [];
    for (const write of writes) {
      const earlier = own.get(write.key);
      const previous = earlier === undefined ? this.get(write.key) : standing(earlier);
      const event = eventOf(write, previous, this.revision + events.length + 1, at);
      own.set(write.key, event);
      events.push(event);
    }
    for (const event of own.values()) this.#lay(event);
    this.revision += events.length;
    return events;
  }

  #lay(event: StoreEvent): void {
    const first = firstPart(event.key);
    const events = this.#waiting.get(first);
    if (events === undefined) this.#waiting.set(first, new Map([[event.key, event]]));
    else events.set(event.key, event);
  }

  /** These events are durable now and part of the durable state. */
  settle(events: readonly StoreEvent[]): void {
    for (const event of events) {
      const first = firstPart(event.key);
      const events = this.#waiting.get(first);
      if (events?.get(event.key) !== event) continue;
      events.delete(event.key);
      if (events.size === 0) this.#waiting.delete(first);
    }
  }

  /** Nothing waits any more; the next write follows `revision`. */
  reset(revision: Revision): void {
    this.#waiting.clear();
    this.revision = revision;
  }
}

const NOTHING: readonly ReadonlyMap<Key, StoreEvent>[] = [];

/** Of most keys the resource; the key itself where it has one part. */
function firstPart(key: Key): string {
  const slash = key.indexOf("/");
  return slash < 0 ? key : key.slice(0, slash);
}

function eventOf(
  { key, object }: Write,
  previous: Versioned | undefined,
  revision: Revision,
  at: number,
): StoreEvent {
  if (object !== undefined) {
    const current = encodeVersion(key, revision, object);
    rejectTooLarge(current);
    return { type: "PUT", key, revision, at, current, previous };
  }
  if (previous === undefined) {
    throw new StatusError("NotFound", `Cannot delete ${key}: it is not there`);
  }
  return {
    type: "DELETE",
    key,
    revision,
    at,
    current: new LastState(revision, previous),
    previous,
  };
}

/** What is under the key after the event. */
function standing(event: StoreEvent): Versioned | undefined {
  return event.type === "PUT" ? event.current : undefined;
}

/** @returns `versions`, with each key of `changed` as it says there, in key order */
export function overlaid(
  versions: readonly Versioned[],
  changed: ReadonlyMap<Key, Versioned | undefined>,
): Versioned[] {
  const added = [...changed.values()].filter((version) => version !== undefined)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const merged: Versioned[] = [];
  let next = 0;
  for (const version of versions) {
    for (let one = added[next]; one && one.key < version.key; one = added[next]) {
      merged.push(one);
      next += 1;
    }
    if (!changed.has(version.key)) merged.push(version);
  }
  return merged.concat(added.slice(next));
}
