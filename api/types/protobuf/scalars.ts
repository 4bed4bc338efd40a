/** How each scalar of the schema language stands on the wire. */
import { isDeeperThan, JSON_DEPTH_MAX } from "../json.ts";
import type { EnumSchema, ScalarName, ScalarSchema } from "../schema.ts";
import { WireReader } from "./reader.ts";
import { MICROTIME_DIGITS, timestampOf, timeText } from "./times.ts";
import { FIXED64, LENGTH, VARINT, WireError, type WireType } from "./wire.ts";
import type { WireWriter } from "./writer.ts";

export interface ReadScalar {
  readonly wireType: WireType;
  /** @returns undefined where JSON has nothing, such as a time that is not set */
  read(reader: WireReader): unknown;
}

export type WriteScalar = (writer: WireWriter, number: number, value: unknown) => void;

type Scalar = ScalarSchema | EnumSchema;

const nameOf = ({ is }: Scalar): ScalarName => is === "enum" ? "string" : is;

export function scalarReader(schema: Scalar): ReadScalar {
  return READERS[nameOf(schema)];
}

/** Throws a WireError on a value of another type. */
export function scalarWriter(schema: Scalar): WriteScalar {
  return WRITERS[nameOf(schema)];
}

const READERS: Readonly<Record<ScalarName, ReadScalar>> = {
  string: { wireType: LENGTH, read: (reader) => reader.string() },
  int32: { wireType: VARINT, read: (reader) => reader.int32() },
  int64: { wireType: VARINT, read: (reader) => reader.int64() },
  double: { wireType: FIXED64, read: (reader) => reader.double() },
  boolean: { wireType: VARINT, read: (reader) => reader.boolean() },
  bytes: { wireType: LENGTH, read: (reader) => reader.bytes().toBase64() },
  time: { wireType: LENGTH, read: (reader) => readTime(reader, 0) },
  microTime: { wireType: LENGTH, read: (reader) => readTime(reader, MICROTIME_DIGITS) },
  quantity: { wireType: LENGTH, read: readQuantity },
  intOrString: { wireType: LENGTH, read: readIntOrString },
  any: { wireType: LENGTH, read: readAny },
};

/** Calls `field` for each field of a small message: its number and its wire type. */
function readParts(reader: WireReader, field: (number: number, wireType: number) => void): void {
  const outer = reader.enter();
  while (!reader.isAtEnd) {
    const tag = reader.tag();
    field(tag >>> 3, tag & 7);
  }
  reader.leave(outer);
}

/** Go writes the time that is not set as an empty message. */
function readTime(reader: WireReader, digits: number): string | undefined {
  let seconds: number | undefined;
  let nanos = 0;
  readParts(reader, (number, wireType) => {
    if (number === 1 && wireType === VARINT) seconds = reader.int64();
    else if (number === 2 && wireType === VARINT) nanos = reader.int32();
    else reader.skip(wireType);
  });
  return seconds === undefined ? undefined : timeText({ seconds, nanos }, digits);
}

function readQuantity(reader: WireReader): string {
  let text = "";
  readParts(reader, (number, wireType) => {
    if (number === 1 && wireType === LENGTH) text = reader.string();
    else reader.skip(wireType);
  });
  return text === "" ? "0" : text;
}

const IS_TEXT = 1;

function readIntOrString(reader: WireReader): number | string {
  let type = 0;
  let int = 0;
  let text = "";
  readParts(reader, (number, wireType) => {
    if (number === 1 && wireType === VARINT) type = reader.int64();
    else if (number === 2 && wireType === VARINT) int = reader.int32();
    else if (number === 3 && wireType === LENGTH) text = reader.string();
    else reader.skip(wireType);
  });
  return type === IS_TEXT ? text : int;
}

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/** Free JSON travels as its text: FieldsV1, RawExtension. */
function readAny(reader: WireReader): unknown {
  let raw: Uint8Array = new Uint8Array();
  readParts(reader, (number, wireType) => {
    if (number === 1 && wireType === LENGTH) raw = reader.bytes();
    else reader.skip(wireType);
  });
  if (raw.length === 0) return undefined;
  const json = parsed(raw);
  if (!isDeeperThan(JSON_DEPTH_MAX, json)) return json;
  throw new WireError(`nested more than ${JSON_DEPTH_MAX} deep`);
}

function parsed(raw: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(raw));
  } catch {
    throw new WireError("the bytes are no JSON");
  }
}

const WRITERS: Readonly<Record<ScalarName, WriteScalar>> = {
  string: (writer, number, value) => writer.string(number, textIn(value)),
  int32: writeInteger,
  int64: writeInteger,
  double: (writer, number, value) => writer.double(number, numberIn(value)),
  boolean(writer, number, value) {
    if (typeof value !== "boolean") throw unwritable(value, "a flag");
    writer.boolean(number, value);
  },
  bytes: (writer, number, value) => writer.bytes(number, base64In(value)),
  time: (writer, number, value) => writeTime(writer, number, textIn(value)),
  microTime: (writer, number, value) => writeTime(writer, number, textIn(value)),
  quantity(writer, number, value) {
    const before = writer.length;
    writer.string(1, typeof value === "number" ? `${value}` : textIn(value));
    writer.message(number, before);
  },
  intOrString(writer, number, value) {
    const before = writer.length;
    if (typeof value === "string") writer.string(3, value);
    else writeInteger(writer, 2, value);
    writer.int(1, typeof value === "string" ? IS_TEXT : 0);
    writer.message(number, before);
  },
  any(writer, number, value) {
    const before = writer.length;
    writer.bytes(1, encoder.encode(JSON.stringify(value)));
    writer.message(number, before);
  },
};

function writeInteger(writer: WireWriter, number: number, value: unknown): void {
  if (!Number.isSafeInteger(value)) throw unwritable(value, "a whole number");
  writer.int(number, value as number);
}

function writeTime(writer: WireWriter, number: number, text: string): void {
  const before = writer.length;
  const { seconds, nanos } = timestampOf(text);
  writer.int(2, nanos);
  writer.int(1, seconds);
  writer.message(number, before);
}

function textIn(value: unknown): string {
  if (typeof value !== "string") throw unwritable(value, "text");
  return value;
}

function numberIn(value: unknown): number {
  if (typeof value !== "number") throw unwritable(value, "a number");
  return value;
}

function base64In(value: unknown): Uint8Array {
  try {
    return Uint8Array.fromBase64(textIn(value));
  } catch {
    throw unwritable(value, "base64");
  }
}

function unwritable(value: unknown, wanted: string): WireError {
  const type = value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
  return new WireError(`${wanted} is wanted, not ${type}`);
}
