import type { SimulatedCluster } from "../cluster.ts";
import type { ObjectChange, Sight } from "../sight.ts";

/** Something that must hold at every moment. What it gives back is what is wrong. */
export interface Invariant {
  /** After each object that was committed. */
  onChange?(change: ObjectChange, sight: Sight, now: number): string | undefined;
  /** After each step, when something on a node or the time has changed. */
  onStep?(cluster: SimulatedCluster): Promise<string | undefined>;
}
