/**
 * The frames of SPDY/3.1 and their bytes. Source: SPDY Protocol, draft 3.1, section 2.
 *
 *     control  1|version:15 type:16 flags:8 length:24 payload
 *     data     0|stream:31          flags:8 length:24 payload
 */
export type Frame =
  | DataFrame
  | HeaderFrame
  | { readonly type: "rstStream"; readonly streamId: number; readonly status: number }
  | { readonly type: "settings"; readonly settings: ReadonlyMap<number, number> }
  | { readonly type: "ping"; readonly id: number }
  | { readonly type: "goAway"; readonly lastStreamId: number; readonly status: number }
  /** Stream 0 is the whole connection. */
  | { readonly type: "windowUpdate"; readonly streamId: number; readonly bytes: number };

export interface DataFrame {
  readonly type: "data";
  readonly streamId: number;
  /** No more comes from this side. */
  readonly isLast: boolean;
  readonly bytes: Uint8Array;
}

/** `block` is compressed, as one part of a stream that goes through all frames of the connection. */
export interface HeaderFrame {
  readonly type: "synStream" | "synReply" | "headers";
  readonly streamId: number;
  readonly isLast: boolean;
  readonly block: Uint8Array;
}

/** Status codes of RST_STREAM. */
export const RST_STATUS = { protocolError: 1, refusedStream: 3, cancel: 5, internalError: 6 };
/** Status codes of GOAWAY. */
export const GO_AWAY_STATUS = { ok: 0, protocolError: 1 };
/** The setting that says how far ahead of its reader a stream may be. */
export const INITIAL_WINDOW_SIZE = 7;

/** Far above what headers of streams need; data frames are not held whole. */
export const CONTROL_BYTES_MAX = 64 << 10;

const VERSION = 3;
const HEAD_BYTES = 8;
const FLAG_LAST = 1;
const TYPE = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

/** The other side does not keep to the protocol: the connection can't go on. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

export function encodeFrame(frame: Frame): Uint8Array {
  switch (frame.type) {
    case "data":
      return dataFrame(frame);
    case "synStream":
      // no associated stream, highest priority, no slot
      return control(frame, [frame.streamId, 0], Uint8Array.of(0, 0, ...frame.block));
    case "synReply":
    case "headers":
      return control(frame, [frame.streamId], frame.block);
    case "rstStream":
      return control(frame, [frame.streamId, frame.status]);
    case "settings":
      return control(frame, [frame.settings.size, ...[...frame.settings].flat()]);
    case "ping":
      return control(frame, [frame.id]);
    case "goAway":
      return control(frame, [frame.lastStreamId, frame.status]);
    case "windowUpdate":
      return control(frame, [frame.streamId, frame.bytes]);
  }
}

function dataFrame({ streamId, isLast, bytes }: DataFrame): Uint8Array {
  const encoded = new Uint8Array(HEAD_BYTES + bytes.length);
  const view = new DataView(encoded.buffer);
  view.setUint32(0, streamId);
  view.setUint32(4, bytes.length);
  encoded[4] = isLast ? FLAG_LAST : 0;
  encoded.set(bytes, HEAD_BYTES);
  return encoded;
}

function control(
  frame: Exclude<Frame, DataFrame>,
  words: readonly number[],
  rest: Uint8Array = new Uint8Array(),
): Uint8Array {
  const length = 4 * words.length + rest.length;
  const encoded = new Uint8Array(HEAD_BYTES + length);
  const view = new DataView(encoded.buffer);
  view.setUint16(0, 0x8000 | VERSION);
  view.setUint16(2, TYPE[frame.type]);
  view.setUint32(4, length);
  encoded[4] = "isLast" in frame && frame.isLast ? FLAG_LAST : 0;
  words.forEach((word, i) => view.setUint32(HEAD_BYTES + 4 * i, word));
  encoded.set(rest, HEAD_BYTES + 4 * words.length);
  return encoded;
}

/** Finds frames in what a connection brings, in pieces of any size. */
export class FrameReader {
  #held: Uint8Array = new Uint8Array();
  /** What is missing of a data frame whose head has been read. */
  #data: { streamId: number; isLast: boolean; missing: number } | undefined;

