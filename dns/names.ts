/**
 * A name has three forms here: bytes as on the wire; its *key*, which is the same in lower case as a latin1 string
 * (so that a map finds it), and its labels. `web.default.svc` is `["web", "default", "svc"]`.
 */
import { LABEL_BYTES_MAX, NAME_BYTES_MAX } from "./wire.ts";

const LATIN1 = new TextDecoder("latin1");
const UPPER_A = 65;
const UPPER_Z = 90;
const TO_LOWER = 32;

/** @returns offset behind the name at `from`, or -1 where it is cut off, too long or compressed */
export function endOfPlainName(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const length = bytes[at]!;
    if (length === 0) return at + 1 - from <= NAME_BYTES_MAX ? at + 1 : -1;
    if (length > LABEL_BYTES_MAX) return -1;
    at += length + 1;
  }
  return -1;
}

/** Scratch for lower case: nothing is awaited while it is in use. */
const LOWER = new Uint8Array(NAME_BYTES_MAX + 1);

/** Key of an uncompressed name. */
export function keyAt(bytes: Uint8Array, from: number, end: number): string {
  const length = end - from;
  for (let i = 0; i < length; i++) {
    const byte = bytes[from + i]!;
    // lengths of labels end at 63, below the letters
    LOWER[i] = byte >= UPPER_A && byte <= UPPER_Z ? byte + TO_LOWER : byte;
  }
  return LATIN1.decode(LOWER.subarray(0, length));
}

export function labelsOf(key: string): string[] {
  const labels: string[] = [];
  for (let at = 0; at < key.length - 1;) {
    const length = key.charCodeAt(at);
    labels.push(key.slice(at + 1, at + 1 + length));
    at += length + 1;
  }
  return labels;
}

/** @returns undefined when a label is empty or longer than 63 bytes, or all of it longer than 255 */
function keyOfLabels(labels: readonly string[]): string | undefined {
  if (labels.some(({ length }) => length === 0 || length > LABEL_BYTES_MAX)) return undefined;
  const key = labels.map((label) => String.fromCharCode(label.length) + label).join("") + "\0";
  if (key.length > NAME_BYTES_MAX) return undefined;
  return key.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()); // bytes beyond ASCII stay
}

/** @param text with or without the dot at the end */
export function keyOfText(text: string): string | undefined {
  const trimmed = text.endsWith(".") ? text.slice(0, -1) : text;
  return trimmed === "" ? "\0" : keyOfLabels(trimmed.split("."));
}

export function textOf(key: string): string {
  return `${labelsOf(key).join(".")}.`;
}

export function bytesOfKey(key: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(key, (letter) => letter.charCodeAt(0));
}

/** Follows compression. @returns undefined where a name is cut off, too long, or points in circles */
export function readName(
  bytes: Uint8Array,
  from: number,
): { key: string; end: number } | undefined {
  const labels: string[] = [];
  let [at, end, left] = [from, -1, NAME_BYTES_MAX];
  while (left > 0 && at < bytes.length) {
    const length = bytes[at]!;
    if (length === 0) {
      const key = labels.length === 0 ? "\0" : keyOfLabels(labels);
      return key === undefined ? undefined : { key, end: end < 0 ? at + 1 : end };
    }
    if (length >= 0xc0) {
      if (end < 0) end = at + 2;
      const target = ((length & 0x3f) << 8) | (bytes[at + 1] ?? 0);
      if (target >= at) return undefined; // only earlier ones: this cannot run in circles
      at = target;
    } else if (length > LABEL_BYTES_MAX || at + 1 + length > bytes.length) return undefined;
    else {
      labels.push(LATIN1.decode(bytes.subarray(at + 1, at + 1 + length)));
      at += length + 1;
      left -= length + 1;
    }
  }
  return undefined;
}
