import { bytesOfKey, keyOfText } from "./names.ts";
import { CLASS_IN, HEADER_BYTES, putUint16, putUint32, TYPE } from "./wire.ts";

export interface DnsRecord {
  /** Key of the owner; undefined where it is the name that was asked for. */
  readonly owner?: string;
  readonly type: number;
  readonly ttlSeconds: number;
  /** Names in it are not compressed. */
  readonly data: Uint8Array;
}

/** Three sections of an answer, as records. */
export interface Answer {
  readonly rcode: number;
  readonly isAuthoritative: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authorities?: readonly DnsRecord[];
  readonly additionals?: readonly DnsRecord[];
}

/** An answer as bytes, ready for any client that asks this: only header and question are put before it. */
export interface Prepared {
  readonly rcode: number;
  readonly isAuthoritative: boolean;
  readonly answerCount: number;
  readonly authorityCount: number;
  readonly additionalCount: number;
  /** All records. They point at the name in the question, and at nothing else. */
  readonly body: Uint8Array;
  /** Offsets in `body` where the answers end, one behind the other. */
  readonly answerEnds: readonly number[];
  /** Addresses of one name, all of the same length: each client gets another of them first. */
  readonly canRotate: boolean;
}

/** Of a name in the question: every message has it behind the header. */
const POINTER_TO_QUESTION = 0xc000 | HEADER_BYTES;
/** Type, class, TTL and length. */
const FIXED_BYTES = 10;

export function prepare(answer: Answer): Prepared {
  const { rcode, isAuthoritative, answers, authorities = [], additionals = [] } = answer;
  const records = [...answers, ...authorities, ...additionals].map(encode);
  const body = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0));
  const ends: number[] = [];
  let at = 0;
  for (const record of records) {
    body.set(record, at);
    at += record.length;
    ends.push(at);
  }
  return {
    rcode,
    isAuthoritative,
    answerCount: answers.length,
    authorityCount: authorities.length,
    additionalCount: additionals.length,
    body,
    answerEnds: ends.slice(0, answers.length),
    canRotate: answers.length > 1 && records.length === answers.length && areAddresses(answers),
  };
}

function areAddresses(records: readonly DnsRecord[]): boolean {
  const [{ type } = { type: 0 }] = records;
  return (type === TYPE.A || type === TYPE.AAAA) &&
    records.every((record) => record.type === type && record.owner === undefined);
}

function encode({ owner, type, ttlSeconds, data }: DnsRecord): Uint8Array {
  const name = owner === undefined ? undefined : bytesOfKey(owner);
  const nameBytes = name?.length ?? 2;
  const bytes = new Uint8Array(nameBytes + FIXED_BYTES + data.length);
  if (name === undefined) putUint16(bytes, 0, POINTER_TO_QUESTION);
  else bytes.set(name);
  putUint16(bytes, nameBytes, type);
  putUint16(bytes, nameBytes + 2, CLASS_IN);
  putUint32(bytes, nameBytes + 4, ttlSeconds);
  putUint16(bytes, nameBytes + 8, data.length);
  bytes.set(data, nameBytes + FIXED_BYTES);
  return bytes;
}

const ROOT_KEY = "\0";

/** @param name of which too long ones become the root's, as no client could ask for them */
export function nameData(name: string): Uint8Array {
  return bytesOfKey(keyOfText(name) ?? ROOT_KEY);
}

export function srvData(target: string, { port, weight }: { port: number; weight: number }) {
  const name = nameData(target);
  const data = new Uint8Array(6 + name.length);
  putUint16(data, 2, weight);
  putUint16(data, 4, port);
  data.set(name, 6);
  return data;
}

export function textData(text: string): Uint8Array {
  return Uint8Array.of(text.length, ...bytesOfKey(text));
}

export interface Authority {
  readonly primary: string;
  readonly mailbox: string;
  /** How long a client may remember that a name is not there. */
  readonly negativeSeconds: number;
}

/** Source of serial and intervals: CoreDNS, whose clusters have no secondaries either. */
export function soaData({ primary, mailbox, negativeSeconds }: Authority): Uint8Array {
  const names = [...nameData(primary), ...nameData(mailbox)];
  const data = new Uint8Array(names.length + 20);
  data.set(names);
  const numbers = [1, 7_200, 1_800, 86_400, negativeSeconds];
  numbers.forEach((number, i) => putUint32(data, names.length + 4 * i, number));
  return data;
}