  /**
   * A data frame comes out in the pieces in which it came in, the last of them with its flag.
   * @throws {ProtocolError}
   */
  *read(chunk: Uint8Array): Generator<Frame> {
    let rest = this.#held.length === 0 ? chunk : joined(this.#held, chunk);
    this.#held = new Uint8Array();
    while (rest.length > 0) {
      if (this.#data !== undefined) {
        const bytes = rest.subarray(0, this.#data.missing);
        rest = rest.subarray(bytes.length);
        yield this.#piece(this.#data, bytes);
        continue;
      }
      const length = frameBytes(rest);
      if (length === undefined || length > rest.length) break;
      const frame = this.#frame(rest.subarray(0, length));
      rest = rest.subarray(length);
      if (frame !== undefined) yield frame;
    }
    // a chunk may be a view of a buffer that is used again
    this.#held = rest.slice();
  }

  #frame(bytes: Uint8Array): Frame | undefined {
    if (bytes[0]! >= 0x80) return controlFrame(bytes);
    const view = viewOf(bytes);
    const streamId = view.getUint32(0);
    const isLast = (bytes[4]! & FLAG_LAST) !== 0;
    const missing = view.getUint32(4) & 0xffffff;
    if (missing === 0) return { type: "data", streamId, isLast, bytes: new Uint8Array() };
    this.#data = { streamId, isLast, missing };
    return undefined;
  }

  #piece(data: { streamId: number; isLast: boolean; missing: number }, bytes: Uint8Array): Frame {
    data.missing -= bytes.length;
    if (data.missing === 0) this.#data = undefined;
    const { streamId } = data;
    return { type: "data", streamId, isLast: data.isLast && data.missing === 0, bytes };
  }
}

/** How many bytes must be there at once: a whole control frame, or the head of a data frame. */
function frameBytes(bytes: Uint8Array): number | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const view = viewOf(bytes);
  if (bytes[0]! < 0x80) return HEAD_BYTES;
  const version = view.getUint16(0) & 0x7fff;
  if (version !== VERSION) throw new ProtocolError(`frames are of version ${version}, not 3`);
  const length = view.getUint32(4) & 0xffffff;
  if (length > CONTROL_BYTES_MAX) {
    throw new ProtocolError(`a control frame of ${length} bytes is above ${CONTROL_BYTES_MAX}`);
  }
  return HEAD_BYTES + length;
}

/** @returns undefined for a type that is not known, which is passed over */
function controlFrame(bytes: Uint8Array): Frame | undefined {
  const view = viewOf(bytes);
  const type = view.getUint16(2);
  const isLast = (bytes[4]! & FLAG_LAST) !== 0;
  const word = (i: number) => {
    const at = HEAD_BYTES + 4 * i;
    if (at + 4 <= bytes.length) return view.getUint32(at);
    throw new ProtocolError(`a control frame of type ${type} is too short`);
  };
  const id = (i: number) => word(i) & 0x7fffffff;
  const headers = (name: HeaderFrame["type"], at: number): HeaderFrame => {
    const block = bytes.slice(HEAD_BYTES + at);
    return { type: name, streamId: id(0), isLast, block };
  };
  switch (type) {
    case TYPE.synStream:
      return headers("synStream", (word(1), 10));
    case TYPE.synReply:
      return headers("synReply", 4);
    case TYPE.headers:
      return headers("headers", 4);
    case TYPE.rstStream:
      return { type: "rstStream", streamId: id(0), status: word(1) };
    case TYPE.settings:
      return { type: "settings", settings: settingsIn(word) };
    case TYPE.ping:
      return { type: "ping", id: word(0) };
    case TYPE.goAway:
      return { type: "goAway", lastStreamId: id(0), status: word(1) };
    case TYPE.windowUpdate:
      return { type: "windowUpdate", streamId: id(0), bytes: id(1) };
    default:
      return undefined;
  }
}

function settingsIn(word: (i: number) => number): ReadonlyMap<number, number> {
  const settings = new Map<number, number>();
  const count = word(0);
  // the high byte holds flags
  for (let i = 0; i < count; i++) settings.set(word(1 + 2 * i) & 0xffffff, word(2 + 2 * i));
  return settings;
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  new DataView(buffer, byteOffset, byteLength);

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
