/**
 * How a ledger lies in etcd, and nothing that touches it. Below a prefix of the cluster:
 *
 *   meta/format                    1
 *   meta/head meta/compacted       revisions, in 16 digits, so that etcd can compare them
 *   meta/filling                   that not all of another ledger's content is here yet
 *   log/REVISION                   one change: key, time, the revision that it replaced, and the JSON that it wrote
 *   parts/APPEND/REVISION/N        piece N of a JSON that has no room in its append's transaction
 *   pending/APPEND                 that an append is still on its way; goes by itself when its server dies
 *
 * A version is written once: it lies in the log until a change that replaced it is forgotten. The state is
 * therefore what no other change in the log has replaced. One transaction writes changes and head, on condition
 * of the head before; parts go first, and are nothing until a change names them.
 */
import type { Change, Key, Loaded, Revision } from "./ledger.ts";
import type { Operation, PutRequest } from "./etcd_wire.ts";

export const FORMAT = "1";

/** Source: etcd, --max-request-bytes is 1.5 MiB; what stands around the values takes less than a fifth of it. */
const INLINE_BYTES_MAX = 1.2 * 1024 * 1024;
const PART_BYTES_MAX = 1024 * 1024;

const REVISION_DIGITS = 16;

export function revisionText(revision: Revision): string {
  return String(revision).padStart(REVISION_DIGITS, "0");
}

/** The keys under the prefix of one cluster. */
export class EtcdKeys {
  readonly #prefix: string;
  /** @param prefix ends with a slash */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get format(): string {
    return `${this.#prefix}meta/format`;
  }

  get head(): string {
    return `${this.#prefix}meta/head`;
  }

  get compacted(): string {
    return `${this.#prefix}meta/compacted`;
  }

  get filling(): string {
    return `${this.#prefix}meta/filling`;
  }

  change(revision: Revision): string {
    return `${this.#prefix}log/${revisionText(revision)}`;
  }

  pending(append: string): string {
    return `${this.#prefix}pending/${append}`;
  }

  part(append: string, revision: Revision, number: number): string {
    return `${this.parts(append, revision)}${String(number).padStart(4, "0")}`;
  }

  /** What all parts of one version begin with. */
  parts(append: string, revision: Revision): string {
    return `${this.#prefix}parts/${append}/${revisionText(revision)}/`;
  }

  /** Everything under one of the folders. */
  all(folder: "meta" | "log" | "parts" | "pending"): { key: string; end: string } {
    return { key: `${this.#prefix}${folder}/`, end: `${this.#prefix}${folder}0` };
  }

