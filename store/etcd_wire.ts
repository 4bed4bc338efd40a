/**
 * The messages of etcd's v3 API that the ledger needs, and no others, as protobuf. Field numbers are those of
 * etcd's rpc.proto and kv.proto.
 */

const encoder = new TextEncoder();

/** A message in the making. Its parts are put together once, when it is sent. */
class Message {
  readonly chunks: Uint8Array[] = [];
  length = 0;

  number(field: number, value: number): this {
    if (value === 0) return this;
    return this.#add(varint(field * 8)).#add(varint(value));
  }

  bytes(field: number, value: Uint8Array | string | Message | readonly Uint8Array[]): this {
    const whole = typeof value === "string" ? encoder.encode(value) : value;
    const chunks = whole instanceof Uint8Array
      ? [whole]
      : whole instanceof Message
      ? whole.chunks
      : whole;
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.#add(varint(field * 8 + 2)).#add(varint(length));
    for (const chunk of chunks) this.#add(chunk);
    return this;
  }

  #add(chunk: Uint8Array): this {
    this.chunks.push(chunk);
    this.length += chunk.length;
    return this;
  }
}

export type { Message };

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  bytes.push(value);
  return Uint8Array.from(bytes);
}

/** As gRPC sends it: not compressed, its length, the message. */
export function framed({ chunks, length }: Message): Uint8Array {
  const frame = new Uint8Array(5 + length);
  new DataView(frame.buffer).setUint32(1, length);
  let at = 5;
  for (const chunk of chunks) {
    frame.set(chunk, at);
    at += chunk.length;
  }
  return frame;
}

export interface RangeRequest {
  readonly key: string;
  /** Exclusive; absent for one key alone. */
  readonly end?: string;
  readonly limit?: number;
  /** The state as it was then; the newest where absent. */
  readonly revision?: number;
  readonly keysOnly?: boolean;
}

export interface PutRequest {
  readonly key: string;
  /** Chunks that follow one another. */
  readonly value: readonly Uint8Array[];
  readonly lease?: number;
}

export type Operation =
  | { readonly range: RangeRequest }
  | { readonly put: PutRequest }
  | { readonly remove: Pick<RangeRequest, "key" | "end"> };

export interface TxnRequest {
  readonly compare: readonly Comparison[];
  readonly success: readonly Operation[];
  readonly failure?: readonly Operation[];
}

/** That a key has a value, one less than it (in the order of bytes), or that it is there at all. */
export type Comparison =
  | { readonly key: string; readonly is: "equal" | "less"; readonly value: string }
  | { readonly key: string; readonly is: "there" | "absent" };

const EQUAL = 0;
const GREATER = 1;
const LESS = 2;
const TARGET_VERSION = 0;
const TARGET_VALUE = 3;

export function rangeRequest({ key, end, limit, revision, keysOnly }: RangeRequest): Message {
  const message = new Message().bytes(1, key);
  if (end !== undefined) message.bytes(2, end);
  return message.number(3, limit ?? 0).number(4, revision ?? 0).number(8, keysOnly ? 1 : 0);
}

export function txnRequest({ compare, success, failure = [] }: TxnRequest): Message {
  const message = new Message();
  for (const one of compare) message.bytes(1, comparison(one));
  for (const one of success) message.bytes(2, operation(one));
  for (const one of failure) message.bytes(3, operation(one));
  return message;
}

function comparison(compared: Comparison): Message {
  const message = new Message();
  if (!("value" in compared)) {
    // Tells by the key's version, which is 0 where there is none, and 0 is what an absent field means.
    return message.number(1, compared.is === "there" ? GREATER : EQUAL)
      .number(2, TARGET_VERSION).bytes(3, compared.key);
  }
  return message.number(1, compared.is === "equal" ? EQUAL : LESS)
    .number(2, TARGET_VALUE).bytes(3, compared.key).bytes(7, compared.value);
}

function operation(one: Operation): Message {
  const message = new Message();
  if ("range" in one) return message.bytes(1, rangeRequest(one.range));
  if ("remove" in one) {
    const { key, end } = one.remove;
    const removal = new Message().bytes(1, key);
    return message.bytes(3, end === undefined ? removal : removal.bytes(2, end));
  }
  const { key, value, lease } = one.put;
  return message.bytes(2, new Message().bytes(1, key).bytes(2, value).number(3, lease ?? 0));
}

export function compactionRequest(revision: number): Message {
  return new Message().number(1, revision);
}

export function leaseGrantRequest(id: number, seconds: number): Message {
  return new Message().number(1, seconds).number(2, id);
}

