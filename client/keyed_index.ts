import type { KubeObject } from "../api/types/meta.ts";

/** Of those without one the index knows nothing. */
type ValueOf = (object: Readonly<KubeObject>) => string | undefined;

/** Objects of one resource by namespace and a value that each has. */
export class KeyedIndex<T extends KubeObject> {
  readonly #byValue = new Map<string, Map<string, T>>();
  readonly #valueOf: ValueOf;

  constructor(valueOf: ValueOf) {
    this.#valueOf = valueOf;
  }

  /** In order of names. */
  list(namespace: string, value: string): readonly T[] {
    const found = this.#byValue.get(`${namespace}/${value}`);
    if (found === undefined) return [];
    return [...found.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  /** `before` and `after` are two versions of one object; one of them is absent at its begin and its end. */
  change(before: T | undefined, after: T | undefined): void {
    const [was, is] = [this.#keyOf(before), this.#keyOf(after)];
    if (before !== undefined && was !== undefined && was !== is) this.#remove(was, before);
    if (after !== undefined && is !== undefined) this.#put(is, after);
  }

  #keyOf(object: T | undefined): string | undefined {
    const value = object && this.#valueOf(object);
    return value === undefined ? undefined : `${object?.metadata.namespace ?? ""}/${value}`;
  }

  #put(key: string, object: T): void {
    const known = this.#byValue.get(key);
    if (known !== undefined) known.set(object.metadata.name, object);
    else this.#byValue.set(key, new Map([[object.metadata.name, object]]));
  }

  #remove(key: string, object: T): void {
    const known = this.#byValue.get(key);
    known?.delete(object.metadata.name);
    if (known?.size === 0) this.#byValue.delete(key);
  }
}
