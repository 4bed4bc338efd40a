import type { Key, Loaded, Revision, Stored } from "./ledger.ts";
import type { KubeObject } from "../api/types/meta.ts";

/** The newest version of an object. `bytes` is made once, at commit, and shared by all who send it. */
export interface Versioned {
  readonly key: Key;
  readonly revision: Revision;
  readonly bytes: Uint8Array;
  /** Parsed on first use where it came from the ledger. */
  readonly object: Stored;
}

/**
 * A put has `object`, whose resourceVersion is set for you; a deletion has none and takes its own revision too.
 * A transaction may write a key twice. It may delete only what is there: NotFound otherwise.
 */
export interface Write {
  readonly key: Key;
  readonly object: KubeObject | undefined;
}

/** What a transaction sees: everything committed, and everything that will be durable before it. */
export interface View {
  /** Revision of the write that the next one follows. */
  readonly revision: Revision;
  get(key: Key): Versioned | undefined;
  /** In key order. */
  list(prefix: Key): readonly Versioned[];
}

/**
 * Decides what to write from what is there. It runs at the moment of the commit, so no other write comes
 * between what it sees and what it writes: preconditions, allocations and quotas need no retries. It may
 * run again when another server wrote first: it must be pure, and leave alone the objects that it is given and
 * gives. A thrown StatusError is the caller's answer and nothing is written. No writes: nothing to do.
 */
export type Transaction = (view: View) => readonly Write[];

/** `previous` is what the write replaced. For a deletion `current` is the last state, at the deletion's revision. */
export interface StoreEvent {
  readonly type: "PUT" | "DELETE";
  readonly key: Key;
  readonly revision: Revision;
  /** When the write was made, in milliseconds since 1970. */
  readonly at: number;
  readonly current: Versioned;
  readonly previous: Versioned | undefined;
}

/** The part that etcd plays. Reads are synchronous: the current state is in memory. */
export interface Store {
  /** Revision of the newest durable write: what a list shows. */
  readonly revision: Revision;
  /** Watches from before this revision get Expired. */
  readonly compacted: Revision;
  /** Other servers write too: reads may be older than what one of them has acknowledged, by a moment. */
  readonly isShared: boolean;
  /**
   * After it, reads show everything that was acknowledged before the call, by whichever server. Commits need no
   * such call: what they decide on is never old.
   * @throws {StatusError} ServiceUnavailable when the ledger does not tell
   */
  catchUp(): Promise<void>;
  get(key: Key): Versioned | undefined;
  /** In key order. */
  list(prefix: Key): readonly Versioned[];
  /**
   * The state as it was after `revision`, in key order.
   * @throws {StatusError} Expired when `revision` is compacted; Timeout when it is still to come
   */
  listAt(prefix: Key, revision: Revision): readonly Versioned[];
  /**
   * The revision of the state at a time, in milliseconds since 1970: that of the newest write until then.
   * @throws {StatusError} Expired when that state is compacted
   */
  revisionAt(time: number): Revision;
  /**
   * Writes what the transaction decides, all or nothing, each write with its own revision, and returns
   * the written versions once they are durable. A deletion returns the object's last state.
   * @throws {StatusError} what the transaction throws; RequestEntityTooLarge for an object over 1.5 MiB or too
   * many writes; ServiceUnavailable when the ledger cannot be written, and then the writes may still turn up;
   * TooManyRequests when too much waits
   */
  commit(transaction: Transaction): Promise<readonly Versioned[]>;
  /**
   * Calls `deliver` with every event under `prefix` and with a revision > `after`: in order, without
   * gaps or repeats, in groups as they become durable, first the history and then what comes. The first call
   * comes after `watch` has returned; what is history at that moment comes in one call, no later than in the
   * first microtask. Watchers of one prefix share the arrays. What `deliver` throws is logged.
   * @returns a function that ends the watch
   * @throws {StatusError} Expired when `after` is older than `compacted`: list again
   */
  watch(
    prefix: Key,
    after: Revision,
    deliver: (events: readonly StoreEvent[]) => void,
  ): () => void;
  /** Lines of Prometheus's text format: appends and their time, writes, history. */
  metrics(): string[];
  /** All of it as it is now, for a ledger to be filled with. It may be read while writes go on. */
  copy(): Loaded;
  close(): Promise<void>;
}
