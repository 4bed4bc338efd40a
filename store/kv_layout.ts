/**
 * How a ledger lies in Deno KV, and nothing that touches it:
 *
 *   ["format"]                          1
 *   ["head"] ["compacted"]              revisions
 *   ["filling"]                         that not all of another ledger's content is here yet
 *   ["state", key]                      the newest version of an object: its revision and JSON, or where that lies
 *   ["history", first]                  a page of changes from revision `first` on, with the versions they replaced
 *   ["parts", revision, side, n]        piece n of a version too large to lie in state or history, which
 *                                       the append of `revision` wrote (side 0) or found replaced (side 1)
 *
 * One atomic commit moves the head and writes state and history; parts go before it, under revisions beyond
 * the head, so that without that commit they are nothing. `kv_codec.ts` says what stands in the values.
 */
import { encodePages, encodeState, type Held, type HeldChange, type Parts } from "./kv_codec.ts";
import type { Change, Key, Present, Record, Replaced, Revision } from "./ledger.ts";

export const FORMAT = 1;

/** Source: Deno KV, a value has at most 65,536 bytes; what stands around the JSON takes less than 4 KiB. */
const VALUE_BYTES_MAX = 60 * 1024;

/** Source: Deno KV, a commit has at most 819,200 bytes; the keys and heads of entries are counted too. */
const COMMIT_BYTES_MAX = 720 * 1024;

/** Source: Deno KV, the keys of a commit have at most 81,920 bytes. */
const FILL_MUTATIONS = 120;

/** Bytes of an entry besides key and JSON, in state and history together. */
const ENTRY_BYTES = 80;

const PARTS_PER_COMMIT = Math.floor(COMMIT_BYTES_MAX / VALUE_BYTES_MAX);

export type KvKey = readonly (string | number)[];

/** Without a value: deletes. */
export interface Mutation {
  readonly key: KvKey;
  readonly value: Uint8Array | number | undefined;
}

export interface AppendPlan {
  /** Commits that must be through before `last`. */
  readonly first: readonly (readonly Mutation[])[];
  /** One atomic commit, with the head. */
  readonly last: readonly Mutation[];
  readonly changes: readonly HeldChange[];
  /** The first revision of each page. */
  readonly pages: readonly Revision[];
  /** Versions of this append that lie in parts, by revision. */
  readonly parts: ReadonlyMap<Revision, Parts>;
}

const encoder = new TextEncoder();

/** @param known where large versions of earlier appends lie, by revision */
export function planAppend(
  records: readonly Record[],
  known: ReadonlyMap<Revision, Parts>,
): AppendPlan {
  const parts = new Map<Revision, Parts>();
  const first: Mutation[] = [];
  const last: Mutation[] = [];
  const changes: HeldChange[] = [];
  let room = COMMIT_BYTES_MAX - records.reduce((sum, { key }) => sum + overheadOf(key), 0);
  const hold = (bytes: Uint8Array, revision: Revision, side: 0 | 1): Held => {
    if (bytes.length <= VALUE_BYTES_MAX && bytes.length <= room) {
      room -= bytes.length;
      return bytes;
    }
    const held = { revision, side, length: bytes.length };
    first.push(...partMutations(held, bytes));
    return held;
  };
  for (const { key, revision, at, bytes, replaced } of records) {
    changes.push({ key, revision, at, replaced: replaced && holdReplaced(replaced, revision) });
    const held = bytes && hold(bytes, revision, 0);
    if (held !== undefined && !(held instanceof Uint8Array)) parts.set(revision, held);
    last.push({ key: ["state", key], value: held && encodeState({ revision, held }) });
  }
  function holdReplaced(replaced: Replaced, revision: Revision) {
    const earlier = parts.get(replaced.revision) ?? known.get(replaced.revision);
    return { revision: replaced.revision, held: earlier ?? hold(replaced.bytes, revision, 1) };
  }
  const pages = encodePages(changes);
  for (const { first, value } of pages) last.push({ key: ["history", first], value });
  last.push({ key: ["head"], value: records.at(-1)?.revision ?? 0 });
  return {
    first: sliced(first, PARTS_PER_COMMIT),
    last,
    changes,
    pages: pages.map(({ first }) => first),
    parts,
  };
}

/** How versions lie that come from another ledger; each begins where its own append would have put it. */
export function planFill(
  present: readonly Present[],
  history: readonly Change[],
): readonly Mutation[] {
  const mutations: Mutation[] = [];
  const hold = (bytes: Uint8Array, revision: Revision): Held => {
    if (bytes.length <= VALUE_BYTES_MAX) return bytes;
    const held = { revision, side: 0, length: bytes.length } as const;
    mutations.push(...partMutations(held, bytes));
    return held;
  };
  for (const { key, revision, bytes } of present) {
    const value = encodeState({ revision, held: hold(bytes, revision) });
    mutations.push({ key: ["state", key], value });
  }
  const changes = history.map(({ replaced, ...change }) => {
    if (replaced === undefined) return { ...change, replaced };
    const { revision, bytes } = replaced;
    return { ...change, replaced: { revision, held: hold(bytes, revision) } };
  });
  for (const { first, value } of encodePages(changes)) {
    mutations.push({ key: ["history", first], value });
  }
  return mutations;
}

/** As many in a commit as Deno KV takes. */
export function inCommits(mutations: readonly Mutation[]): Mutation[][] {
  const commits: Mutation[][] = [];
  let room = 0;
  for (const mutation of mutations) {
    const { key, value } = mutation;
    const bytes = value instanceof Uint8Array ? value.length : 8;
    const size = bytes + overheadOf(String(key[1]));
    const last = commits.at(-1);
    if (last === undefined || size > room || last.length >= FILL_MUTATIONS) {
      commits.push([mutation]);
      room = COMMIT_BYTES_MAX - size;
    } else {
      last.push(mutation);
      room -= size;
    }
  }
  return commits;
}

/** Deno KV counts the key beside the value and once more; history has it too. */
function overheadOf(key: Key): number {
  return 3 * encoder.encode(key).length + ENTRY_BYTES;
}

export function sliced<T>(items: readonly T[], size: number): T[][] {
  const slices: T[][] = [];
  for (let at = 0; at < items.length; at += size) slices.push(items.slice(at, at + size));
  return slices;
}

function partMutations(parts: Parts, bytes: Uint8Array): Mutation[] {
  return partKeys(parts).map((key, number) => {
    const from = number * VALUE_BYTES_MAX;
    return { key, value: bytes.subarray(from, from + VALUE_BYTES_MAX) };
  });
}

export function partKeys({ revision, side, length }: Parts): KvKey[] {
  const count = Math.ceil(length / VALUE_BYTES_MAX);
  return Array.from({ length: count }, (_, number) => ["parts", revision, side, number]);
}
