import type { Key } from "./ledger.ts";
import type { Versioned } from "./store.ts";

/** Longest chunk: a write moves at most this many pointers, a list of n objects touches n / CHUNK_MAX chunks. */
const CHUNK_MAX = 512;

/**
 * The newest versions by key, in key order (UTF-16 units). A map finds one key; chunks of sorted versions
 * give every list under a prefix in time of its result, at any size of the whole.
 */
export class SortedVersions {
  readonly #byKey = new Map<Key, Versioned>();
  /** None is empty. */
  #chunks: Versioned[][] = [];

  /** @param versions in any order, each key once */
  static from(versions: Versioned[]): SortedVersions {
    const sorted = new SortedVersions();
    if (!isSorted(versions)) versions.sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const version of versions) sorted.#byKey.set(version.key, version);
    const step = CHUNK_MAX / 2;
    for (let at = 0; at < versions.length; at += step) {
      sorted.#chunks.push(versions.slice(at, at + step));
    }
    return sorted;
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(key: Key): Versioned | undefined {
    return this.#byKey.get(key);
  }

  set(version: Versioned): void {
    const isNew = !this.#byKey.has(version.key);
    this.#byKey.set(version.key, version);
    const number = this.#chunkOf(version.key);
    const chunk = this.#chunks[number];
    if (chunk === undefined) {
      this.#chunks.push([version]);
      return;
    }
    const at = firstFrom(chunk, version.key);
    if (!isNew) chunk[at] = version;
    else {
      chunk.splice(at, 0, version);
      if (chunk.length > CHUNK_MAX) this.#split(number, chunk, at);
    }
  }

  delete(key: Key): void {
    if (!this.#byKey.delete(key)) return;
    const number = this.#chunkOf(key);
    const chunk = this.#chunks[number];
    if (chunk === undefined) return;
    chunk.splice(firstFrom(chunk, key), 1);
    const next = this.#chunks[number + 1];
    if (chunk.length === 0) this.#chunks.splice(number, 1);
    else if (next !== undefined && chunk.length + next.length < CHUNK_MAX / 2) {
      this.#chunks.splice(number, 2, chunk.concat(next));
    }
  }

  list(prefix: Key): Versioned[] {
    const found: Versioned[] = [];
    for (let number = this.#chunkOf(prefix); number < this.#chunks.length; number += 1) {
      const chunk = this.#chunks[number] ?? [];
      const isAllUnder = chunk[0]?.key.startsWith(prefix) && chunk.at(-1)?.key.startsWith(prefix);
      let at = isAllUnder ? 0 : firstFrom(chunk, prefix);
      for (; at < chunk.length; at += 1) {
        const version = chunk[at];
        if (version === undefined || !(isAllUnder || version.key.startsWith(prefix))) return found;
        found.push(version);
      }
    }
    return found;
  }

  /** Keys mostly arrive in order: then the full chunk stays full and a new one begins. */
  #split(number: number, chunk: Versioned[], insertedAt: number): void {
    const isAppend = insertedAt === chunk.length - 1;
    const rest = chunk.splice(isAppend ? chunk.length - 1 : CHUNK_MAX / 2);
    this.#chunks.splice(number + 1, 0, rest);
  }

  /** The chunk that holds `key` or would: the last whose first key is not after it. */
  #chunkOf(key: Key): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#chunks[middle]?.[0];
      if (first !== undefined && first.key <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** Index of the first version whose key is not before `key`. */
function firstFrom(chunk: readonly Versioned[], key: Key): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const version = chunk[middle];
    if (version !== undefined && version.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isSorted(versions: readonly Versioned[]): boolean {
  return versions.every((version, at) => at === 0 || (versions[at - 1]?.key ?? "") < version.key);
}
