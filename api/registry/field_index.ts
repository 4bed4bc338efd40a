import type { Key } from "../../store/ledger.ts";
import type { Store, StoreEvent, Versioned } from "../../store/store.ts";
import type { ReadField } from "./selection.ts";

/**
 * The newest objects under a prefix by one of their fields: thousands of agents that each list the pods of their own
 * node must not look at everybody's.
 */
export class FieldIndex {
  readonly #keys = new Map<string, Set<Key>>();
  readonly #store: Store;
  readonly #read: ReadField;

  constructor(store: Store, prefix: Key, read: ReadField) {
    this.#store = store;
    this.#read = read;
    for (const version of store.list(prefix)) this.#add(version);
    store.watch(prefix, store.revision, (events) => {
      for (const event of events) this.#take(event);
    });
  }

  /** In key order. @param prefix of their keys */
  list(value: string, prefix: Key): readonly Versioned[] {
    const keys = [...this.#keys.get(value) ?? []].filter((key) => key.startsWith(prefix));
    return keys.sort().map((key) => this.#store.get(key)).filter((one) => one !== undefined);
  }

  #take({ type, current, previous }: StoreEvent): void {
    if (previous !== undefined) this.#remove(previous);
    if (type === "PUT") this.#add(current);
  }

  #add({ key, object }: Versioned): void {
    const value = this.#read(object);
    const keys = this.#keys.get(value) ?? new Set();
    this.#keys.set(value, keys.add(key));
  }

  #remove({ key, object }: Versioned): void {
    const value = this.#read(object);
    const keys = this.#keys.get(value);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(value);
  }
}
