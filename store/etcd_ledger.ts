import assert from "node:assert/strict";
import type { Clock, Log } from "../api/types/ambient.ts";
import { EtcdClient, type EtcdConnect, EtcdError } from "./etcd_client.ts";
import {
  decodeChange,
  entriesOf,
  EtcdKeys,
  FORMAT,
  type HeldChange,
  planEtcdAppend,
  putChange,
  putText,
  revisionText,
  textOf,
  under,
} from "./etcd_layout.ts";
import { EtcdGarbage, type Garbage } from "./etcd_garbage.ts";
import { watchHeads } from "./etcd_head_watch.ts";
import { contentOf, EtcdReads, PAGE_ENTRIES_FIRST } from "./etcd_reads.ts";
import type { KeyValue, Operation } from "./etcd_wire.ts";
import { type Followed, ForgottenError } from "./ledger.ts";
import type { Ledger, Loaded, Record, Revision } from "./ledger.ts";

export interface EtcdLedgerOptions {
  readonly endpoints: readonly string[];
  /** Of all keys; ends with a slash. Whoever has the same prefix shares the ledger. */
  readonly prefix: string;
  readonly connect: EtcdConnect;
  readonly clock: Clock;
  readonly log: Log;
  readonly newUid: () => string;
}

/**
 * Source: etcd, --max-txn-ops is 128, --max-request-bytes 1.5 MiB. Head and pending mark go along with the
 * changes; versions that have no room in the request go before it.
 */
const LIMITS = { records: 120, bytes: 1024 * 1024 };

/** Deletions in one transaction of a compaction, each of a change and its parts. */
const COMPACT_SLICE = 60;

/** A mark of an append that never ended goes after so long. An append is given up long before. */
const PENDING_SECONDS = 120;

const LEASE_EXISTS = 9;
const OUT_OF_RANGE = 11;

/** Times that a load begins again because etcd forgot the state that it was reading. */
const LOAD_ATTEMPTS_MAX = 5;

/**
 * A ledger in etcd, which several servers share. See etcd_layout.ts for what lies where.
 * @throws {Error} one sentence, when etcd does not answer or holds another format
 */
