import type { DaemonSet } from "../../api/types/apps_v1.ts";
import type { Pod } from "../../api/types/core_v1.ts";
import { podsIn } from "../pod_amounts.ts";
import { isOver } from "../pods.ts";
import type { Fit } from "./node_fit.ts";

/** A node, and the set's pods that are there or on their way, the oldest first. */
export interface NodePods {
  readonly name: string;
  readonly fit: Fit;
  readonly pods: readonly Readonly<Pod>[];
}

export interface Update {
  readonly set: Readonly<DaemonSet>;
  readonly isNewest: (pod: Readonly<Pod>) => boolean;
  readonly isAvailable: (pod: Readonly<Pod>) => boolean;
}

export interface UpdatePlan {
  /** Names of nodes that get a pod of the newest template. */
  readonly create: readonly string[];
  readonly remove: readonly Readonly<Pod>[];
}

const NOTHING: UpdatePlan = { create: [], remove: [] };

/** Replaces pods of old templates as fast as the strategy lets it: those that are not available anyway at once. */
export function planUpdate(nodes: readonly NodePods[], update: Update): UpdatePlan {
  const { type, rollingUpdate = {} } = update.set.spec.updateStrategy ?? {};
  if (type === "OnDelete") return NOTHING;
  const { maxSurge = 0, maxUnavailable = 1 } = rollingUpdate;
  const surge = podsIn(maxSurge, nodes.length, "up");
  if (surge > 0) return planSurge(nodes, update, surge);
  const missing = podsIn(maxUnavailable, nodes.length, "up");
  return planInPlace(nodes, update, Math.max(missing, 1));
}

/** The pod of the newest template and one of an older on a node, of those that have not ended. */
function pairOf({ pods }: NodePods, { isNewest }: Update) {
  const alive = pods.filter((pod) => !isOver(pod) && pod.metadata.deletionTimestamp === undefined);
  return { now: alive.find(isNewest), old: alive.find((pod) => !isNewest(pod)) };
}

function planInPlace(
  nodes: readonly NodePods[],
  update: Update,
  maxUnavailable: number,
): UpdatePlan {
  const down: Readonly<Pod>[] = [];
  const up: Readonly<Pod>[] = [];
  let missing = 0;
  for (const node of nodes) {
    const { now, old } = pairOf(node, update);
    const isUp = [now, old].some((pod) => pod !== undefined && update.isAvailable(pod));
    if (!isUp) missing += 1;
    if (old !== undefined) (update.isAvailable(old) ? up : down).push(old);
  }
  return { create: [], remove: [...down, ...up.slice(0, Math.max(0, maxUnavailable - missing))] };
}

function planSurge(nodes: readonly NodePods[], update: Update, maxSurge: number): UpdatePlan {
  const atOnce: string[] = [];
  const next: string[] = [];
  const remove: Readonly<Pod>[] = [];
  let surging = 0;
  for (const node of nodes) {
    const { now, old } = pairOf(node, update);
    if (old === undefined) continue;
    if (now === undefined) (update.isAvailable(old) ? next : atOnce).push(node.name);
    else if (update.isAvailable(now)) remove.push(old);
    else surging += 1;
  }
  return { create: [...atOnce, ...next.slice(0, Math.max(0, maxSurge - surging))], remove };
}
