import type { Change, Revision } from "./ledger.ts";

/** Where a large version lies. */
export interface Parts {
  readonly revision: Revision;
  readonly side: 0 | 1;
  readonly length: number;
}

/** A version's JSON, or where it lies. */
export type Held = Uint8Array | Parts;

export interface HeldState {
  readonly revision: Revision;
  readonly held: Held;
}

export interface HeldChange extends Omit<Change, "replaced"> {
  readonly replaced: { readonly revision: Revision; readonly held: Held } | undefined;
}

export interface Page {
  readonly first: Revision;
  readonly value: Uint8Array;
}

/** Source: Deno KV, the most bytes that a value has. */
const PAGE_BYTES_MAX = 65_536;

/** How a version is held. */
const NOWHERE = 0;
const HERE = 1;
const IN_PARTS = 2;

/** Bytes of `Parts`: revision, side, length. */
const PARTS_BYTES = 8 + 1 + 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Appends and reads big-endian values one after another; revisions and times are float64. */
class Cursor {
  at = 0;
  readonly #view: DataView;
  constructor(readonly buffer: Uint8Array) {
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  get isAtEnd(): boolean {
    return this.at >= this.buffer.length;
  }

  putByte(value: number): void {
    this.buffer[this.at++] = value;
  }

  putInteger(value: number): void {
    this.#view.setUint32(this.at, value);
    this.at += 4;
  }

  putNumber(value: number): void {
    this.#view.setFloat64(this.at, value);
    this.at += 8;
  }

  putBytes(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
  }

  takeByte(): number {
    return this.#view.getUint8(this.at++);
  }

  takeInteger(): number {
    this.at += 4;
    return this.#view.getUint32(this.at - 4);
  }

  takeNumber(): number {
    this.at += 8;
    return this.#view.getFloat64(this.at - 8);
  }

  /** A view, not a copy. */
  takeBytes(length: number): Uint8Array {
    this.at += length;
    return this.buffer.subarray(this.at - length, this.at);
  }
}

/** form, revision, then the JSON to the end, or where it lies */
export function encodeState({ revision, held }: HeldState): Uint8Array {
  const to = new Cursor(new Uint8Array(9 + bytesOf(held)));
  to.putByte(held instanceof Uint8Array ? HERE : IN_PARTS);
  to.putNumber(revision);
  putHeld(to, held);
  return to.buffer;
}

export function decodeState(value: Uint8Array): HeldState {
  const from = new Cursor(value);
  const form = from.takeByte();
  const revision = from.takeNumber();
  return { revision, held: takeHeld(from, form, value.length - from.at) };
}

/**
 * Each change: lengths of key and of what it replaced, form, time, key, then revision and JSON of what it replaced
 * or where it lies. Their revisions follow from the page's first.
 */
export function encodePages(changes: readonly HeldChange[]): Page[] {
  const pages: Page[] = [];
  let page: HeldChange[] = [];
  let bytes = 0;
  const close = () =>
    page[0] && pages.push({ first: page[0].revision, value: encodePage(page, bytes) });
  for (const change of changes) {
    const size = sizeOf(change);
    if (bytes + size > PAGE_BYTES_MAX) {
      close();
      page = [];
      bytes = 0;
    }
    page.push(change);
    bytes += size;
  }
  close();
  return pages;
}

/** Key length, length, form, time. */
const CHANGE_HEAD_BYTES = 4 + 4 + 1 + 8;

function sizeOf({ key, replaced }: HeldChange): number {
  const keyBytes = encoder.encode(key).length;
  return CHANGE_HEAD_BYTES + keyBytes + (replaced === undefined ? 0 : 8 + bytesOf(replaced.held));
}

function encodePage(changes: readonly HeldChange[], bytes: number): Uint8Array {
  const to = new Cursor(new Uint8Array(bytes));
  for (const { key, at, replaced } of changes) {
    const keyBytes = encoder.encode(key);
    to.putInteger(keyBytes.length);
    to.putInteger(replaced === undefined ? 0 : bytesOf(replaced.held));
    to.putByte(formOf(replaced?.held));
    to.putNumber(at);
    to.putBytes(keyBytes);
    if (replaced === undefined) continue;
    to.putNumber(replaced.revision);
    putHeld(to, replaced.held);
  }
  return to.buffer;
}

export function decodePage({ first, value }: Page): HeldChange[] {
  const from = new Cursor(value);
  const changes: HeldChange[] = [];
  while (!from.isAtEnd) changes.push(takeChange(from, first + changes.length));
  return changes;
}

function takeChange(from: Cursor, revision: Revision): HeldChange {
  const keyLength = from.takeInteger();
  const length = from.takeInteger();
  const form = from.takeByte();
  const at = from.takeNumber();
  const key = decoder.decode(from.takeBytes(keyLength));
  if (form === NOWHERE) return { key, revision, at, replaced: undefined };
  const replaced = { revision: from.takeNumber(), held: takeHeld(from, form, length) };
  return { key, revision, at, replaced };
}

function formOf(held: Held | undefined): number {
  if (held === undefined) return NOWHERE;
  return held instanceof Uint8Array ? HERE : IN_PARTS;
}

function bytesOf(held: Held): number {
  return held instanceof Uint8Array ? held.length : PARTS_BYTES;
}

function putHeld(to: Cursor, held: Held): void {
  if (held instanceof Uint8Array) return to.putBytes(held);
  to.putNumber(held.revision);
  to.putByte(held.side);
  to.putInteger(held.length);
}

function takeHeld(from: Cursor, form: number, length: number): Held {
  if (form === HERE) return from.takeBytes(length);
  const revision = from.takeNumber();
  const side = from.takeByte() === 0 ? 0 : 1;
  return { revision, side, length: from.takeInteger() };
}
