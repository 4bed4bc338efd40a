import assert from "node:assert/strict";
import {
  decodePage,
  decodeState,
  type Held,
  type HeldChange,
  type HeldState,
  type Parts,
} from "./kv_codec.ts";
import {
  FORMAT,
  inCommits,
  type KvKey,
  type Mutation,
  partKeys,
  planAppend,
  planFill,
  sliced,
} from "./kv_layout.ts";
import { type FileLock, lockFile } from "./kv_lock.ts";
import type { Change, Key, Ledger, Loaded, Present, Record, Revision } from "./ledger.ts";

/** Deno KV takes 81,920 bytes of keys in a commit: 120 of the longest. More at once is hardly faster. */
const LIMITS = { records: 120, bytes: 512 * 1024 };

/** Entries that one read brings. Source: Deno KV, at most 1,000. */
const READ_BATCH = 500;

/** Deletions in one commit of a compaction: a few milliseconds, and appends go in between. */
const COMPACT_SLICE = 100;

/**
 * A ledger in one file. The process that opens it holds it alone, through a lock on `PATH.lock` that the kernel
 * frees when the process ends, however it ends.
 * @throws {Error} one sentence, with the holder's pid where another process has it open
 */
export async function openKvLedger(path: string): Promise<Ledger> {
  const lock = await lockFile(path);
  try {
    await createPrivately(path);
    return await KvLedger.open(await Deno.openKv(path), lock);
  } catch (error) {
    lock.release();
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot open ${path}: ${why}`, { cause: error });
  }
}

/** It holds Secrets: nobody else on the host may read it, nor what SQLite lays beside it. */
async function createPrivately(path: string): Promise<void> {
  const file = await Deno.open(path, { write: true, create: true, mode: 0o600 });
  file.close();
}

/** See kv_layout.ts for what lies where. */
class KvLedger implements Ledger {
  readonly limits = LIMITS;
  readonly isShared = false;
  readonly #kv: Deno.Kv;
  readonly #lock: FileLock;
  #head: Deno.KvEntryMaybe<number>;
  /** First revisions of all pages of history, in order. */
  #pages: Revision[] = [];
  /** Where present versions that are large lie, by their revision. */
  readonly #parts = new Map<Revision, Parts>();
  /** The same for replaced ones, by the revision of the change that replaced them: they go when it goes. */
  readonly #replacedParts = new Map<Revision, Parts>();

  private constructor(kv: Deno.Kv, lock: FileLock, head: Deno.KvEntryMaybe<number>) {
    this.#kv = kv;
    this.#lock = lock;
    this.#head = head;
  }

  static async open(kv: Deno.Kv, lock: FileLock): Promise<KvLedger> {
    const format = await kv.get<number>(["format"]);
    if (format.value === null) await kv.set(["format"], FORMAT);
    else if (format.value !== FORMAT) {
      kv.close();
      throw new Error(`it has format ${format.value}, this program reads format ${FORMAT}`);
    }
    if ((await kv.get(["filling"])).value !== null) {
      kv.close();
      throw new Error("it was filled from another store, and not to the end: remove it");
    }
    return new KvLedger(kv, lock, await kv.get<number>(["head"]));
  }

  async load(): Promise<Loaded> {
    const head = this.#head.value ?? 0;
    const compacted = (await this.#kv.get<number>(["compacted"])).value ?? 0;
    await this.#removeBeyond(head);
    return { head, compacted, present: this.#present(), history: this.#changes(compacted) };
  }

  async append(expectedHead: Revision, records: readonly Record[]): Promise<boolean> {
    if ((this.#head.value ?? 0) !== expectedHead) return false;
    const plan = planAppend(records, this.#parts);
    for (const mutations of plan.first) await applyAll(this.#kv.atomic(), mutations).commit();
    const result = await applyAll(this.#kv.atomic().check(this.#head), plan.last).commit();
    if (!result.ok) return false;
    const value = expectedHead + records.length;
    this.#head = { key: ["head"], value, versionstamp: result.versionstamp };
    for (const first of plan.pages) this.#pages.push(first);
    for (const [revision, parts] of plan.parts) this.#parts.set(revision, parts);
    for (const change of plan.changes) this.#note(change);
    return true;
  }

  async readAfter(revision: Revision): Promise<readonly Record[]> {
    this.#head = await this.#kv.get<number>(["head"]);
    const changes: Change[] = [];
    for await (const group of this.#changes(revision)) changes.push(...group);
    const made = new Map<Key, Uint8Array | undefined>();
    const records: Record[] = [];
    for (const change of changes.reverse()) {
      const { key } = change;
      const bytes = made.has(key) ? made.get(key) : (await this.#presentAt(key))?.bytes;
      records.push({ ...change, bytes });
      made.set(key, change.replaced?.bytes);
    }
    return records.reverse();
  }

  async compact(revision: Revision): Promise<void> {
    const ends = [...this.#pages.slice(1), (this.#head.value ?? 0) + 1];
    const kept = ends.findIndex((end) => end > revision + 1);
    const count = kept < 0 ? this.#pages.length : kept;
    const pages = this.#pages.slice(0, count);
    const upTo = ends[count - 1] ?? 0;
    await this.#kv.set(["compacted"], revision);
    // Parts before the pages that name them: what a crash leaves is found again.
    await this.#deleteAll(this.#takePartsReplacedBefore(upTo));
    await this.#deleteAll(pages.map((first) => ["history", first]));
    this.#pages = this.#pages.slice(count);
  }

  async fill({ head, compacted, present, history }: Loaded): Promise<void> {
    if (this.#head.value) throw new Error(`Cannot fill a ledger that is at ${this.#head.value}`);
    await this.#kv.set(["filling"], true);
    for await (const group of present) await this.#lay(planFill(group, []));
    for await (const group of history) await this.#lay(planFill([], group));
    await this.#kv.atomic().check(this.#head).set(["head"], head).set(["compacted"], compacted)
      .delete(["filling"]).commit();
  }

  async #lay(mutations: readonly Mutation[]): Promise<void> {
    for (const part of inCommits(mutations)) await applyAll(this.#kv.atomic(), part).commit();
  }

  async *follow(): AsyncIterable<readonly Record[]> {}

  close(): Promise<void> {
    this.#kv.close();
    this.#lock.release();
    return Promise.resolve();
  }

  async *#present(): AsyncIterable<readonly Present[]> {
    let group: Present[] = [];
    for await (const [key, value] of this.#list(["state"])) {
      group.push(await this.#toPresent(String(key[1]), decodeState(value)));
      if (group.length < READ_BATCH) continue;
      yield group;
      group = [];
    }
    yield group;
  }

  async #presentAt(key: Key): Promise<Present | undefined> {
    const { value } = await this.#kv.get<Uint8Array>(["state", key]);
    return value === null ? undefined : await this.#toPresent(key, decodeState(value));
  }

  async #toPresent(key: Key, { revision, held }: HeldState): Promise<Present> {
    if (held instanceof Uint8Array) return { key, revision, bytes: held };
    this.#parts.set(revision, held);
    return { key, revision, bytes: await this.#join(held) };
  }

  /** Changes after `revision`, from the page that has the first of them. Notes pages that are new to us. */
  async *#changes(revision: Revision): AsyncIterable<readonly Change[]> {
    const start = this.#pages.findLast((first) => first <= revision + 1) ?? 0;
    const selector = { start: ["history", start], end: ["history", Infinity] };
    for await (const [key, value] of this.#list(selector)) {
      const first = Number(key[1]);
      const held = decodePage({ first, value });
      if (first > (this.#pages.at(-1) ?? 0)) {
        this.#pages.push(first);
        for (const change of held) this.#note(change);
      }
      const wanted = held.filter((change) => change.revision > revision);
      yield await Promise.all(wanted.map((change) => this.#toChange(change)));
    }
  }

  async #toChange(change: HeldChange): Promise<Change> {
    const { key, revision, at, replaced } = change;
    if (replaced === undefined) return { key, revision, at, replaced };
    const bytes = await this.#join(replaced.held);
    return { key, revision, at, replaced: { revision: replaced.revision, bytes } };
  }

  #note({ revision, replaced }: HeldChange): void {
    if (replaced === undefined) return;
    this.#parts.delete(replaced.revision);
    if (!(replaced.held instanceof Uint8Array)) this.#replacedParts.set(revision, replaced.held);
  }

  async #join(held: Held): Promise<Uint8Array> {
    if (held instanceof Uint8Array) return held;
    const whole = new Uint8Array(held.length);
    let at = 0;
    for await (const [, piece] of this.#list(["parts", held.revision, held.side])) {
      if (at + piece.length > whole.length) break;
      whole.set(piece, at);
      at += piece.length;
    }
    assert.equal(at, whole.length, `parts of revision ${held.revision} are missing`);
    return whole;
  }

  /** Parts of an append that never came to its end. */
  async #removeBeyond(head: Revision): Promise<void> {
    const left: KvKey[] = [];
    const selector = { start: ["parts", head + 1], end: ["parts", Infinity] };
    for await (const [key] of this.#list(selector)) left.push(key);
    await this.#deleteAll(left);
  }

  #takePartsReplacedBefore(end: Revision): KvKey[] {
    const keys: KvKey[] = [];
    for (const [revision, parts] of this.#replacedParts) {
      if (revision >= end) continue;
      keys.push(...partKeys(parts));
      this.#replacedParts.delete(revision);
    }
    return keys;
  }

  async #deleteAll(keys: readonly KvKey[]): Promise<void> {
    for (const slice of sliced(keys, COMPACT_SLICE)) {
      const deletions = slice.map((key) => ({ key, value: undefined }));
      await applyAll(this.#kv.atomic(), deletions).commit();
    }
  }

  async *#list(range: KvKey | { start: KvKey; end: KvKey }): AsyncIterable<[KvKey, Uint8Array]> {
    const selector = "start" in range ? range : { prefix: range };
    const entries = this.#kv.list<Uint8Array>(selector as Deno.KvListSelector, {
      batchSize: READ_BATCH,
    });
    for await (const { key, value } of entries) yield [key as KvKey, value];
  }
}

function applyAll(operation: Deno.AtomicOperation, mutations: readonly Mutation[]) {
  for (const { key, value } of mutations) {
    if (value === undefined) operation.delete(key);
    else operation.set(key, value);
  }
  return operation;
}
