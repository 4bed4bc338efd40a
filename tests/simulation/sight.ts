import type { KubeObject } from "../../api/types/meta.ts";
import type { Resource } from "../../api/types/resources.ts";
import type { StoreEvent } from "../../store/store.ts";

/** What one commit did to one object. */
export interface ObjectChange {
  readonly kind: string;
  readonly before: Readonly<KubeObject> | undefined;
  readonly after: Readonly<KubeObject> | undefined;
}

/** Everything durable, as a spectator sees it whom no fault touches. */
export class Sight {
  readonly #byKind = new Map<string, Map<string, Readonly<KubeObject>>>();

  take({ type, current, key }: StoreEvent): ObjectChange {
    const { object } = current;
    const { kind } = object;
    let shelf = this.#byKind.get(kind);
    if (shelf === undefined) this.#byKind.set(kind, shelf = new Map());
    const before = shelf.get(key);
    if (type === "DELETE") shelf.delete(key);
    else shelf.set(key, object);
    return { kind, before, after: type === "DELETE" ? undefined : object };
  }

  list<T extends KubeObject>({ kind }: Resource<T>, namespace?: string): Readonly<T>[] {
    const all = [...this.#byKind.get(kind)?.values() ?? []] as Readonly<T>[];
    return namespace === undefined
      ? all
      : all.filter((one) => one.metadata.namespace === namespace);
  }
}