export async function openEtcdLedger(options: EtcdLedgerOptions): Promise<Ledger> {
  const client = new EtcdClient(options);
  try {
    await initialize(client, new EtcdKeys(options.prefix));
    return new EtcdLedger(client, options);
  } catch (error) {
    client.close();
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot open ${options.prefix} in etcd: ${why}`, { cause: error });
  }
}

async function initialize(client: EtcdClient, keys: EtcdKeys): Promise<void> {
  const { found } = await client.txn({
    compare: [{ key: keys.format, is: "absent" }],
    success: [
      putText(keys.format, FORMAT),
      putText(keys.head, revisionText(0)),
      putText(keys.compacted, revisionText(0)),
    ],
    failure: [{ range: { key: keys.format } }, { range: { key: keys.filling } }],
  });
  const [format] = found[0] ?? [];
  if (found[1]?.length) {
    throw new Error("it is being filled from another store, or was and not to the end: remove it");
  }
  if (format === undefined || textOf(format.value) === FORMAT) return;
  throw new Error(`it has format ${textOf(format.value)}, this program reads format ${FORMAT}`);
}

class EtcdLedger implements Ledger {
  readonly limits = LIMITS;
  readonly isShared = true;
  readonly #client: EtcdClient;
  readonly #keys: EtcdKeys;
  readonly #reads: EtcdReads;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Names appends: nobody else's begin like this. */
  readonly #server: string;
  #appends = 0;
  /** The append on its way, until it is known what became of it. */
  #inFlight: Promise<unknown> | undefined;
  /** The end of our own newest append: whoever appends knows everything before it. */
  #acknowledged: Revision = 0;
  readonly #garbage = new EtcdGarbage();
  /** etcd's own revision when we last compacted: what is older, etcd may forget by now. */
  #etcdRevision = 0;

  constructor(client: EtcdClient, { prefix, clock, log, newUid }: EtcdLedgerOptions) {
    this.#client = client;
    this.#keys = new EtcdKeys(prefix);
    this.#reads = new EtcdReads(client, this.#keys);
    this.#clock = clock;
    this.#log = log;
    this.#server = newUid();
  }

  async load(): Promise<Loaded> {
    for (let attempt = 1;; attempt += 1) {
      try {
        return await this.#load();
      } catch (error) {
        const isForgotten = error instanceof EtcdError && error.code === OUT_OF_RANGE;
        if (!isForgotten || attempt >= LOAD_ATTEMPTS_MAX) throw error;
      }
    }
  }

  /** All of it as it was at one revision of etcd. */
  async #load(): Promise<Loaded> {
    const { revision: at, entries } = await this.#client.range(this.#keys.all("meta"));
    const { head, compacted } = this.#reads.metaIn(entries);
    const changes: HeldChange[] = [];
    for await (const page of this.#reads.pages(this.#keys.all("log"), at)) {
      for (const { key, value } of page) changes.push(decodeChange(key, value));
    }
    const written = await this.#reads.bytesOf(changes, at);
    this.#garbage.noteAll(changes, head);
    await this.#removeOrphans(changes, at);
    return contentOf(changes, written, { head, compacted });
  }

  async append(expectedHead: Revision, records: readonly Record[]): Promise<boolean> {
    const appending = this.#append(expectedHead, records);
    const settled = appending.then(() => {}, () => {});
    this.#inFlight = settled;
    try {
      return await appending;
    } finally {
      if (this.#inFlight === settled) this.#inFlight = undefined;
    }
  }

  async #append(expectedHead: Revision, records: readonly Record[]): Promise<boolean> {
    const keys = this.#keys;
    const append = `${this.#server}.${this.#appends++}`;
    const entries = records.map(({ replaced, ...record }) => (
      { ...record, replaced: replaced?.revision }
    ));
    const { parts, changes } = planEtcdAppend(entries, { append, keys });
    const hasParts = parts.length > 0;
    if (hasParts) await this.#putParts(append, parts.map((put) => ({ put })));
    const head = revisionText(expectedHead + records.length);
    const { succeeded, found } = await this.#client.txn({
      compare: [
        { key: keys.head, is: "equal", value: revisionText(expectedHead) },
        ...(hasParts ? [{ key: keys.pending(append), is: "there" } as const] : []),
      ],
      success: [
        ...changes.map((change) => putChange(keys, change)),
        putText(keys.head, head),
        ...(hasParts ? [{ remove: { key: keys.pending(append) } }] : []),
      ],
      failure: [{ range: { key: keys.head } }, { range: { key: keys.change(expectedHead + 1) } }],
    });
    if (!succeeded && !this.#hasHappened(append, expectedHead, found)) return false;
    for (const change of changes) this.#garbage.note(change);
    this.#acknowledged = expectedHead + changes.length;
    return true;
  }

  /** A request that was repeated may find that it has been carried out the first time. */
  #hasHappened(append: string, expectedHead: Revision, found: TxnFound): boolean {
    const [[head] = [], [first] = []] = found;
    if (first !== undefined) return decodeChange(first.key, first.value).append === append;
    if (head !== undefined && Number(textOf(head.value)) !== expectedHead) return false;
    throw new Error(`Cannot append to etcd at ${expectedHead}: it took over ${PENDING_SECONDS} s`);
  }

  async #putParts(append: string, parts: readonly Operation[]): Promise<void> {
    const lease = leaseIdOf(append);
    await this.#client.grantLease(lease, PENDING_SECONDS).catch((error: unknown) => {
      // A repeated request finds its own lease.
      if (!(error instanceof EtcdError) || error.code !== LEASE_EXISTS) throw error;
    });
    const mark = { put: { key: this.#keys.pending(append), value: [], lease } };
    await this.#client.txn({ compare: [], success: [mark] });
    for (const part of parts) await this.#client.txn({ compare: [], success: [part] });
  }

  async fill(content: Loaded): Promise<void> {
    const keys = this.#keys;
    const isEmpty = { key: keys.head, is: "equal", value: revisionText(0) } as const;
    const { succeeded } = await this.#client.txn({
      compare: [isEmpty, { key: keys.filling, is: "absent" }],
      success: [putText(keys.filling, this.#server)],
    });
    if (!succeeded) throw new Error("Cannot fill a ledger that is not empty");
    const entries = await entriesOf(content);
    for (let from = 0; from < entries.length; from += LIMITS.records) {
      const append = `${this.#server}.${this.#appends++}`;
      const slice = entries.slice(from, from + LIMITS.records);
      const { parts, changes } = planEtcdAppend(slice, { append, keys });
      for (const put of parts) await this.#client.txn({ compare: [], success: [{ put }] });
      const success = changes.map((change) => putChange(keys, change));
      await this.#client.txn({ compare: [], success });
    }
    await this.#client.txn({
      compare: [isEmpty, { key: keys.filling, is: "equal", value: this.#server }],
      success: [
        putText(keys.compacted, revisionText(content.compacted)),
        putText(keys.head, revisionText(content.head)),
        { remove: { key: keys.filling } },
      ],
    });
  }

  async readAfter(revision: Revision): Promise<readonly Followed[]> {
    const { end } = this.#keys.all("log");
    const changes: HeldChange[] = [];
    for (let head = Infinity; revision + changes.length < head;) {
      const read = revision + changes.length;
      const key = this.#keys.change(read + 1);
      const { found } = await this.#client.txn({
        compare: [],
        success: [
          { range: { key, end, limit: PAGE_ENTRIES_FIRST } },
          { range: this.#keys.all("meta") },
        ],
      });
      const meta = this.#reads.metaIn(found[1] ?? []);
      if (meta.compacted > read) throw new ForgottenError(read, meta.compacted);
      head = meta.head;
      for (const { key, value } of found[0] ?? []) changes.push(decodeChange(key, value));
      assert.ok(found[0]?.length || revision + changes.length >= head, `etcd lost ${key}`);
    }
    const written = await this.#reads.bytesOf(changes);
    for (const change of changes) {
      if (change.revision === this.#garbage.noted + 1) this.#garbage.note(change);
    }
    return changes.map(({ key, revision, at }) => (
      { key, revision, at, bytes: written.get(revision) }
    ));
  }

  async *follow(after: Revision, signal: AbortSignal): AsyncIterable<readonly Followed[]> {
    const heads = { client: this.#client, key: this.#keys.head, clock: this.#clock };
    let seen = after;
    for await (const head of watchHeads(heads, signal)) {
      // Our own append may be the one that is reported: its answer is about to tell.
      await this.#inFlight;
      seen = Math.max(seen, Math.min(this.#acknowledged, head));
      if (head <= seen) continue;
      const records = await this.#readOn(seen);
      seen += records.length;
      if (records.length > 0) yield records;
    }
  }

  /** What fails here is tried again when the watch reports the next time. */
  async #readOn(seen: Revision): Promise<readonly Followed[]> {
    try {
      return await this.readAfter(seen);
    } catch (error) {
      if (error instanceof ForgottenError) throw error;
      this.#log("Cannot read what others wrote to etcd", { after: seen, error });
      return [];
    }
  }

  async compact(revision: Revision): Promise<void> {
    const { revision: now } = await this.#client.txn({
      compare: [{ key: this.#keys.compacted, is: "less", value: revisionText(revision) }],
      success: [putText(this.#keys.compacted, revisionText(revision))],
    });
    const garbage = this.#garbage.dueAt(revision);
    for (let from = 0; from < garbage.length; from += COMPACT_SLICE) {
      const slice = garbage.slice(from, from + COMPACT_SLICE);
      const success = slice.flatMap((one) => this.#removalsOf(one));
      await this.#client.txn({ compare: [], success });
    }
    this.#garbage.forgetUpTo(revision);
    await this.#compactEtcd(now);
  }

  #removalsOf({ revision, partsOf }: Garbage): Operation[] {
    const remove = { key: this.#keys.change(revision) };
    if (partsOf === undefined) return [{ remove }];
    return [{ remove }, { remove: under(this.#keys.parts(partsOf, revision)) }];
  }

  /** What was deleted takes room in etcd until it forgets too; what happened since the last time stays for others. */
  async #compactEtcd(now: number): Promise<void> {
    const upTo = this.#etcdRevision;
    this.#etcdRevision = now;
    if (upTo === 0) return;
    await this.#client.compact(upTo).catch((error: unknown) => {
      // Somebody else has compacted further.
      if (!(error instanceof EtcdError) || error.code !== OUT_OF_RANGE) throw error;
    });
  }

  close(): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }

  /** Parts of appends that never came to their end: no change names them, and no server is at work on them. */
  async #removeOrphans(changes: readonly HeldChange[], revision: number): Promise<void> {
    const options = { keysOnly: true, revision };
    const parts = await this.#client.range({ ...this.#keys.all("parts"), ...options });
    if (parts.entries.length === 0) return;
    const pending = await this.#client.range({ ...this.#keys.all("pending"), ...options });
    const alive = new Set(pending.entries.map(({ key }) => this.#keys.appendOf(key)));
    for (const { append, held } of changes) if (typeof held === "number") alive.add(append);
    for (const { key } of parts.entries) {
      if (alive.has(this.#keys.appendOf(key))) continue;
      await this.#client.txn({ compare: [], success: [{ remove: { key } }] });
    }
  }
}

type TxnFound = readonly (readonly KeyValue[])[];

/** Of the name's digits: as unique as it is, and the same when the request is repeated. 47 bits. */
function leaseIdOf(append: string): number {
  let hash = 7;
  for (const character of append) hash = (hash * 33 + character.charCodeAt(0)) % 2 ** 47;
  return hash + 1;
}
