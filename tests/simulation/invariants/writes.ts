import type { Invariant } from "./invariant.ts";

/** More than any object has ever needed: whoever writes it so often is woken by its own writes. */
const WRITES_MAX = 300;
const WITHIN_MS = 10_000;

/** No object is written without end. */
export function noHotLoop(): Invariant {
  const counts = new Map<string, number>();
  let began = 0;
  return {
    onChange({ kind, after }, _sight, now) {
      if (after === undefined) return;
      if (now - began > WITHIN_MS) {
        began = now;
        counts.clear();
      }
      const { namespace = "", name } = after.metadata;
      const key = `${kind} ${namespace}/${name}`;
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count <= WRITES_MAX) return;
      return `${key} is written ${count} times within ${(now - began) / 1000} s`;
    },
  };
}
