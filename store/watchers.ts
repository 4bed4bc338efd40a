import type { Log } from "../api/types/ambient.ts";
import type { Key, Revision } from "./ledger.ts";
import type { StoreEvent } from "./store.ts";

type Deliver = (events: readonly StoreEvent[]) => void;

interface Watcher {
  /** Everything up to here is delivered or in `backlog`. */
  position: Revision;
  backlog: readonly StoreEvent[];
  isEnded: boolean;
  readonly deliver: Deliver;
}

/** Who gets which events. Watchers of one prefix share the work of picking them. */
export class Watchers {
  readonly #byPrefix = new Map<Key, Set<Watcher>>();
  readonly #log: Log;
  constructor(log: Log) {
    this.#log = log;
  }

  /** @param backlog goes first, in a microtask; `position` is the revision of the state it leads up to */
  add(prefix: Key, position: Revision, backlog: readonly StoreEvent[], deliver: Deliver) {
    const watcher: Watcher = { position, backlog, isEnded: false, deliver };
    const group = this.#byPrefix.get(prefix) ?? new Set();
    this.#byPrefix.set(prefix, group.add(watcher));
    if (backlog.length > 0) queueMicrotask(() => this.#deliverBacklog(watcher));
    return () => {
      watcher.isEnded = true;
      group.delete(watcher);
      if (group.size === 0 && this.#byPrefix.get(prefix) === group) this.#byPrefix.delete(prefix);
    };
  }

  publish(events: readonly StoreEvent[]): void {
    const last = events.at(-1)?.revision ?? 0;
    for (const [prefix, group] of this.#byPrefix) {
      const under = events.filter((event) => event.key.startsWith(prefix));
      for (const watcher of group) this.#advance(watcher, under, last);
    }
  }

  clear(): void {
    for (const group of this.#byPrefix.values()) {
      for (const watcher of group) watcher.isEnded = true;
    }
    this.#byPrefix.clear();
  }

  #advance(watcher: Watcher, under: readonly StoreEvent[], last: Revision): void {
    if (watcher.position >= last) return;
    this.#deliverBacklog(watcher);
    const from = watcher.position;
    watcher.position = last;
    const isPast = under.length > 0 && (under[0]?.revision ?? 0) <= from;
    const events = isPast ? under.filter((event) => event.revision > from) : under;
    this.#deliver(watcher, events);
  }

  #deliverBacklog(watcher: Watcher): void {
    const { backlog } = watcher;
    watcher.backlog = [];
    this.#deliver(watcher, backlog);
  }

  #deliver(watcher: Watcher, events: readonly StoreEvent[]): void {
    if (events.length === 0 || watcher.isEnded) return;
    try {
      watcher.deliver(events);
    } catch (error) {
      this.#log("A watcher failed on its events", { revision: events.at(-1)?.revision, error });
    }
  }
}
