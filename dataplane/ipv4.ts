/** IPv4 addresses as unsigned 32-bit numbers in host order: 10.0.0.1 is 0x0a000001. */
export interface Ipv4Network {
  readonly first: number;
  /** Length of the prefix, 0 to 32. */
  readonly prefix: number;
  /** Number of addresses, network and broadcast address included. */
  readonly size: number;
}

/** @returns undefined unless `text` is four decimal numbers without leading zeros */
export function parseIpv4(text: string): number | undefined {
  let address = 0;
  let parts = 0;
  for (const part of text.split(".")) {
    const byte = Number(part);
    if (!/^\d{1,3}$/.test(part) || byte > 255 || String(byte) !== part) return undefined;
    address = address * 256 + byte;
    parts++;
  }
  return parts === 4 ? address : undefined;
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

/** @throws {Error} unless `text` is an IPv4 network without host bits, such as 10.198.0.0/24 */
export function parseNetwork(text: string): Ipv4Network {
  const [ip = "", length = ""] = text.split("/");
  const first = parseIpv4(ip);
  const prefix = /^\d{1,2}$/.test(length) ? Number(length) : 33;
  const size = 2 ** (32 - prefix);
  if (first === undefined || prefix > 32 || first % size !== 0) {
    throw new Error(`Cannot read ${JSON.stringify(text)} as an IPv4 network such as 10.198.0.0/24`);
  }
  return { first, prefix, size };
}

export function isInNetwork(network: Ipv4Network, address: number): boolean {
  return address >= network.first && address < network.first + network.size;
}
