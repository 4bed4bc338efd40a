import type { Key, Ledger, Loaded, Present, Record, Revision } from "./ledger.ts";
import { recordOf, restore } from "./restore.ts";

/** As much as a group of commits has on Deno KV. */
const LIMITS = { records: 120, bytes: 512 * 1024 };

/** What a MemoryLedger leaves behind when it closes; several may share one, as servers share an etcd. */
export class MemoryMedium {
  readonly present = new Map<Key, Present>();
  /** Every record after `compacted`. */
  readonly records: Record[] = [];
  compacted: Revision = 0;
  /** Called after each append. */
  readonly followers = new Set<() => void>();

  get head(): Revision {
    return this.compacted + this.records.length;
  }

  after(revision: Revision): readonly Record[] {
    return this.records.slice(Math.max(0, revision - this.compacted));
  }
}

/** A ledger that lasts as long as its medium: for tests and simulation. */
export class MemoryLedger implements Ledger {
  readonly limits = LIMITS;
  readonly isShared: boolean = false;
  readonly #medium: MemoryMedium;
  constructor(medium: MemoryMedium = new MemoryMedium()) {
    this.#medium = medium;
  }

  load(): Promise<Loaded> {
    const { head, compacted, present, records } = this.#medium;
    return Promise.resolve({
      head,
      compacted,
      present: once([...present.values()]),
      history: once(records.slice()),
    });
  }

  append(expectedHead: Revision, records: readonly Record[]): Promise<boolean> {
    if (this.#medium.head !== expectedHead) return Promise.resolve(false);
    for (const record of records) {
      const { key, revision, bytes } = record;
      if (bytes === undefined) this.#medium.present.delete(key);
      else this.#medium.present.set(key, { key, revision, bytes });
      this.#medium.records.push(record);
    }
    for (const tell of this.#medium.followers) tell();
    return Promise.resolve(true);
  }

  readAfter(revision: Revision): Promise<readonly Record[]> {
    return Promise.resolve(this.#medium.after(revision));
  }

  compact(revision: Revision): Promise<void> {
    const forgotten = Math.min(revision, this.#medium.head) - this.#medium.compacted;
    if (forgotten <= 0) return Promise.resolve();
    this.#medium.records.splice(0, forgotten);
    this.#medium.compacted += forgotten;
    return Promise.resolve();
  }

  async fill(content: Loaded): Promise<void> {
    const medium = this.#medium;
    if (medium.head > 0) throw new Error(`Cannot fill a ledger that is at ${medium.head}`);
    const { present, events } = await restore(content);
    for (const { key, revision, bytes } of present) {
      medium.present.set(key, { key, revision, bytes });
    }
    medium.records.push(...events.map(recordOf));
    medium.compacted = content.compacted;
  }

  async *follow(after: Revision, signal: AbortSignal): AsyncIterable<readonly Record[]> {
    let wake = Promise.withResolvers<void>();
    const tell = () => wake.resolve();
    this.#medium.followers.add(tell);
    signal.addEventListener("abort", tell, { once: true });
    try {
      for (let seen = after; !signal.aborted; wake = Promise.withResolvers<void>()) {
        const records = this.#medium.after(seen);
        seen += records.length;
        if (records.length > 0) yield records;
        else await wake.promise;
      }
    } finally {
      this.#medium.followers.delete(tell);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function* once<T>(group: readonly T[]): AsyncIterable<readonly T[]> {
  await Promise.resolve();
  yield group;
}
