/** Numbers of the DNS message format. Source: RFC 1035, RFC 2782, RFC 6891. */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const;

export const CLASS_IN = 1;

export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  /** Needs an OPT record: its upper bits stand there. */
  BADVERS: 16,
} as const;

export const RCODE_NAMES: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(RCODE).map(([name, code]) => [code, name]),
);

/** Bits of the 16-bit field behind the id. */
export const FLAG = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080 } as const;

export const HEADER_BYTES = 12;
/** An OPT record without options. */
export const OPT_BYTES = 11;
/** What fits without EDNS over UDP. */
export const UDP_BYTES_PLAIN = 512;
/** What passes any path without fragments. Source: DNS flag day 2020. */
export const UDP_BYTES_MAX = 1_232;
export const MESSAGE_BYTES_MAX = 65_535;

export const LABEL_BYTES_MAX = 63;
/** With lengths and the closing zero. */
export const NAME_BYTES_MAX = 255;

/** Two bytes in network order. Reading beyond the end gives zeros. */
export function uint16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function uint32At(bytes: Uint8Array, at: number): number {
  return uint16At(bytes, at) * 65_536 + uint16At(bytes, at + 2);
}

export function putUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

export function putUint32(bytes: Uint8Array, at: number, value: number): void {
  putUint16(bytes, at, value >>> 16);
  putUint16(bytes, at + 2, value & 0xffff);
}
