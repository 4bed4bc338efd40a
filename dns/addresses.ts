const IPV4 = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** @returns four bytes, or sixteen for IPv6; undefined when it is neither */
export function addressBytes(text: string): Uint8Array | undefined {
  return text.includes(":") ? ipv6Bytes(text) : ipv4Bytes(text);
}

function ipv4Bytes(text: string): Uint8Array | undefined {
  const numbers = IPV4.exec(text)?.slice(1).map(Number);
  if (numbers === undefined || numbers.some((number) => number > 255)) return undefined;
  return Uint8Array.from(numbers);
}

function ipv6Bytes(text: string): Uint8Array | undefined {
  const [head = "", tail, more] = text.split("::");
  const [before, after] = [groupsOf(head), groupsOf(tail ?? "")];
  if (before === undefined || after === undefined || more !== undefined) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...new Array<number>(missing).fill(0), ...after];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

function groupsOf(text: string): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":").flatMap((part) => {
    const embedded = ipv4Bytes(part);
    if (embedded === undefined) return [/^[0-9a-fA-F]{1,4}$/.test(part) ? parseInt(part, 16) : -1];
    return [embedded[0]! * 256 + embedded[1]!, embedded[2]! * 256 + embedded[3]!];
  });
  return groups.includes(-1) ? undefined : groups;
}

/** `10.1.2.3` as a label: `10-1-2-3`. */
export function dashed(ip: string): string {
  return ip.replaceAll(/[.:]/g, "-");
}

/** The other way round. @returns undefined when no address is written so */
export function undashed(label: string): string | undefined {
  const ipv4 = label.replaceAll("-", ".");
  if (ipv4Bytes(ipv4) !== undefined) return ipv4;
  const ipv6 = label.replaceAll("-", ":");
  return label.includes("-") && ipv6Bytes(ipv6) !== undefined ? ipv6 : undefined;
}

const IPV4_LABELS = 6;
const IPV6_LABELS = 34;

/** The address whose name this is, such as `["3", "2", "1", "10", "in-addr", "arpa"]`. Its text is canonical for IPv4. */
export function addressOfReverse(labels: readonly string[]): Uint8Array | undefined {
  const zone = labels.slice(-2).join(".");
  const digits = labels.slice(0, -2).reverse();
  if (zone === "in-addr.arpa" && labels.length === IPV4_LABELS) return ipv4Bytes(digits.join("."));
  if (zone !== "ip6.arpa" || labels.length !== IPV6_LABELS) return undefined;
  const text = digits.join("");
  if (!/^[0-9a-f]{32}$/.test(text)) return undefined;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
