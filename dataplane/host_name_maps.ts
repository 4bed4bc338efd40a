/** The structs of bpf/host_names.h as bytes. Pure; sizes and byte order are pinned by host_name_maps_test.ts. */

/** Goes into the pin path of the maps: another layout means other maps. */
export const HOST_NAMES_ABI = 1;
export const STAND_INS_MAX = 4_096;
export const STAND_IN_BYTES = 32;
export const HOST_NAME_BYTES = 68;
const HELD_BYTES = 40;
/** Source: Linux, HOST_NAME_MAX. */
export const HOST_NAME_MAX = 64;
const REFUSED_AT = 4;
const STAND_IN_AT = 8;

/** A process that began under a host name that stands in for another one. */
export interface Held {
  readonly pid: number;
  readonly standIn: string;
  /** False when it could not be stopped: it has read, or will read, the wrong name. */
  readonly isStopped: boolean;
}

/** @returns struct stand_in. @throws {RangeError} for one that is longer than 31 characters */
export function encodeStandIn(standIn: string): Uint8Array<ArrayBuffer> {
  return encode(standIn, STAND_IN_BYTES, STAND_IN_BYTES - 1);
}

/** @returns struct host_name. @throws {RangeError} for one that is longer than the kernel's */
export function encodeHostName(name: string): Uint8Array<ArrayBuffer> {
  return encode(name, HOST_NAME_BYTES, HOST_NAME_MAX);
}

function encode(text: string, bytes: number, max: number): Uint8Array<ArrayBuffer> {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length === 0 || encoded.length > max) {
    throw new RangeError(`Cannot use host name ${JSON.stringify(text)}: it has 1 to ${max} bytes`);
  }
  const padded = new Uint8Array(bytes);
  padded.set(encoded);
  return padded;
}

/** @param keys structs stand_in, one after the other. @param values as many of host_name */
export function decodeStandIns(
  count: number,
  keys: Uint8Array,
  values: Uint8Array,
): Map<string, string> {
  return new Map(Array.from({ length: count }, (_, i) => [
    decode(keys.subarray(i * STAND_IN_BYTES, (i + 1) * STAND_IN_BYTES)),
    decode(values.subarray(i * HOST_NAME_BYTES, (i + 1) * HOST_NAME_BYTES)),
  ]));
}

/** @param message struct held */
export function decodeHeld(message: Uint8Array): Held {
  const view = new DataView(message.buffer, message.byteOffset, HELD_BYTES);
  return {
    pid: view.getUint32(0, true),
    isStopped: view.getInt32(REFUSED_AT, true) === 0,
    standIn: decode(message.subarray(STAND_IN_AT, STAND_IN_AT + STAND_IN_BYTES)),
  };
}

/** What stands before the first zero. */
export function decode(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
