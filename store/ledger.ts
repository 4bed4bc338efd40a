import type { KubeObject } from "../api/types/meta.ts";

/** One number for the whole cluster, from 1, growing by one with every object written or deleted. */
export type Revision = number;

/** `resource/namespace/name`, with an empty namespace for cluster-scoped kinds; group before the resource when there is one. */
export type Key = string;

/** One version of one object, as it is kept: `bytes` is its JSON, or undefined where it was deleted. */
export interface Record {
  readonly key: Key;
  readonly revision: Revision;
  readonly bytes: Uint8Array | undefined;
  /** When the write was made, in milliseconds since 1970: reads "as of" a time need it. */
  readonly at: number;
}

/** Everything a store starts from. */
export interface Loaded {
  readonly head: Revision;
  /** Records up to this revision may have been compacted away. */
  readonly compacted: Revision;
  /** The newest version of every object, and the history after `compacted`, in revision order. */
  readonly records: AsyncIterable<Record>;
}

/**
 * The durable medium under the store, and nothing else: no checks, no watch, no cache. Implementations:
 * KvLedger, MemoryLedger (and EtcdLedger). `ledger_contract.ts` holds what all of them promise.
 */
export interface Ledger {
  load(): Promise<Loaded>;
  /**
   * Adds records with the revisions `expectedHead + 1 …`, all or none, and returns once they are durable.
   * @returns false, with nothing written, when the head is not `expectedHead`: another server wrote
   */
  append(expectedHead: Revision, records: readonly Record[]): Promise<boolean>;
  /** Forgets superseded and deleted versions up to and including `revision`, in slices of a few milliseconds. */
  compact(revision: Revision): Promise<void>;
  /** Records that others append, in order, from `after`; never ends by itself. Ends at once where nobody else can write. */
  follow(after: Revision, signal: AbortSignal): AsyncIterable<readonly Record[]>;
  close(): Promise<void>;
}

/** A stored object: what `bytes` says, with its revision in `metadata.resourceVersion`. Frozen by convention. */
export type Stored = Readonly<KubeObject>;
