/** What shows this outcome again. */
export function commandFor(
  { seed, without = [] }: { seed: number; without?: readonly number[] },
): string {
  const left = without.length === 0 ? "" : ` --without ${without.join(",")}`;
  return `deno task sim --seed ${seed}${left}`;
}
