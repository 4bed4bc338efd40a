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
