import { StatusError } from "../api/types/status.ts";
import type { Key, Revision } from "./ledger.ts";
import type { StoreEvent, Versioned } from "./store.ts";

/** How far back watches resume and lists reach. Whatever is passed first, forgets. */
export interface HistoryLimits {
  readonly events: number;
  /** Of versions that only the history still holds. */
  readonly bytes: number;
  readonly ageMs: number;
  /** So many of the newest events are kept at any age: a quiet cluster forgets nothing. */
  readonly youngEvents: number;
}

/** Ten minutes is twice what kube-apiserver keeps at least; the counts bound memory under load. */
export const HISTORY_LIMITS: HistoryLimits = {
  events: 100_000,
  bytes: 32 * 1024 * 1024,
  ageMs: 10 * 60_000,
  youngEvents: 1_000,
};

/** Every event after `compacted`, by revision: they have no gaps, so the place of each is known. */
export class History {
  #events: (StoreEvent | undefined)[] = [];
  /** Index of the oldest event that is still there. */
  #start = 0;
  #bytes = 0;
  /** From here on the state after `compacted` is known to have been there. */
  #compactedAt: number;
  constructor(
    public compacted: Revision,
    readonly limits: HistoryLimits = HISTORY_LIMITS,
    openedAt = Infinity,
  ) {
    this.#compactedAt = compacted === 0 ? -Infinity : openedAt;
  }

  get size(): number {
    return this.#events.length - this.#start;
  }

  get newestAt(): number {
    return this.#events.at(-1)?.at ?? 0;
  }

  push(event: StoreEvent): void {
    this.#events.push(event);
    this.#bytes += event.previous?.bytes.length ?? 0;
  }

  /** @throws {StatusError} Expired when something after `revision` is forgotten */
  rejectForgotten(revision: Revision): void {
    if (revision >= this.compacted) return;
    const message = `too old resource version: ${revision} (${this.compacted})`;
    throw new StatusError("Expired", message);
  }

  after(revision: Revision, prefix: Key): StoreEvent[] {
    const from = this.#start + Math.max(0, revision - this.compacted);
    const found: StoreEvent[] = [];
    for (let at = from; at < this.#events.length; at += 1) {
      const event = this.#events[at];
      if (event?.key.startsWith(prefix)) found.push(event);
    }
    return found;
  }

  /**
   * Of the newest write until `time`.
   * @throws {StatusError} Expired when it is forgotten
   */
  revisionAt(time: number): Revision {
    let low = this.#start;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.at ?? 0) <= time) low = middle + 1;
      else high = middle;
    }
    if (low > this.#start) return this.compacted + low - this.#start;
    if (time >= this.#compactedAt) return this.compacted;
    const message = `the state at ${new Date(time).toISOString()} is forgotten`;
    throw new StatusError("Expired", message);
  }

  /** What each key under `prefix` that changed after `revision` was before: undefined where it was not there. */
  replacedAfter(revision: Revision, prefix: Key): Map<Key, Versioned | undefined> {
    const before = new Map<Key, Versioned | undefined>();
    for (const event of this.after(revision, prefix)) {
      if (!before.has(event.key)) before.set(event.key, event.previous);
    }
    return before;
  }

  /** Forgets what passes the limits. */
  trim(now: number): void {
    for (let event = this.#events[this.#start]; event; event = this.#events[this.#start]) {
      if (!this.#isOver(event, now)) break;
      this.#events[this.#start] = undefined;
      this.#start += 1;
      this.#bytes -= event.previous?.bytes.length ?? 0;
      this.compacted = event.revision;
      this.#compactedAt = event.at;
    }
    if (this.#start < 1_000 || this.#start < this.#events.length / 2) return;
    this.#events = this.#events.slice(this.#start);
    this.#start = 0;
  }

  #isOver(oldest: StoreEvent, now: number): boolean {
    const { events, bytes, ageMs, youngEvents } = this.limits;
    if (this.size > events || this.#bytes > bytes) return true;
    return this.size > youngEvents && now - oldest.at > ageMs;
  }
}
