import { FIXED64, LENGTH, VARINT } from "./wire.ts";

const TWO_32 = 2 ** 32;
const BYTES_USUAL = 4096;

const encoder = new TextEncoder();

/**
 * Writes a message from its last byte to its first: when the length of a part is written, the part is there.
 * So of two parts the one that stands behind is written first.
 */
export class WireWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #start: number;

  /** @param size bytes that are expected; more find their place too */
  constructor(size = BYTES_USUAL) {
    this.#bytes = new Uint8Array(size);
    this.#start = size;
  }

  /** Bytes written. */
  get length(): number {
    return this.#bytes.length - this.#start;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(this.#start);
  }

  int(number: number, value: number): void {
    this.#varint(value);
    this.#tag(number, VARINT);
  }

  boolean(number: number, value: boolean): void {
    this.#prepend(1)[this.#start] = value ? 1 : 0;
    this.#tag(number, VARINT);
  }

  double(number: number, value: number): void {
    const { buffer } = this.#prepend(8);
    new DataView(buffer).setFloat64(this.#start, value, true);
    this.#tag(number, FIXED64);
  }

  bytes(number: number, value: Uint8Array): void {
    this.raw(value);
    this.#varint(value.length);
    this.#tag(number, LENGTH);
  }

  /** Bytes as they are, without a tag. */
  raw(value: Uint8Array): void {
    this.#prepend(value.length).set(value, this.#start);
  }

  string(number: number, value: string): void {
    const { length } = value;
    const bytes = this.#prepend(length);
    const start = this.#start;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) {
        this.#start += length;
        return this.bytes(number, encoder.encode(value));
      }
      bytes[start + i] = code;
    }
    this.#varint(length);
    this.#tag(number, LENGTH);
  }

  /** Closes the message whose fields were written since `length` was `before`. */
  message(number: number, before: number): void {
    this.#varint(this.length - before);
    this.#tag(number, LENGTH);
  }

  #tag(number: number, wireType: number): void {
    this.#varint(number * 8 + wireType);
  }

  /** Negative numbers take ten bytes, as 64 bits in two's complement. */
  #varint(value: number): void {
    if (value >= 0 && value < 0x80) {
      this.#prepend(1)[this.#start] = value;
      return;
    }
    let low = value >>> 0;
    let high = Math.floor(value / TWO_32) >>> 0;
    const size = sizeOf(low, high);
    const bytes = this.#prepend(size);
    for (let i = 0; i < size; i++) {
      bytes[this.#start + i] = (low & 0x7f) | (i < size - 1 ? 0x80 : 0);
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
  }

  #prepend(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.#start) this.#grow(length);
    this.#start -= length;
    return this.#bytes;
  }

  #grow(length: number): void {
    const used = this.length;
    const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, used + length));
    bytes.set(this.#bytes.subarray(this.#start), bytes.length - used);
    this.#bytes = bytes;
    this.#start = bytes.length - used;
  }
}

function sizeOf(low: number, high: number): number {
  if (high !== 0) return Math.ceil((64 - Math.clz32(high)) / 7);
  return Math.max(1, Math.ceil((32 - Math.clz32(low)) / 7));
}
