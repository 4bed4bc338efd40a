/** IPv4 addresses as numbers from 0 to 2^32 - 1, and ranges of them. */

const ADDRESS_BITS = 32;
const IPV4 = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;
const IPV6_GROUP = /^[0-9a-fA-F]{1,4}$/;

/** @returns undefined when `text` is no IPv4 address */
export function parseIpv4(text: string): number | undefined {
  const parts = IPV4.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => half === "" ? [] : half.split(":"));
  const last = groups.at(-1) ?? "";
  const hasIpv4 = last.includes(".");
  if (hasIpv4 && parseIpv4(last) === undefined) return false;
  const hex = hasIpv4 ? groups.slice(0, -1) : groups;
  const length = hex.length + (hasIpv4 ? 2 : 0);
  return hex.every((group) => IPV6_GROUP.test(group)) &&
    (halves.length === 2 ? length < 8 : length === 8);
}

/** Source: k8s.io/apimachinery, IsValidIP. */
export function validateIp(text: string): string[] {
  if (parseIpv4(text) !== undefined || isIpv6(text)) return [];
  return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"];
}

/** Addresses that nothing outside the host can reach. Source: Kubernetes, ValidateNonSpecialIP. */
export function validateEndpointIp(text: string): string[] {
  const wrong = validateIp(text);
  if (wrong.length > 0) return wrong;
  const ipv4 = parseIpv4(text) ?? -1;
  const isIn = (cidr: string) => ipv4 >= 0 && contains(parseCidr(cidr), ipv4);
  const reasons: string[] = [];
  if (ipv4 === 0 || text === "::") reasons.push("may not be unspecified (0.0.0.0 or ::)");
  if (isIn("127.0.0.0/8") || text === "::1") {
    reasons.push("may not be in the loopback range (127.0.0.0/8, ::1/128)");
  }
  if (isIn("169.254.0.0/16") || /^fe[89ab]/i.test(text)) {
    reasons.push("may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  }
  if (isIn("224.0.0.0/24") || /^ff02:/i.test(text)) {
    reasons.push("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
  }
  return reasons;
}

/** The addresses from `base` to `base + size - 1`, both a power of two apart. */
export interface Cidr {
  readonly base: number;
  readonly size: number;
  readonly prefixBits: number;
}

/** @throws {RangeError} on text that is no IPv4 range: settings are checked at start */
export function parseCidr(text: string): Cidr {
  const cidr = readCidr(text);
  if (cidr === undefined) throw new RangeError(`Cannot read ${text} as an IPv4 range`);
  return cidr;
}

/** @returns undefined when `text` is no IPv4 range, such as `10.244.3.0/24` */
export function readCidr(text: string): Cidr | undefined {
  const [address = "", bits = "", ...rest] = text.split("/");
  const [ip, prefixBits] = [parseIpv4(address), Number(bits)];
  if (ip === undefined || rest.length > 0 || !/^\d{1,2}$/.test(bits)) return undefined;
  if (prefixBits > ADDRESS_BITS) return undefined;
  const size = 2 ** (ADDRESS_BITS - prefixBits);
  return { base: ip - ip % size, size, prefixBits };
}

export function formatCidr({ base, prefixBits }: Cidr): string {
  return `${formatIpv4(base)}/${prefixBits}`;
}

export function contains({ base, size }: Cidr, address: number): boolean {
  return address >= base && address < base + size;
}
