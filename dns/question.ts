import { endOfPlainName, keyAt } from "./names.ts";
import {
  CLASS_IN,
  FLAG,
  HEADER_BYTES,
  RCODE,
  TYPE,
  UDP_BYTES_MAX,
  UDP_BYTES_PLAIN,
  uint16At,
  uint32At,
} from "./wire.ts";

/** What one client asks. */
export interface Question {
  /** Name in lower case as on the wire. */
  readonly key: string;
  readonly type: number;
  /** Offset behind the question: answers begin there. */
  readonly end: number;
  /** Bytes that the client takes over UDP; 0 stands for a client without EDNS. */
  readonly ednsBytes: number;
}

/** Neither answered nor counted as one: too short to hold an id, or itself an answer. */
export interface Ignored {
  readonly ignored: true;
}

export interface Refusal {
  readonly rcode: number;
  /** Offset behind the question that goes back with the answer; the header's end where none can be read. */
  readonly end: number;
  readonly ednsBytes: number;
}

const OPCODE = 0x7800;
const CLASS_ANY = 255;
const IGNORED: Ignored = { ignored: true };
const ANSWERED_TYPES_END = 250;

/** Reads a packet of anybody: any bytes give one of the three. */
export function readQuestion(packet: Uint8Array, length: number): Question | Refusal | Ignored {
  if (length < HEADER_BYTES) return IGNORED;
  const flags = uint16At(packet, 2);
  if ((flags & FLAG.QR) !== 0) return IGNORED;
  const refuse = (rcode: number, end: number = HEADER_BYTES, ednsBytes = 0) => ({
    rcode,
    end,
    ednsBytes,
  });
  if ((flags & OPCODE) !== 0) return refuse(RCODE.NOTIMP);
  if (uint16At(packet, 4) !== 1) return refuse(RCODE.FORMERR);
  const nameEnd = endOfPlainName(packet, HEADER_BYTES, length);
  const end = nameEnd + 4;
  if (nameEnd < 0 || end > length) return refuse(RCODE.FORMERR);
  const type = uint16At(packet, nameEnd);
  const dnsClass = uint16At(packet, nameEnd + 2);
  const ednsBytes = readEdns(packet, end, length);
  if (ednsBytes === MALFORMED) return refuse(RCODE.FORMERR, end);
  if (ednsBytes === OTHER_VERSION) return refuse(RCODE.BADVERS, end, UDP_BYTES_MAX);
  if (dnsClass !== CLASS_IN && dnsClass !== CLASS_ANY) return refuse(RCODE.REFUSED, end, ednsBytes);
  const isTransfer = type > ANSWERED_TYPES_END && type !== TYPE.ANY;
  if (isTransfer || type === TYPE.OPT) return refuse(RCODE.REFUSED, end, ednsBytes);
  return { key: keyAt(packet, HEADER_BYTES, nameEnd), type, end, ednsBytes };
}

const MALFORMED = -1;
const OTHER_VERSION = -2;
/** Of a record with the root as its name, up to its data. */
const OPT_FIXED_BYTES = 11;

/** @returns the client's size, 0 without EDNS, or one of the negative numbers above */
function readEdns(packet: Uint8Array, from: number, length: number): number {
  if (uint16At(packet, 6) !== 0 || uint16At(packet, 8) !== 0) return MALFORMED;
  const count = uint16At(packet, 10);
  if (count === 0) return 0; // bytes behind the message
  let ednsBytes = 0;
  let at = from;
  for (let i = 0; i < count; i++) {
    const nameEnd = endOfPlainName(packet, at, length);
    if (nameEnd < 0 || nameEnd + OPT_FIXED_BYTES - 1 > length) return MALFORMED;
    const dataEnd = nameEnd + OPT_FIXED_BYTES - 1 + uint16At(packet, nameEnd + 8);
    if (dataEnd > length) return MALFORMED;
    if (uint16At(packet, nameEnd) === TYPE.OPT) {
      const isSecond = ednsBytes !== 0;
      if (isSecond || packet[at] !== 0) return MALFORMED;
      if (((uint32At(packet, nameEnd + 4) >>> 16) & 0xff) !== 0) return OTHER_VERSION;
      ednsBytes = Math.max(uint16At(packet, nameEnd + 2), UDP_BYTES_PLAIN);
    }
    at = dataEnd;
  }
  return ednsBytes;
}
