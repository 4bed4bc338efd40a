import { formatIpv4, parseIpv4 } from "./ipv4.ts";

/**
 * The IPv4 ranges among `texts` without host bits, and without those that lie in another: no two overlap, as the
 * kernel wants it. What is no range of IPv4 is passed over. Pure.
 */
export function disjointRanges(texts: readonly string[]): string[] {
  const ranges = texts.flatMap((text) => rangeOf(text.trim()) ?? [])
    .sort((a, b) => a.first - b.first || a.bits - b.bits);
  const kept: typeof ranges = [];
  let end = -1;
  for (const range of ranges) {
    if (range.first <= end) continue;
    kept.push(range);
    end = range.first + 2 ** (32 - range.bits) - 1;
  }
  return kept.map(({ first, bits }) => `${formatIpv4(first)}/${bits}`);
}

function rangeOf(text: string): { first: number; bits: number } | undefined {
  const [ip = "", length = "", ...more] = text.split("/");
  const address = parseIpv4(ip);
  const bits = /^\d{1,2}$/.test(length) ? Number(length) : 33;
  if (address === undefined || bits > 32 || more.length > 0) return undefined;
  return { first: address - address % 2 ** (32 - bits), bits };
}
