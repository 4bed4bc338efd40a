import type { Planted } from "./sabotage.ts";
import { simulate } from "./simulate.ts";

export interface Found {
  readonly seed: number;
  readonly tried: number;
  readonly what: string;
}

/** The first seed that finds the mistake; undefined: none of so many does. */
export async function findPlanted(
  { sabotage, says }: Planted,
  { from, count }: { readonly from: number; readonly count: number },
): Promise<Found | undefined> {
  for (let seed = from; seed < from + count; seed += 1) {
    const { broken } = await simulate({ seed, sabotage });
    if (broken !== undefined && says.test(broken)) {
      return { seed, tried: seed - from + 1, what: broken };
    }
  }
}
