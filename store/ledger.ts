import type { KubeObject } from "../api/types/meta.ts";

/** One number for the whole cluster, from 1, growing by one with every object written or deleted. */
export type Revision = number;

/** `resource/namespace/name`, with an empty namespace for cluster-scoped kinds; group before the resource when there is one. */
export type Key = string;

/** The version that a change took the place of. */
export interface Replaced {
  readonly revision: Revision;
  readonly bytes: Uint8Array;
}

/** That a key was written or deleted, and what was there before. */
export interface Change {
  readonly key: Key;
  readonly revision: Revision;
  /** When the write was made, in milliseconds since 1970: reads "as of" a time need it. Never falls. */
  readonly at: number;
  /** undefined where the key was new. */
  readonly replaced: Replaced | undefined;
}

/** A change with the version it made: `bytes` is its JSON, or undefined where it was deleted. */
export interface Record extends Change {
  readonly bytes: Uint8Array | undefined;
}

/** What an append wrote, as its followers need it: what it took the place of they know. */
export type Followed = Omit<Record, "replaced">;

/** The newest version of an object. */
export interface Present {
  readonly key: Key;
  readonly revision: Revision;
  readonly bytes: Uint8Array;
}

/** Everything a store starts from. Both parts come in groups; `present` is read to its end first. */
export interface Loaded {
  readonly head: Revision;
  /** Changes up to this revision are forgotten. */
  readonly compacted: Revision;
  /** The newest version of every object that is not deleted, in any order. */
  readonly present: AsyncIterable<readonly Present[]>;
  /** Every change after `compacted`, in revision order, without gaps. */
  readonly history: AsyncIterable<readonly Change[]>;
}

/** What one append takes. A store makes its groups no larger; one transaction alone may exceed `bytes`. */
export interface AppendLimits {
  readonly records: number;
  /** Of the versions written and of those replaced. */
  readonly bytes: number;
}

/**
 * The durable medium under the store, and nothing else: no checks, no watch, no cache. Implementations:
 * KvLedger, EtcdLedger, MemoryLedger, and EncryptingLedger over any of them. `ledger_contract.ts` holds what all of
 * them promise.
 */
export interface Ledger {
  readonly limits: AppendLimits;
  /** Others append too: what a store has in memory may be older than what one of them has acknowledged. */
  readonly isShared: boolean;
  load(): Promise<Loaded>;
  /**
   * Adds records with the revisions `expectedHead + 1 …`, all or none, and returns once they are durable.
   * When it throws, nobody knows which of the two it was: `readAfter` tells.
   * @returns false, with nothing written, when the head is not `expectedHead`: another server wrote
   */
  append(expectedHead: Revision, records: readonly Record[]): Promise<boolean>;
  /**
   * What the medium holds after `revision`, in order: what others wrote, or what became of a failed append.
   * Everything that anybody was told is durable before the call is in it.
   * @throws {ForgottenError} when something after `revision` is compacted
   */
  readAfter(revision: Revision): Promise<readonly Followed[]>;
  /** Forgets the changes up to and including `revision`, in slices of a few milliseconds. */
  compact(revision: Revision): Promise<void>;
  /**
   * Takes over all that another ledger holds, revisions and history as they are there, into an empty one. What
   * breaks off leaves a ledger that refuses to open. Afterwards it is to be closed.
   * @throws {Error} when something is in it
   */
  fill(content: Loaded): Promise<void>;
  /** Records that others append, in order, from `after`; never ends by itself. Ends at once where nobody else can write. */
  follow(after: Revision, signal: AbortSignal): AsyncIterable<readonly Followed[]>;
  close(): Promise<void>;
}

/** Others went on, and what they wrote first is forgotten: only loading the ledger anew tells what there is. */
export class ForgottenError extends Error {
  override readonly name = "ForgottenError";
  constructor(after: Revision, compacted: Revision) {
    super(`Cannot follow the ledger from ${after}: it is compacted to ${compacted}`);
  }
}

/** A stored object: what `bytes` says, with its revision in `metadata.resourceVersion`. Frozen by convention. */
export type Stored = Readonly<KubeObject>;
