import { END_GROUP, FIXED32, FIXED64, LENGTH, START_GROUP, VARINT, WireError } from "./wire.ts";

const TWO_32 = 2 ** 32;
const FIELD_NUMBER_MAX = 2 ** 29 - 1;
/** Text up to here is read faster one character at a time than by a decoder. */
const SHORT_TEXT = 32;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads one part of a buffer after the other. It never reads beyond the message that it is in. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #end: number;
  readonly #halves = { low: 0, high: 0 };

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** Number of the next field times 8, plus its wire type. */
  tag(): number {
    const first = this.#bytes[this.#at]!;
    if (first < 0x80 && first > 7) {
      this.#at += 1;
      return first;
    }
    const tag = this.#unsigned();
    const number = Math.floor(tag / 8);
    if (number === 0 || number > FIELD_NUMBER_MAX) throw new WireError(`illegal tag ${tag}`);
    return tag;
  }

  /** What does not fit is cut to its low 32 bits, as every reader of the format does. */
  int32(): number {
    return this.#varint().low | 0;
  }

  boolean(): boolean {
    const { low, high } = this.#varint();
    return low !== 0 || high !== 0;
  }

  /** @throws {WireError} beyond the integers that JSON carries exactly */
  int64(): number {
    const { low, high } = this.#varint();
    const value = (high | 0) * TWO_32 + (low >>> 0);
    if (Number.isSafeInteger(value)) return value;
    throw new WireError("the number is larger than JSON can hold");
  }

  double(): number {
    const from = this.#take(8);
    const { buffer, byteOffset } = this.#bytes;
    return new DataView(buffer, byteOffset + from, 8).getFloat64(0, true);
  }

  /** A part of the buffer: copy what is kept. */
  bytes(): Uint8Array {
    const length = this.#length();
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  string(): string {
    const length = this.#length();
    const from = this.#take(length);
    return length > SHORT_TEXT ? this.#decoded(from, length) : this.#shortText(from, length);
  }

  /** Goes into a message. @returns what `leave` wants */
  enter(): number {
    const length = this.#length();
    const outer = this.#end;
    this.#end = this.#at + length;
    return outer;
  }

  leave(outer: number): void {
    this.#at = this.#end;
    this.#end = outer;
  }

  /** Passes over a field that nobody knows. */
  skip(wireType: number): void {
    if (wireType === VARINT) this.#varint();
    else if (wireType === FIXED64) this.#take(8);
    else if (wireType === LENGTH) this.#take(this.#length());
    else if (wireType === START_GROUP) this.#skipGroup();
    else if (wireType === FIXED32) this.#take(4);
    else throw new WireError(`illegal wire type ${wireType}`);
  }

  #skipGroup(): void {
    for (let depth = 1; depth > 0;) {
      if (this.isAtEnd) throw unexpectedEnd();
      const wireType = this.tag() & 7;
      if (wireType === START_GROUP) depth += 1;
      else if (wireType === END_GROUP) depth -= 1;
      else this.skip(wireType);
    }
  }

  #shortText(from: number, length: number): string {
    let text = "";
    for (let at = from; at < from + length; at++) {
      const byte = this.#bytes[at]!;
      if (byte >= 0x80) return this.#decoded(from, length);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #decoded(from: number, length: number): string {
    try {
      return utf8.decode(this.#bytes.subarray(from, from + length));
    } catch {
      throw new WireError("the text is not valid UTF-8");
    }
  }

  #length(): number {
    const length = this.#unsigned();
    if (length > this.#end - this.#at) throw unexpectedEnd();
    return length;
  }

  #take(length: number): number {
    const from = this.#at;
    if (length > this.#end - from) throw unexpectedEnd();
    this.#at = from + length;
    return from;
  }

  #unsigned(): number {
    const { low, high } = this.#varint();
    return (high >>> 0) * TWO_32 + (low >>> 0);
  }

  /** @returns the same object at each call, for speed: two halves of 64 bits */
  #varint(): { readonly low: number; readonly high: number } {
    const halves = this.#halves;
    halves.low = halves.high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#end) throw unexpectedEnd();
      const byte = this.#bytes[this.#at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) halves.low |= bits << shift;
      else if (shift === 28) {
        halves.low |= bits << 28;
        halves.high = bits >>> 4;
      } else halves.high |= shift < 63 ? bits << (shift - 32) : bits << 31;
      if (byte < 0x80) return halves;
    }
    throw new WireError("the number has more than 10 bytes");
  }
}

function unexpectedEnd(): WireError {
  return new WireError("unexpected end of the message");
}
