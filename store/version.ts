import type { KubeObject, ManagedFieldsEntry, ObjectMeta } from "../api/types/meta.ts";
import { StatusError } from "../api/types/status.ts";
import type { Key, Replaced, Revision, Stored } from "./ledger.ts";
import { SharedFields } from "./shared_fields.ts";
import type { Versioned } from "./store.ts";

/** Source: etcd's default request limit, 1.5 MiB. */
const OBJECT_BYTES_MAX = 1.5 * 1024 * 1024;

/** Longest key: resource, namespace (63) and name (253) fit in. Ledgers count on it. */
const KEY_BYTES_MAX = 640;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const sharedFields = new SharedFields();

/** A version whose bytes are there; the object is parsed on first use. */
export class Version implements Versioned {
  #object: Stored | undefined;
  constructor(
    readonly key: Key,
    readonly revision: Revision,
    readonly bytes: Uint8Array,
    object?: Stored,
  ) {
    this.#object = object;
  }

  get object(): Stored {
    return this.#object ??= parsed(this.bytes);
  }

  /** Lets the parsed object go; it comes back on the next use. For versions that only history still holds. */
  release(): void {
    this.#object = undefined;
  }
}

/** What a deleted object was, at the revision of its deletion. Made of the version before when somebody asks. */
export class LastState implements Versioned {
  readonly #before: Versioned;
  #made: Version | undefined;
  constructor(readonly revision: Revision, before: Versioned) {
    this.#before = before;
  }

  get key(): Key {
    return this.#before.key;
  }

  get bytes(): Uint8Array {
    return this.#version().bytes;
  }

  get object(): Stored {
    return this.#version().object;
  }

  release(): void {
    this.#made = undefined;
  }

  #version(): Version {
    this.#made ??= encodeVersion(this.key, this.revision, this.#before.object);
    return this.#made;
  }
}

/** @returns the object with its revision in it, and its JSON, made here and nowhere else */
export function encodeVersion(key: Key, revision: Revision, object: KubeObject): Version {
  const resourceVersion = String(revision);
  const metadata: ObjectMeta = { ...object.metadata, resourceVersion };
  shareFields(metadata);
  const stamped = { ...object, metadata };
  return new Version(key, revision, encoder.encode(JSON.stringify(stamped)), stamped);
}

function parsed(bytes: Uint8Array): Stored {
  const object = JSON.parse(decoder.decode(bytes)) as KubeObject;
  shareFields(object.metadata);
  return object;
}

/** @param metadata of an object that nobody has seen yet */
function shareFields(metadata: ObjectMeta): void {
  const { managedFields } = metadata;
  if (managedFields === undefined) return;
  metadata.managedFields = sharedFields.shared(managedFields) as ManagedFieldsEntry[];
}

export function replacedBy(previous: Versioned | undefined): Replaced | undefined {
  return previous && { revision: previous.revision, bytes: previous.bytes };
}

/** @throws {StatusError} RequestEntityTooLarge */
export function rejectTooLarge({ key, bytes }: Version): void {
  // No UTF-16 unit takes more than three bytes: most keys need no count.
  const keyBytes = key.length * 3 <= KEY_BYTES_MAX ? 0 : encoder.encode(key).length;
  if (keyBytes > KEY_BYTES_MAX) throw tooLarge(`${key.slice(0, 80)}…`, "key", keyBytes);
  if (bytes.length > OBJECT_BYTES_MAX) throw tooLarge(key, "JSON", bytes.length);
}

function tooLarge(key: Key, what: "key" | "JSON", bytes: number): StatusError {
  const limit = what === "key" ? KEY_BYTES_MAX : OBJECT_BYTES_MAX;
  const message = `Cannot write ${key}: its ${what} has ${bytes} bytes, the limit is ${limit}`;
  return new StatusError("RequestEntityTooLarge", message);
}
