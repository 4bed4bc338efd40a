import type { Prepared } from "./records.ts";
import {
  FLAG,
  HEADER_BYTES,
  OPT_BYTES,
  putUint16,
  TYPE,
  UDP_BYTES_MAX,
  UDP_BYTES_PLAIN,
  uint16At,
} from "./wire.ts";

/** What differs between two replies of the same content. */
export interface ReplyTo {
  /** The client's message: id, flags and question go back as they came, letters in its case. */
  readonly packet: Uint8Array;
  /** Offset behind the question. */
  readonly end: number;
  /** 0 for a client without EDNS. */
  readonly ednsBytes: number;
  readonly isStream: boolean;
  /** Grows by one for each reply: which of several addresses comes first. */
  readonly turn: number;
}

/** @returns bytes that a reply may have */
export function limitOf({ ednsBytes, isStream }: Pick<ReplyTo, "ednsBytes" | "isStream">): number {
  if (isStream) return 65_535;
  return Math.min(Math.max(ednsBytes, UDP_BYTES_PLAIN), UDP_BYTES_MAX);
}

/**
 * Writes a whole reply into `out`, which has room for the limit. What does not fit is left out, whole records at a
 * time, and the reply says so unless only additional records are missing. @returns its length
 */
export function writeReply(to: ReplyTo, prepared: Prepared, out: Uint8Array): number {
  const { packet, end, ednsBytes } = to;
  const room = limitOf(to) - end - (ednsBytes > 0 ? OPT_BYTES : 0);
  const kept = keptOf(prepared, room);
  const asked = uint16At(packet, 2) & FLAG.RD;
  const authoritative = prepared.isAuthoritative ? FLAG.AA : 0;
  const truncated = kept.isTruncated ? FLAG.TC : 0;
  out.set(packet.subarray(0, end));
  putUint16(out, 2, FLAG.QR | FLAG.RA | asked | authoritative | truncated | prepared.rcode & 15);
  putUint16(out, 4, end > HEADER_BYTES ? 1 : 0);
  putUint16(out, 6, kept.answers);
  putUint16(out, 8, kept.authorities);
  putUint16(out, 10, kept.additionals + (ednsBytes > 0 ? 1 : 0));
  writeBody(prepared, to.turn, kept.isWhole, out.subarray(end, end + kept.bytes), kept.bytes);
  const length = end + kept.bytes;
  return ednsBytes > 0 ? writeOpt(out, length, prepared.rcode) : length;
}

interface Kept {
  readonly bytes: number;
  readonly answers: number;
  readonly authorities: number;
  readonly additionals: number;
  readonly isTruncated: boolean;
  readonly isWhole: boolean;
}

function keptOf(prepared: Prepared, room: number): Kept {
  const { body, answerCount, authorityCount, additionalCount, answerEnds } = prepared;
  if (body.length <= room) {
    return {
      bytes: body.length,
      answers: answerCount,
      authorities: authorityCount,
      additionals: additionalCount,
      isTruncated: false,
      isWhole: true,
    };
  }
  const answers = answerEnds.findLastIndex((end) => end <= room) + 1;
  const bytes = answers === 0 ? 0 : answerEnds[answers - 1]!;
  const isTruncated = answers < answerCount || authorityCount > 0;
  return { bytes, answers, authorities: 0, additionals: 0, isTruncated, isWhole: false };
}

function writeBody(
  { body, answerEnds, canRotate }: Prepared,
  turn: number,
  isWhole: boolean,
  out: Uint8Array,
  bytes: number,
): void {
  if (!canRotate || !isWhole) {
    return void out.set(body.length === bytes ? body : body.subarray(0, bytes));
  }
  const from = answerEnds[turn % answerEnds.length]! % bytes;
  out.set(body.subarray(from));
  out.set(body.subarray(0, from), bytes - from);
}

function writeOpt(out: Uint8Array, at: number, rcode: number): number {
  out[at] = 0;
  putUint16(out, at + 1, TYPE.OPT);
  putUint16(out, at + 3, UDP_BYTES_MAX);
  out[at + 5] = rcode >> 4;
  out[at + 6] = 0;
  putUint16(out, at + 7, 0);
  putUint16(out, at + 9, 0);
  return at + OPT_BYTES;
}
