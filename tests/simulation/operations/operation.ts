import type { SimulatedCluster } from "../cluster.ts";
import type { Dice } from "../seeded.ts";

/** Something that happens to the cluster from outside. */
export interface Operation {
  readonly name: string;
  /** How often, compared with the others. */
  readonly weight: number;
  /** @returns what it was done to, for the trace; undefined where there was nothing to do */
  do(cluster: SimulatedCluster, dice: Dice): Promise<string | undefined>;
}

export const NAMESPACES_USED = ["default", "shop"];

/** Of the groups of operations, in one life: what is left out gives the others room to meet. */
const IN_USE = 0.6;

/** What happens in this life: some of all groups. */
export function repertoire(
  groups: readonly (readonly Operation[])[],
  dice: Dice,
): readonly Operation[] {
  const used = groups.filter(() => dice.chance(IN_USE));
  return (used.length === 0 ? groups : used).flat();
}
