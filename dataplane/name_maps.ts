/** The structs of bpf/name_answers.h as bytes. Pure; sizes and byte order are pinned by name_maps_test.ts. */
import { parseIpv4 } from "./ipv4.ts";

/** Goes into the pin path of the maps: another layout means other maps. */
export const NAME_ANSWERS_ABI = 1;
export const ANSWERS_MAX = 16_384;
export const QUESTION_BYTES = 128;
export const ANSWER_BYTES = 532;
export const SETTINGS_BYTES = 4;
export const RCODES = 16;
export const GIVEN_BYTES = 8;

const NAME_AT = 2;
const NAME_BYTES_MAX = QUESTION_BYTES - NAME_AT;
const RECORDS_BYTES_MAX = 256;
const RECORDS_AT = 16;
const ID_AGAIN_AT = RECORDS_AT + 2 * RECORDS_BYTES_MAX;

/** Records that stand behind the question, and how many of them are of each section. */
export interface NameAnswer {
  readonly rcode: number;
  readonly isAuthoritative: boolean;
  readonly answerCount: number;
  readonly authorityCount: number;
  readonly additionalCount: number;
  /** All records; names in them point at the question alone. */
  readonly body: Uint8Array;
  /** All are answers, of the same length: each client gets another of them first. */
  readonly canRotate: boolean;
}

/**
 * @param name as on the wire, in lower case, a letter for each byte
 * @returns struct question; undefined for a name that is left to the agent
 */
export function encodeQuestion(name: string, type: number): Uint8Array<ArrayBuffer> | undefined {
  const end = name.length - 1;
  // the program takes the first zero for the end of the name
  if (name.length > NAME_BYTES_MAX || name.indexOf("\0") !== end) return undefined;
  const bytes = new Uint8Array(QUESTION_BYTES);
  new DataView(bytes.buffer).setUint16(0, type);
  for (let i = 0; i < end; i++) bytes[NAME_AT + i] = name.charCodeAt(i);
  return bytes;
}

/** @returns struct answer; undefined for one that is left to the agent */
export function encodeAnswer(answer: NameAnswer, id: number): Uint8Array<ArrayBuffer> | undefined {
  const { body, rcode, canRotate, answerCount } = answer;
  if (body.length === 0 || body.length > RECORDS_BYTES_MAX || rcode >= RCODES) return undefined;
  const bytes = new Uint8Array(ANSWER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, id, true);
  const turnBytes = canRotate ? body.length / answerCount : 0;
  const counts = [answerCount, answer.authorityCount, answer.additionalCount];
  [body.length, turnBytes, ...counts].forEach((n, i) => view.setUint16(4 + 2 * i, n, true));
  bytes[14] = rcode;
  bytes[15] = answer.isAuthoritative ? 1 : 0;
  bytes.set(body, RECORDS_AT);
  if (canRotate) bytes.set(body, RECORDS_AT + body.length);
  view.setUint32(ID_AGAIN_AT, id, true);
  return bytes;
}

/** @param address undefined: nothing is answered. @returns struct settings */
export function encodeSettings(address: string | undefined): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SETTINGS_BYTES);
  if (address === undefined) return bytes;
  const ip = parseIpv4(address);
  if (ip === undefined) throw new Error(`Cannot answer names at ${address}: it is no IPv4 address`);
  new DataView(bytes.buffer).setUint32(0, ip);
  return bytes;
}