  /** Which append a key under `pending/` or `parts/` belongs to. */
  appendOf(key: string): string {
    return key.slice(this.#prefix.length).split("/")[1] ?? "";
  }
}

/** Everything that begins with `prefix`, which ends with a slash. */
export function under(prefix: string): { key: string; end: string } {
  return { key: prefix, end: `${prefix.slice(0, -1)}0` };
}

/** A change as it lies in the log. */
export interface HeldChange {
  readonly key: Key;
  readonly revision: Revision;
  readonly at: number;
  readonly replaced: Revision | undefined;
  /** What wrote it: tells whether an append whose answer was lost has happened. */
  readonly append: string;
  /** undefined where it deleted; a length where the JSON lies in parts. */
  readonly held: Uint8Array | number | undefined;
}

const DELETED = 0;
const HERE = 1;
const IN_PARTS = 2;

/** Form, time, replaced revision (0: none), length in parts, length of the append's name, length of the key. */
const HEAD_BYTES = 1 + 8 + 8 + 4 + 1 + 2;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** In chunks: the JSON is not copied. */
function encodeChange({ key, at, replaced, append, held }: HeldChange): Uint8Array[] {
  const keyBytes = encoder.encode(key);
  const appendBytes = encoder.encode(append);
  const head = new Uint8Array(HEAD_BYTES + appendBytes.length + keyBytes.length);
  const view = new DataView(head.buffer);
  view.setUint8(0, held === undefined ? DELETED : typeof held === "number" ? IN_PARTS : HERE);
  view.setFloat64(1, at);
  view.setFloat64(9, replaced ?? 0);
  view.setUint32(17, typeof held === "number" ? held : 0);
  view.setUint8(21, appendBytes.length);
  view.setUint16(22, keyBytes.length);
  head.set(appendBytes, HEAD_BYTES);
  head.set(keyBytes, HEAD_BYTES + appendBytes.length);
  return held instanceof Uint8Array ? [head, held] : [head];
}

/** The JSON is copied, so that it does not keep the whole answer of etcd in memory. */
export function decodeChange(key: string, value: Uint8Array): HeldChange {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const form = view.getUint8(0);
  const keyAt = HEAD_BYTES + view.getUint8(21);
  const bytesAt = keyAt + view.getUint16(22);
  return {
    key: decoder.decode(value.subarray(keyAt, bytesAt)),
    revision: Number(key.slice(-REVISION_DIGITS)),
    at: view.getFloat64(1),
    replaced: view.getFloat64(9) || undefined,
    append: decoder.decode(value.subarray(HEAD_BYTES, keyAt)),
    held: form === DELETED
      ? undefined
      : form === IN_PARTS
      ? view.getUint32(17)
      : new Uint8Array(value.subarray(bytesAt)),
  };
}

export interface EtcdAppendPlan {
  /** Must be there before the changes; each is a request of its own. */
  readonly parts: readonly PutRequest[];
  readonly changes: readonly HeldChange[];
}

/** A change that is to be laid down. */
export interface Entry extends Omit<HeldChange, "append" | "held"> {
  readonly bytes: Uint8Array | undefined;
}

/** @param append names what is planned: no other append, of whichever server, has the same name */
export function planEtcdAppend(
  entries: readonly Entry[],
  { append, keys }: { append: string; keys: EtcdKeys },
): EtcdAppendPlan {
  const parts: PutRequest[] = [];
  let room = INLINE_BYTES_MAX;
  const hold = (revision: Revision, bytes: Uint8Array | undefined): HeldChange["held"] => {
    if (bytes === undefined) return undefined;
    if (bytes.length <= room) {
      room -= bytes.length;
      return bytes;
    }
    for (let from = 0; from < bytes.length; from += PART_BYTES_MAX) {
      const value = [bytes.subarray(from, from + PART_BYTES_MAX)];
      parts.push({ key: keys.part(append, revision, from / PART_BYTES_MAX), value });
    }
    return bytes.length;
  };
  const changes = entries.map(({ key, revision, at, bytes, replaced }) => (
    { key, revision, at, replaced, append, held: hold(revision, bytes) }
  ));
  return { parts, changes };
}

/** What another ledger holds, as changes: what is older than its history has no time, and replaced nothing. */
export async function entriesOf({ present, history }: Loaded): Promise<Entry[]> {
  const entries = new Map<Revision, Entry>();
  const older = { at: 0, replaced: undefined };
  for await (const group of present) {
    for (const version of group) entries.set(version.revision, { ...version, ...older });
  }
  const changes: Change[] = [];
  for await (const group of history) changes.push(...group);
  for (const { key, replaced } of changes) {
    if (replaced !== undefined) entries.set(replaced.revision, { key, ...replaced, ...older });
  }
  for (const { key, revision, at, replaced } of changes) {
    const bytes = entries.get(revision)?.bytes;
    entries.set(revision, { key, revision, at, replaced: replaced?.revision, bytes });
  }
  return [...entries.values()].sort((a, b) => a.revision - b.revision);
}

export function putChange(keys: EtcdKeys, change: HeldChange): Operation {
  return { put: { key: keys.change(change.revision), value: encodeChange(change) } };
}

export function putText(key: string, text: string): Operation {
  return { put: { key, value: [encoder.encode(text)] } };
}

export function textOf(value: Uint8Array): string {
  return decoder.decode(value);
}
