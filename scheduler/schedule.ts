import type { Random } from "../api/types/ambient.ts";
import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";
import type { Policy } from "./policy.ts";
import { ALWAYS, type Predicate } from "./predicates.ts";
import type { World } from "./world.ts";

/** Why no node takes the pod. */
export interface Unschedulable {
  readonly nodesTotal: number;
  /** Every reason of every node, by the node's name. */
  readonly reasons: ReadonlyMap<string, readonly string[]>;
}

export type Decision =
  | { readonly fits: true; readonly nodeName: string; readonly score: number }
  | { readonly fits: false; readonly why: Unschedulable };

/** Tries the pod on every node and takes the one that is liked best; `random` chooses among equals. */
export function schedule(pod: PodInfo, world: World, policy: Policy, random: Random): Decision {
  const fits = [...ALWAYS, ...policy.predicates.map(({ fits }) => fits)];
  const feasible: NodeInfo[] = [];
  const reasons = new Map<string, readonly string[]>();
  for (const node of world.nodes) {
    const against = reasonsAgainst(fits, pod, node, world);
    if (against === undefined) feasible.push(node);
    else reasons.set(node.name, against);
  }
  if (feasible.length === 0) {
    return { fits: false, why: { nodesTotal: world.nodes.length, reasons } };
  }
  return bestOf(feasible, scoresOf(pod, feasible, world, policy), random);
}

/** @returns undefined when nothing speaks against it */
function reasonsAgainst(
  predicates: readonly Predicate[],
  pod: PodInfo,
  node: NodeInfo,
  world: World,
): string[] | undefined {
  let all: string[] | undefined;
  for (const fits of predicates) {
    const reasons = fits(pod, node, world);
    if (reasons.length > 0) (all ??= []).push(...reasons);
  }
  return all;
}

function scoresOf(
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  world: World,
  { priorities }: Policy,
): number[] {
  const totals = nodes.map(() => 0);
  for (const { weight, prefers } of priorities) {
    if (weight === 0) continue;
    const scores = prefers(pod, nodes, world);
    for (let i = 0; i < totals.length; i += 1) {
      totals[i] = (totals[i] as number) + weight * (scores[i] as number);
    }
  }
  return totals;
}

function bestOf(nodes: readonly NodeInfo[], totals: readonly number[], random: Random): Decision {
  let score = -1;
  let best: NodeInfo[] = [];
  nodes.forEach((node, index) => {
    const total = totals[index] as number;
    if (total > score) {
      score = total;
      best = [node];
    } else if (total === score) best.push(node);
  });
  const chosen = best[Math.floor(random() * best.length)] as NodeInfo;
  return { fits: true, nodeName: chosen.name, score };
}

/**
 * One sentence for people: how many nodes have each reason, reasons sorted as text. A node with several
 * reasons counts for each. Source of the form: kube-scheduler, FitError.
 */
export function summaryOf({ nodesTotal, reasons }: Unschedulable): string {
  if (nodesTotal === 0) return "no nodes available to schedule pods";
  const counts = new Map<string, number>();
  for (const reason of [...reasons.values()].flat()) {
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodesTotal} nodes are available: ${parts.join(", ")}.`;
}
