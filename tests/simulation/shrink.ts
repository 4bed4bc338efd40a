import { type Outcome, simulate } from "./simulate.ts";

/** Runs that shrinking may take. */
const ATTEMPTS_MAX = 60;

/**
 * Leaves out operations for as long as something is still broken: halves first, then smaller parts.
 * @returns the numbers to leave out
 */
export async function shrink(
  { seed, operations }: Pick<Outcome, "seed" | "operations">,
  count: number,
): Promise<{ seed: number; without: readonly number[] }> {
  const idle = Array.from({ length: count }, (_, number) => number)
    .filter((number) => !operations.includes(number));
  let kept = [...operations];
  let attempts = 0;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let from = 0; from < kept.length && attempts < ATTEMPTS_MAX; attempts += 1) {
      const fewer = kept.filter((_, place) => place < from || place >= from + size);
      const without = new Set([...idle, ...operations.filter((one) => !fewer.includes(one))]);
      const { broken } = await simulate({ seed, without });
      if (broken === undefined) from += size;
      else kept = fewer;
    }
  }
  return { seed, without: operations.filter((number) => !kept.includes(number)) };
}
