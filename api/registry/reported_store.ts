import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import { StatusError } from "../types/status.ts";
import type { Key, Loaded, Revision } from "../../store/ledger.ts";
import type { Store, StoreEvent, Versioned } from "../../store/store.ts";
import { keyOf } from "./keys.ts";

/** @returns what shows the objects that `report` makes at each read, and lets nobody write */
export function reportedBy(
  resource: Resource<KubeObject>,
  report: () => readonly KubeObject[],
): (store: Store) => Store {
  return (store) => new ReportedStore(store, resource, report);
}

const encoder = new TextEncoder();

/** A store of which one kind is made up when somebody asks: how things are at this moment. */
class ReportedStore implements Store {
  readonly #inner: Store;
  readonly #resource: Resource<KubeObject>;
  readonly #report: () => readonly KubeObject[];

  constructor(inner: Store, resource: Resource<KubeObject>, report: () => readonly KubeObject[]) {
    this.#inner = inner;
    this.#resource = resource;
    this.#report = report;
  }

  get revision(): Revision {
    return this.#inner.revision;
  }

  get compacted(): Revision {
    return this.#inner.compacted;
  }

  get isShared(): boolean {
    return this.#inner.isShared;
  }

  catchUp(): Promise<void> {
    return this.#inner.catchUp();
  }

  get(key: Key): Versioned | undefined {
    return this.#all().find((one) => one.key === key);
  }

  list(prefix: Key): readonly Versioned[] {
    return this.#all().filter(({ key }) => key.startsWith(prefix));
  }

  /** There is no past: it is as it is. */
  listAt(prefix: Key): readonly Versioned[] {
    return this.list(prefix);
  }

  revisionAt(time: number): Revision {
    return this.#inner.revisionAt(time);
  }

  commit(): Promise<readonly Versioned[]> {
    const why = "the server does not allow this method on the requested resource";
    return Promise.reject(new StatusError("MethodNotAllowed", why));
  }

  /** Nothing is ever written. */
  watch(prefix: Key, after: Revision, deliver: (events: readonly StoreEvent[]) => void) {
    return this.#inner.watch(prefix, after, deliver);
  }

  metrics(): string[] {
    return this.#inner.metrics();
  }

  copy(): Loaded {
    return this.#inner.copy();
  }

  /** The inner store belongs to others too. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #all(): Versioned[] {
    const { revision } = this.#inner;
    return this.#report().map((object) => {
      const { namespace = "", name } = object.metadata;
      const key = keyOf(this.#resource, namespace, name);
      return { key, revision, bytes: encoder.encode(JSON.stringify(object)), object };
    }).sort((a, b) => a.key < b.key ? -1 : 1);
  }
}
