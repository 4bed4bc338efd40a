import type { Key, Revision, Stored } from "./ledger.ts";
import type { KubeObject } from "../api/types/meta.ts";

/** The newest version of an object. `bytes` is made once, at commit, and shared by all who send it. */
export interface Versioned {
  readonly key: Key;
  readonly revision: Revision;
  readonly bytes: Uint8Array;
  /** Parsed on first use where it came from the ledger. */
  readonly object: Stored;
}

/** A put has `object`; a deletion has none and takes its own revision too. */
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
 * run again when another server wrote first: it must be pure. A thrown StatusError is the caller's answer
 * and nothing is written.
 */
export type Transaction = (view: View) => readonly Write[];

/** `previous` is what the write replaced. For a deletion `current` is the last state, at the deletion's revision. */
export interface StoreEvent {
  readonly type: "PUT" | "DELETE";
  readonly key: Key;
  readonly revision: Revision;
  readonly current: Versioned;
  readonly previous: Versioned | undefined;
}

/** The part that etcd plays. Reads are synchronous: the current state is in memory. */
export interface Store {
  /** Revision of the newest durable write: what a list shows. */
  readonly revision: Revision;
  /** Watches from before this revision get Expired. */
  readonly compacted: Revision;
  get(key: Key): Versioned | undefined;
  /** In key order. */
  list(prefix: Key): readonly Versioned[];
  /**
   * The state as it was after `revision`, in key order.
   * @throws {StatusError} Expired when `revision` is compacted
   */
  listAt(prefix: Key, revision: Revision): readonly Versioned[];
  /**
   * Writes what the transaction decides, all or nothing, each write with its own revision, and returns
   * the written versions once they are durable. A deletion returns the object's last state.
   * @throws {StatusError} what the transaction throws; ServiceUnavailable when the ledger cannot be written
   */
  commit(transaction: Transaction): Promise<readonly Versioned[]>;
  /**
   * Calls `deliver` with every event under `prefix` and with a revision > `after`: in order, without
   * gaps or repeats, in groups as they become durable, first the history and then what comes.
   * @returns a function that ends the watch
   * @throws {StatusError} Expired when `after` is older than `compacted`: list again
   */
  watch(
    prefix: Key,
    after: Revision,
    deliver: (events: readonly StoreEvent[]) => void,
  ): () => void;
  close(): Promise<void>;
}
