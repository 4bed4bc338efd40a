/** Letters that make no words by accident. Source: Kubernetes, util/rand. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The label by which pods of one template are told from those of another. */
export const TEMPLATE_HASH = "pod-template-hash";

/** Equal for equal templates, whatever the order of their fields; another one after each collision. */
export function templateHash(template: unknown, collisionCount = 0): string {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(`${inOrder(template)}${collisionCount || ""}`)) {
    hash = Math.imul(hash ^ byte, FNV_PRIME) >>> 0;
  }
  return [...String(hash)].map((digit) => ALPHABET[Number(digit)]).join("");
}

function inOrder(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, part: unknown) => {
      if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
      return Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1));
    },
  );
}
