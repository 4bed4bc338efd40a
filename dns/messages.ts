import { bytesOfKey, readName } from "./names.ts";
import type { DnsRecord } from "./records.ts";
import {
  CLASS_IN,
  FLAG,
  HEADER_BYTES,
  OPT_BYTES,
  putUint16,
  TYPE,
  UDP_BYTES_MAX,
  uint16At,
  uint32At,
} from "./wire.ts";

/** What another server said. Records own their names; the one that was asked for is left out of them. */
export interface Reply {
  readonly rcode: number;
  readonly isTruncated: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/** Source: RFC 2181: a number of 31 bits, and what has more counts as none. */
const TTL_SECONDS_MAX = 2 ** 31 - 1;
/** Type, class, TTL and length. */
const FIXED_BYTES = 10;

export function encodeQuery(id: number, key: string, type: number): Uint8Array {
  const name = bytesOfKey(key);
  const query = new Uint8Array(HEADER_BYTES + name.length + 4 + OPT_BYTES);
  putUint16(query, 0, id);
  putUint16(query, 2, FLAG.RD);
  putUint16(query, 4, 1);
  putUint16(query, 10, 1);
  query.set(name, HEADER_BYTES);
  const at = HEADER_BYTES + name.length;
  putUint16(query, at, type);
  putUint16(query, at + 2, CLASS_IN);
  putUint16(query, at + 5, TYPE.OPT);
  putUint16(query, at + 7, UDP_BYTES_MAX);
  return query;
}

/** @returns whether a packet answers this query: others may come to the same port */
export function isReplyTo(query: Uint8Array, packet: Uint8Array): boolean {
  if (packet.length < HEADER_BYTES || uint16At(packet, 0) !== uint16At(query, 0)) return false;
  if ((uint16At(packet, 2) & FLAG.QR) === 0) return false;
  // some servers refuse without repeating what
  if (uint16At(packet, 4) === 0) return (uint16At(packet, 2) & 15) !== 0;
  const [asked, answered] = [readName(query, HEADER_BYTES), readName(packet, HEADER_BYTES)];
  if (asked === undefined || answered === undefined || asked.key !== answered.key) return false;
  return uint32At(query, asked.end) === uint32At(packet, answered.end);
}

/** @returns undefined where the message is cut off or makes no sense */
export function readReply(packet: Uint8Array): Reply | undefined {
  const flags = uint16At(packet, 2);
  const rcode = flags & 15;
  const isTruncated = (flags & FLAG.TC) !== 0;
  const [questions, ...counts] = [4, 6, 8, 10].map((at) => uint16At(packet, at));
  const sections: DnsRecord[][] = [[], [], []];
  if (questions === 0) return { rcode, isTruncated, answers: [], authorities: [], additionals: [] };
  const asked = readName(packet, HEADER_BYTES);
  if (asked === undefined || questions !== 1) return undefined;
  let at = asked.end + 4;
  for (const [i, section] of sections.entries()) {
    for (let left = counts[i] ?? 0; left > 0; left--) {
      const read = readRecord(packet, at, asked.key);
      if (read === undefined) return undefined;
      at = read.end;
      if (read.record.type !== TYPE.OPT) section.push(read.record);
    }
  }
  const [answers = [], authorities = [], additionals = []] = sections;
  return { rcode, isTruncated, answers, authorities, additionals };
}

function readRecord(
  packet: Uint8Array,
  from: number,
  asked: string,
): { record: DnsRecord; end: number } | undefined {
  const name = readName(packet, from);
  if (name === undefined || name.end + FIXED_BYTES > packet.length) return undefined;
  const type = uint16At(packet, name.end);
  const ttl = uint32At(packet, name.end + 4);
  const start = name.end + FIXED_BYTES;
  const end = start + uint16At(packet, name.end + 8);
  if (end > packet.length) return undefined;
  const data = plainData(packet, type, { start, end });
  if (data === undefined) return undefined;
  const owner = name.key === asked ? {} : { owner: name.key };
  const ttlSeconds = ttl > TTL_SECONDS_MAX ? 0 : ttl;
  return { record: { ...owner, type, ttlSeconds, data }, end };
}

/** Bytes before and names in the data of types whose names may be compressed. Source: RFC 3597, section 4. */
const NAMES_IN: Readonly<Record<number, { before: number; names: number }>> = {
  [TYPE.NS]: { before: 0, names: 1 },
  [TYPE.CNAME]: { before: 0, names: 1 },
  [TYPE.PTR]: { before: 0, names: 1 },
  [TYPE.SOA]: { before: 0, names: 2 },
  [TYPE.SRV]: { before: 6, names: 1 },
  /** MX */
  15: { before: 2, names: 1 },
  /** DNAME */
  39: { before: 0, names: 1 },
};

function plainData(
  packet: Uint8Array,
  type: number,
  { start, end }: { start: number; end: number },
): Uint8Array | undefined {
  const { before, names } = NAMES_IN[type] ?? { before: end - start, names: 0 };
  if (start + before > end) return undefined;
  const parts = [packet.slice(start, start + before)];
  let at = start + before;
  for (let i = 0; i < names; i++) {
    const name = readName(packet, at);
    if (name === undefined || name.end > end) return undefined;
    parts.push(bytesOfKey(name.key));
    at = name.end;
  }
  parts.push(packet.slice(at, end));
  const data = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let to = 0;
  for (const part of parts) {
    data.set(part, to);
    to += part.length;
  }
  return data;
}
