import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { Key, Loaded, Revision } from "../../store/ledger.ts";
import type { Store, StoreEvent, Transaction, Versioned, View, Write } from "../../store/store.ts";
import { prefixOf } from "./keys.ts";

/** How objects that are served in one form are stored in another: `events.k8s.io/v1` as `v1`. */
export interface Conversion<T extends KubeObject> {
  readonly resource: Resource<KubeObject>;
  toStored(object: T): KubeObject;
  /** @returns `object` itself where it looks the same in both forms */
  fromStored(object: Readonly<KubeObject>): T;
  /** Versions that are known to look the same in both forms go out as they are, bytes and all. */
  isSame?(version: Versioned): boolean;
}

/** @returns what shows the objects of `conversion` as those of `resource` */
export function convertedInto<T extends KubeObject>(
  resource: Resource<T>,
  conversion: Conversion<T>,
): (store: Store) => Store {
  return (store) =>
    new ConvertedStore(
      store,
      resource as Resource<KubeObject>,
      conversion as Conversion<KubeObject>,
    );
}

/** A store in which the objects of one kind appear in another form, under the keys of that form. */
class ConvertedStore implements Store {
  readonly #inner: Store;
  readonly #form: Form;
  constructor(inner: Store, resource: Resource<KubeObject>, form: Conversion<KubeObject>) {
    this.#inner = inner;
    this.#form = new Form(resource, form);
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
    return this.#form.read(this.#inner.get(this.#form.storedKey(key)));
  }

  list(prefix: Key): readonly Versioned[] {
    return this.#form.all(this.#inner.list(this.#form.storedKey(prefix)));
  }

  listAt(prefix: Key, revision: Revision): readonly Versioned[] {
    return this.#form.all(this.#inner.listAt(this.#form.storedKey(prefix), revision));
  }

  revisionAt(time: number): Revision {
    return this.#inner.revisionAt(time);
  }

  commit(transaction: Transaction): Promise<readonly Versioned[]> {
    const form = this.#form;
    const written = this.#inner.commit((view) =>
      transaction(viewIn(form, view)).map((write) => form.stored(write))
    );
    return written.then((versions) => versions.map((one) => form.shown(one)));
  }

  watch(prefix: Key, after: Revision, deliver: (events: readonly StoreEvent[]) => void) {
    const form = this.#form;
    return this.#inner.watch(form.storedKey(prefix), after, (events) => {
      deliver(events.map((event) => form.event(event)));
    });
  }

  /** Of everything, in the stored form. */
  copy(): Loaded {
    return this.#inner.copy();
  }

  /** Of the whole inner store. */
  metrics(): string[] {
    return this.#inner.metrics();
  }

  /** The inner store belongs to others too. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

function viewIn(form: Form, view: View): View {
  return {
    revision: view.revision,
    get: (key) => form.read(view.get(form.storedKey(key))),
    list: (prefix) => form.all(view.list(form.storedKey(prefix))),
  };
}

const encoder = new TextEncoder();

/** Keys and versions in both forms. What is no object of the kind stays as it is. */
class Form {
  readonly #own: string;
  readonly #stored: string;
  readonly #form: Conversion<KubeObject>;
  /** Each version is converted once, however many read it. */
  readonly #known = new WeakMap<Versioned, Versioned>();

  constructor(resource: Resource<KubeObject>, form: Conversion<KubeObject>) {
    this.#own = prefixOf(resource);
    this.#stored = prefixOf(form.resource);
    this.#form = form;
  }

  storedKey(key: Key): Key {
    return key.startsWith(this.#own) ? this.#stored + key.slice(this.#own.length) : key;
  }

  stored({ key, object }: Write): Write {
    if (!key.startsWith(this.#own)) return { key, object };
    return {
      key: this.storedKey(key),
      object: object === undefined ? undefined : this.#form.toStored(object),
    };
  }

  read(version: Versioned | undefined): Versioned | undefined {
    return version === undefined ? undefined : this.shown(version);
  }

  all(versions: readonly Versioned[]): readonly Versioned[] {
    const { isSame } = this.#form;
    return isSame !== undefined && versions.every(isSame)
      ? versions
      : versions.map((version) => this.shown(version));
  }

  shown(version: Versioned): Versioned {
    if (!version.key.startsWith(this.#stored) || this.#form.isSame?.(version)) return version;
    const known = this.#known.get(version);
    if (known !== undefined) return known;
    const object = this.#form.fromStored(version.object as KubeObject);
    if (object === version.object) return version;
    const key = this.#own + version.key.slice(this.#stored.length);
    const bytes = encoder.encode(JSON.stringify(object));
    const shown: Versioned = { key, revision: version.revision, bytes, object };
    this.#known.set(version, shown);
    return shown;
  }

  event(event: StoreEvent): StoreEvent {
    const current = this.shown(event.current);
    return { ...event, key: current.key, current, previous: this.read(event.previous) };
  }
}
