import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Key, Revision } from "./ledger.ts";

/** A key of AES-256 with the name that stands before everything it sealed. */
export interface EncryptionKey {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** JSON begins otherwise. The name of the key and a colon follow. */
const SEALED = new TextEncoder().encode("wherry:enc:aesgcm:v1:");
const COLON = 58;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Reads a key file: a line for each key, `name base64`, the first one writes, all of them read. Empty lines and
 * those that begin with # say nothing.
 * @throws {Error} naming the line, and never what stands there
 */
export function parseEncryptionKeys(text: string): EncryptionKey[] {
  const keys: EncryptionKey[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, name, base64 = ""] = /^\s*([\w.-]{1,64})\s+([\w+/]+=*)\s*$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`line ${at + 1} is not "name base64"`);
    const bytes = bytesIn(base64);
    if (bytes?.length !== KEY_BYTES) {
      throw new Error(`line ${at + 1} has no key of ${KEY_BYTES} bytes in base64`);
    }
    if (keys.some((key) => key.name === name)) {
      throw new Error(`line ${at + 1} has the name ${name}, which another key has`);
    }
    keys.push({ name, bytes });
  }
  if (keys.length === 0) throw new Error("it has no keys");
  return keys;
}

function bytesIn(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return undefined;
  }
}

/** Encrypts with AES-256-GCM. What is sealed for one key and revision does not open for another. */
export class Sealer {
  readonly #keys: readonly EncryptionKey[];
  readonly #randomBytes: (length: number) => Uint8Array;

  /** @param keys the first one seals; with none, everything stays as it is */
  constructor(keys: readonly EncryptionKey[], randomBytes: (length: number) => Uint8Array) {
    this.#keys = keys;
    this.#randomBytes = randomBytes;
  }

  seal(key: Key, revision: Revision, bytes: Uint8Array): Uint8Array {
    const [first] = this.#keys;
    if (first === undefined) return bytes;
    const iv = this.#randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", first.bytes, iv);
    cipher.setAAD(placeOf(key, revision));
    const sealed = [cipher.update(bytes), cipher.final()];
    return joined([SEALED, encoder.encode(`${first.name}:`), iv, cipher.getAuthTag(), ...sealed]);
  }

  /** @throws {Error} when there is no such key, or the bytes are not what was sealed */
  open(key: Key, revision: Revision, bytes: Uint8Array): Uint8Array {
    if (!isSealed(bytes)) return bytes;
    const colon = bytes.indexOf(COLON, SEALED.length);
    const name = decoder.decode(bytes.subarray(SEALED.length, colon));
    const found = this.#keys.find((one) => one.name === name);
    if (found === undefined) {
      throw new Error(`Cannot read ${key} at ${revision}: there is no encryption key ${name}`);
    }
    const tagAt = colon + 1 + IV_BYTES;
    const dataAt = tagAt + TAG_BYTES;
    try {
      const iv = bytes.subarray(colon + 1, tagAt);
      const cipher = createDecipheriv("aes-256-gcm", found.bytes, iv);
      cipher.setAAD(placeOf(key, revision));
      cipher.setAuthTag(bytes.subarray(tagAt, dataAt));
      return joined([cipher.update(bytes.subarray(dataAt)), cipher.final()]);
    } catch (error) {
      const why = `the encryption key ${name} does not open it`;
      throw new Error(`Cannot read ${key} at ${revision}: ${why}`, { cause: error });
    }
  }
}

function isSealed(bytes: Uint8Array): boolean {
  return bytes.length > SEALED.length && SEALED.every((byte, at) => bytes[at] === byte);
}

function placeOf(key: Key, revision: Revision): Uint8Array {
  return encoder.encode(`${key}@${revision}`);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
