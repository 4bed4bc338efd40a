import type { Pod } from "../api/types/core_v1.ts";
import type { NodeInfo } from "./node_info.ts";
import type { NodeSlots } from "./node_slots.ts";
import type { Nominated } from "./nominated.ts";
import type { PodCounts } from "./pod_counts.ts";
import type { Volumes } from "./volumes.ts";

/** What a decision sees of the cluster. */
export interface World {
  /** In name order, so that equal worlds give equal decisions. */
  readonly nodes: readonly NodeInfo[];
  readonly slots: NodeSlots;
  readonly counts: PodCounts;
  readonly volumes: Volumes;
  readonly nominated: Nominated;
  /** Of all pods that have a node: how many have each priority. */
  readonly priorities: ReadonlyMap<number, number>;
  nodeNamed(name: string): NodeInfo | undefined;
  /**
   * How many pods of the pod's first service, in name order, run on each node; undefined when no service
   * selects the pod. Nodes without any are left out; the order is that in which they got their first.
   */
  peersOf(pod: Readonly<Pod>): ReadonlyMap<string, number> | undefined;
}
