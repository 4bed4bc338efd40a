/** True when both are the same JSON; the order of fields and fields that are undefined do not count. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && isSameList(a, b);
  }
  return isSameMap(a as Record<string, unknown>, b as Record<string, unknown>);
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => isSameJson(item, b[i]));
}

function isSameMap(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  for (const name of Object.keys(a)) {
    if (!isSameJson(a[name], Object.hasOwn(b, name) ? b[name] : undefined)) return false;
  }
  return Object.keys(b).every((name) => b[name] === undefined || Object.hasOwn(a, name));
}