/** From now on. */
export function watchRequest(key: string): Message {
  return new Message().bytes(1, new Message().bytes(1, key));
}

export interface KeyValue {
  readonly key: string;
  readonly value: Uint8Array;
}

export interface RangeResponse {
  /** etcd's own revision, not the cluster's. */
  readonly revision: number;
  readonly entries: readonly KeyValue[];
  readonly hasMore: boolean;
}

export interface TxnResponse {
  readonly revision: number;
  readonly succeeded: boolean;
  /** What the ranges found, in the order of the operations; empty for the others. */
  readonly found: readonly (readonly KeyValue[])[];
}

export interface WatchResponse {
  readonly isCreated: boolean;
  readonly isCanceled: boolean;
  readonly puts: readonly KeyValue[];
}

const decoder = new TextDecoder();

/** The fields of a message, one after another. Groups, which etcd has not, are refused. */
function* fieldsOf(
  message: Uint8Array,
): Iterable<{ field: number; at: number; value: Uint8Array }> {
  const from = { at: 0 };
  while (from.at < message.length) {
    const tag = takeVarint(message, from);
    const type = tag % 8;
    const field = Math.floor(tag / 8);
    const start = from.at;
    if (type === 0) takeVarint(message, from);
    else if (type === 2) {
      const length = takeVarint(message, from);
      const at = from.at;
      from.at += length;
      if (from.at > message.length) break;
      yield { field, at, value: message.subarray(at, from.at) };
      continue;
    } else if (type === 1 || type === 5) from.at += type === 1 ? 8 : 4;
    else break;
    yield { field, at: start, value: message.subarray(start, from.at) };
  }
  if (from.at !== message.length) throw new Error("etcd's answer is cut off or no protobuf");
}

/** Past 2^53 it loses digits: such numbers (ids of members) are read over, not used. */
function takeVarint(message: Uint8Array, from: { at: number }): number {
  let value = 0;
  for (let scale = 1;; scale *= 128) {
    const byte = message[from.at++];
    if (byte === undefined) throw new Error("etcd's answer is cut off");
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
}

const numberIn = (value: Uint8Array) => takeVarint(value, { at: 0 });

function revisionIn(header: Uint8Array): number {
  for (const { field, value } of fieldsOf(header)) if (field === 3) return numberIn(value);
  return 0;
}

export function readRange(message: Uint8Array): RangeResponse {
  let revision = 0;
  let hasMore = false;
  const entries: KeyValue[] = [];
  for (const { field, value } of fieldsOf(message)) {
    if (field === 1) revision = revisionIn(value);
    else if (field === 2) entries.push(readKeyValue(value));
    else if (field === 3) hasMore = numberIn(value) === 1;
  }
  return { revision, entries, hasMore };
}

const NOTHING = new Uint8Array();

function readKeyValue(message: Uint8Array): KeyValue {
  let key = "";
  let bytes = NOTHING as Uint8Array;
  for (const { field, value } of fieldsOf(message)) {
    if (field === 1) key = decoder.decode(value);
    else if (field === 5) bytes = value;
  }
  return { key, value: bytes };
}

export function readTxn(message: Uint8Array): TxnResponse {
  let revision = 0;
  let succeeded = false;
  const found: (readonly KeyValue[])[] = [];
  for (const { field, value } of fieldsOf(message)) {
    if (field === 1) revision = revisionIn(value);
    else if (field === 2) succeeded = numberIn(value) === 1;
    else if (field === 3) found.push(rangeIn(value));
  }
  return { revision, succeeded, found };
}

function rangeIn(response: Uint8Array): readonly KeyValue[] {
  for (const { field, value } of fieldsOf(response)) {
    if (field === 1) return readRange(value).entries;
  }
  return [];
}

export function readWatch(message: Uint8Array): WatchResponse {
  let isCreated = false;
  let isCanceled = false;
  const puts: KeyValue[] = [];
  for (const { field, value } of fieldsOf(message)) {
    if (field === 3) isCreated = numberIn(value) === 1;
    else if (field === 4) isCanceled = numberIn(value) === 1;
    else if (field === 11) puts.push(...putIn(value));
  }
  return { isCreated, isCanceled, puts };
}

function putIn(event: Uint8Array): KeyValue[] {
  const fields = [...fieldsOf(event)];
  const isDeletion = fields.some(({ field, value }) => field === 1 && numberIn(value) === 1);
  const entry = fields.find(({ field }) => field === 2);
  return isDeletion || entry === undefined ? [] : [readKeyValue(entry.value)];
}
