import type { KubeObject } from "../api/types/meta.ts";

/** Objects of one resource by namespace and the value of one label. Those without the label are not in it. */
export class LabelIndex<T extends KubeObject> {
  readonly #byValue = new Map<string, Map<string, T>>();

  constructor(readonly label: string) {}

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
    const value = object?.metadata.labels?.[this.label];
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
