import type { AppendLimits, Followed, Key, Ledger, Loaded, Record, Revision } from "./ledger.ts";
import type { Sealer } from "./sealing.ts";

/**
 * Keeps the objects of some resources encrypted in the medium: whoever is above sees them as they are. What was
 * written before there were keys, or with another key of the file, is read all the same.
 */
export class EncryptingLedger implements Ledger {
  readonly limits: AppendLimits;
  readonly isShared: boolean;
  readonly #ledger: Ledger;
  readonly #sealer: Sealer;
  readonly #prefixes: readonly Key[];

  /** @param prefixes of the keys of what is secret */
  constructor(ledger: Ledger, sealer: Sealer, prefixes: readonly Key[]) {
    this.#ledger = ledger;
    this.#sealer = sealer;
    this.#prefixes = prefixes;
    this.limits = ledger.limits;
    this.isShared = ledger.isShared;
  }

  async load(): Promise<Loaded> {
    const { present, history, ...loaded } = await this.#ledger.load();
    return {
      ...loaded,
      present: mapped(present, (one) => this.#opened(one)),
      history: mapped(history, (change) => this.#openedReplaced(change)),
    };
  }

  append(expectedHead: Revision, records: readonly Record[]): Promise<boolean> {
    if (!records.some(({ key }) => this.#isSecret(key))) {
      return this.#ledger.append(expectedHead, records);
    }
    return this.#ledger.append(expectedHead, records.map((record) => this.#sealed(record)));
  }

  async readAfter(revision: Revision): Promise<readonly Followed[]> {
    const records = await this.#ledger.readAfter(revision);
    return records.map((record) => this.#opened(record));
  }

  compact(revision: Revision): Promise<void> {
    return this.#ledger.compact(revision);
  }

  fill({ present, history, ...content }: Loaded): Promise<void> {
    return this.#ledger.fill({
      ...content,
      present: mapped(present, (one) => this.#sealedBytes(one)),
      history: mapped(history, (change) => this.#sealedReplaced(change)),
    });
  }

  follow(after: Revision, signal: AbortSignal): AsyncIterable<readonly Followed[]> {
    return mapped(this.#ledger.follow(after, signal), (record) => this.#opened(record));
  }

  close(): Promise<void> {
    return this.#ledger.close();
  }

  #isSecret(key: Key): boolean {
    return this.#prefixes.some((prefix) => key.startsWith(prefix));
  }

  #sealed(record: Record): Record {
    return this.#sealedBytes(this.#sealedReplaced(record));
  }

  #sealedBytes<T extends Versions>(one: T): T {
    const { key, revision, bytes } = one;
    if (bytes === undefined || !this.#isSecret(key)) return one;
    return { ...one, bytes: this.#sealer.seal(key, revision, bytes) };
  }

  #sealedReplaced<T extends Pick<Record, "key" | "replaced">>(change: T): T {
    const { key, replaced } = change;
    if (replaced === undefined || !this.#isSecret(key)) return change;
    const bytes = this.#sealer.seal(key, replaced.revision, replaced.bytes);
    return { ...change, replaced: { ...replaced, bytes } };
  }

  #opened<T extends Versions>(one: T): T {
    const { key, revision, bytes } = one;
    if (bytes === undefined || !this.#isSecret(key)) return one;
    return { ...one, bytes: this.#sealer.open(key, revision, bytes) };
  }

  #openedReplaced<T extends Pick<Record, "key" | "replaced">>(change: T): T {
    const { key, replaced } = change;
    if (replaced === undefined || !this.#isSecret(key)) return change;
    const bytes = this.#sealer.open(key, replaced.revision, replaced.bytes);
    return { ...change, replaced: { ...replaced, bytes } };
  }
}

type Versions = Pick<Record, "key" | "revision" | "bytes">;

async function* mapped<T>(
  groups: AsyncIterable<readonly T[]>,
  map: (one: T) => T,
): AsyncIterable<readonly T[]> {
  for await (const group of groups) yield group.map(map);
}
