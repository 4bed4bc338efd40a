import assert from "node:assert/strict";
import type { EtcdClient } from "./etcd_client.ts";
import { type EtcdKeys, type HeldChange, textOf, under } from "./etcd_layout.ts";
import type { KeyValue } from "./etcd_wire.ts";
import type { Change, Key, Loaded, Present, Revision } from "./ledger.ts";

/** What one answer should bring, and how many entries it may have at the most and at first. */
const PAGE_BYTES = 2 * 1024 * 1024;
const PAGE_ENTRIES_MAX = 2_000;
export const PAGE_ENTRIES_FIRST = 64;

/** Reading what lies in etcd, as it is or as it was at one of etcd's own revisions. */
export class EtcdReads {
  readonly #client: EtcdClient;
  readonly #keys: EtcdKeys;
  constructor(client: EtcdClient, keys: EtcdKeys) {
    this.#client = client;
    this.#keys = keys;
  }

  metaIn(entries: readonly KeyValue[]): { head: Revision; compacted: Revision } {
    const numberAt = (wanted: string) => {
      const entry = entries.find(({ key }) => key === wanted);
      assert.ok(entry, `etcd has lost ${wanted}`);
      return Number(textOf(entry.value));
    };
    return { head: numberAt(this.#keys.head), compacted: numberAt(this.#keys.compacted) };
  }

  /** What each change wrote, also where it lies in parts. */
  async bytesOf(changes: readonly HeldChange[], at?: number) {
    const written = new Map<Revision, Uint8Array>();
    for (const { revision, append, held } of changes) {
      if (held instanceof Uint8Array) written.set(revision, held);
      else if (held !== undefined) {
        const range = under(this.#keys.parts(append, revision));
        written.set(revision, await this.#join(range, held, at));
      }
    }
    return written;
  }

  /** Everything in a range, in answers of a bearable size. */
  async *pages(range: { key: string; end: string }, revision: number) {
    let limit = PAGE_ENTRIES_FIRST;
    for (let key = range.key, hasMore = true; hasMore;) {
      const page = await this.#client.range({ key, end: range.end, limit, revision });
      yield page.entries;
      hasMore = page.hasMore;
      key = `${page.entries.at(-1)?.key}\0`;
      const bytes = page.entries.reduce((sum, { value }) => sum + value.length, 1);
      limit = Math.ceil(page.entries.length * PAGE_BYTES / bytes);
      limit = Math.max(1, Math.min(limit, PAGE_ENTRIES_MAX));
    }
  }

  async #join(range: { key: string; end: string }, length: number, at = 0): Promise<Uint8Array> {
    const { entries } = await this.#client.range({ ...range, revision: at });
    const whole = new Uint8Array(length);
    let from = 0;
    for (const { value } of entries) {
      assert.ok(from + value.length <= length, `${range.key} has too many parts`);
      whole.set(value, from);
      from += value.length;
    }
    assert.equal(from, length, `parts of ${range.key} are missing`);
    return whole;
  }
}

/** What a store begins with: the newest of each key, and what can still be watched from. */
export function contentOf(
  changes: readonly HeldChange[],
  written: ReadonlyMap<Revision, Uint8Array>,
  { head, compacted }: { head: Revision; compacted: Revision },
): Loaded {
  const newest = new Map<Key, HeldChange>();
  for (const change of changes) newest.set(change.key, change);
  const present: Present[] = [];
  for (const { key, revision } of newest.values()) {
    const bytes = written.get(revision);
    if (bytes !== undefined) present.push({ key, revision, bytes });
  }
  const history = changes.filter(({ revision }) => revision > compacted)
    .map(({ key, revision, at, replaced }): Change => {
      if (replaced === undefined) return { key, revision, at, replaced };
      const bytes = written.get(replaced);
      assert.ok(bytes, `etcd lost revision ${replaced}, which ${revision} replaced`);
      return { key, revision, at, replaced: { revision: replaced, bytes } };
    });
  return { head, compacted, present: once(present), history: once(history) };
}

async function* once<T>(group: readonly T[]): AsyncIterable<readonly T[]> {
  await Promise.resolve();
  yield group;
}
