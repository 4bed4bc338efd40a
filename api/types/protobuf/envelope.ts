import { WireReader } from "./reader.ts";
import { LENGTH, WireError } from "./wire.ts";
import { WireWriter } from "./writer.ts";

export interface EnvelopeType {
  readonly apiVersion: string;
  readonly kind: string;
}

/** What stands around every object: it says what the bytes are. Source: k8s.io/apimachinery, runtime.Unknown. */
export interface Envelope extends EnvelopeType {
  /** The object itself; a part of the buffer that it was read from. */
  readonly raw: Uint8Array;
}

const encoder = new TextEncoder();
const MAGIC = encoder.encode("k8s\0");
/** What the envelope adds at the most, for usual names of kinds. */
const OVERHEAD_BYTES = 128;

/** @throws {WireError} */
export function openEnvelope(bytes: Uint8Array): Envelope {
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw new WireError("the bytes do not begin with k8s\\0");
  }
  const reader = new WireReader(bytes.subarray(MAGIC.length));
  let type = { apiVersion: "", kind: "" };
  let raw = new Uint8Array() as Uint8Array;
  let encoding = "";
  while (!reader.isAtEnd) {
    const tag = reader.tag();
    if ((tag & 7) !== LENGTH) reader.skip(tag & 7);
    else if (tag >>> 3 === 1) type = readTypeMeta(reader, type);
    else if (tag >>> 3 === 2) raw = reader.bytes();
    else if (tag >>> 3 === 3) encoding = reader.string();
    else reader.skip(LENGTH);
  }
  if (encoding !== "") {
    throw new WireError(`contentEncoding ${JSON.stringify(encoding)} is unknown`);
  }
  return { ...type, raw };
}

function readTypeMeta(reader: WireReader, { apiVersion, kind }: EnvelopeType) {
  const outer = reader.enter();
  const type = { apiVersion, kind };
  while (!reader.isAtEnd) {
    const tag = reader.tag();
    if (tag === 8 + LENGTH) type.apiVersion = reader.string();
    else if (tag === 16 + LENGTH) type.kind = reader.string();
    else reader.skip(tag & 7);
  }
  reader.leave(outer);
  return type;
}

/** @returns bytes of their own */
export function sealEnvelope({ raw, ...type }: Envelope): Uint8Array {
  return sealed(type, raw.length, (writer) => writer.raw(raw));
}

/** Largest tag and length before an item of a list. */
const ITEM_OVERHEAD_BYTES = 6;

/** A list of objects that are encoded already, in its envelope. `metadata` is its ListMeta. */
export function sealList(
  type: EnvelopeType,
  metadata: Uint8Array,
  items: readonly Uint8Array[],
): Uint8Array {
  const length = items.reduce((sum, item) => sum + item.length + ITEM_OVERHEAD_BYTES, 0);
  return sealed(type, length + metadata.length, (writer) => {
    for (let i = items.length - 1; i >= 0; i--) writer.bytes(2, items[i]!);
    writer.bytes(1, metadata);
  });
}

function sealed(
  { apiVersion, kind }: EnvelopeType,
  rawBytes: number,
  writeRaw: (writer: WireWriter) => void,
): Uint8Array {
  const writer = new WireWriter(rawBytes + OVERHEAD_BYTES);
  writer.string(4, "");
  writer.string(3, "");
  const afterRaw = writer.length;
  writeRaw(writer);
  writer.message(2, afterRaw);
  const afterType = writer.length;
  writer.string(2, kind);
  writer.string(1, apiVersion);
  writer.message(1, afterType);
  writer.raw(MAGIC);
  return writer.finish();
}
