import { type Figure, figuresFor } from "./figures.ts";
import type { NodeInfo } from "./node_info.ts";
import { type PodInfo, podInfoOf } from "./pod_info.ts";
import { ALWAYS, type NamedPredicate, type Policy } from "./policy.ts";
import { SCORE_MAX } from "./priorities.ts";
import { schedule, summaryOf } from "./schedule.ts";
import type { Snapshot } from "./snapshot.ts";
import { smallestChanges } from "./smallest_changes.ts";
import type { Pod } from "../api/types/core_v1.ts";

/** What one predicate has against one node. */
export interface Objection {
  readonly predicate: string;
  readonly reasons: readonly string[];
  /** What is wanted, what is free and how much is missing, where it can be counted. */
  readonly figures?: readonly Figure[];
}

export interface NodeExplanation {
  readonly name: string;
  readonly fits: boolean;
  readonly objections: readonly Objection[];
  /** By priority, weights left out; of nodes that fit. */
  readonly scores?: Readonly<Record<string, number>>;
  /** With the weights. */
  readonly total?: number;
}

/** Why a pod has no node, or what spoke for its node, as the cluster is now. */
export interface PodExplanation {
  readonly kind: "PodExplanation";
  readonly apiVersion: "wherry.dev/v1";
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly nodeName?: string;
  readonly summary: string;
  readonly weights: Readonly<Record<string, number>>;
  /** In name order. */
  readonly nodes: readonly NodeExplanation[];
  /** Each alone would let a pending pod run: those that change least. */
  readonly changes: readonly string[];
}

/** A pod that has a node is taken off it in `world`, which must be a copy, and tried anew. */
export function explainPod(pod: Readonly<Pod>, world: Snapshot, policy: Policy): PodExplanation {
  const { nodeName } = pod.spec;
  world.removePod(pod);
  const info = podInfoOf({ ...pod, spec: unplaced(pod.spec) });
  const nodes = nodesFor(info, world, policy);
  const weights = policy.priorities.map(({ name, weight }) => [name, weight] as const);
  const { namespace = "", name } = pod.metadata;
  return {
    kind: "PodExplanation",
    apiVersion: "wherry.dev/v1",
    metadata: { namespace, name },
    ...(nodeName && { nodeName }),
    summary: nodeName ? `is on ${nodeName}` : summaryFor(info, world, policy),
    weights: Object.fromEntries(weights),
    nodes,
    changes: nodeName ? [] : smallestChanges(info, world, nodes),
  };
}

function unplaced({ nodeName: _, ...spec }: Pod["spec"]): Pod["spec"] {
  return spec;
}

function summaryFor(info: PodInfo, world: Snapshot, policy: Policy): string {
  const gates = info.pod.spec.schedulingGates?.map(({ name }) => name) ?? [];
  if (gates.length > 0) return `waits for its scheduling gates to be removed: ${gates.join(", ")}`;
  const decision = schedule(info, world, policy, () => 0);
  return decision.fits ? `fits ${decision.nodeName}` : summaryOf(decision.why);
}

function nodesFor(info: PodInfo, world: Snapshot, policy: Policy): NodeExplanation[] {
  const checks = [...ALWAYS, ...policy.predicates].map((rule) => checkOf(rule, info, world));
  const judged = world.nodes.map((node) => ({
    node,
    objections: checks.flatMap((of) => of(node)),
  }));
  const fitting = judged.filter(({ objections }) => objections.length === 0)
    .map(({ node }) => node);
  const scores = scoresOf(info, fitting, world, policy);
  return judged.map(({ node, objections }) => {
    const own = scores.get(node);
    return {
      name: node.name,
      fits: own !== undefined,
      objections,
      ...(own && { scores: own, total: totalOf(own, policy) }),
    };
  });
}

function checkOf(
  rule: NamedPredicate,
  info: PodInfo,
  world: Snapshot,
): (node: NodeInfo) => Objection[] {
  const objection = (reasons: readonly string[], node?: NodeInfo): Objection[] => {
    if (reasons.length === 0) return [];
    const figures = node && figuresFor(rule.name, info, node);
    return [{ predicate: rule.name, reasons, ...(figures && { figures }) }];
  };
  const { fits } = rule;
  if (fits !== undefined) return (node) => objection(fits(info, node, world), node);
  const check = rule.among?.(info, world);
  if (check === undefined) return () => [];
  if (typeof check === "function") return (node) => objection(check(node));
  return () => objection([check.refusal]);
}

function scoresOf(
  info: PodInfo,
  nodes: readonly NodeInfo[],
  world: Snapshot,
  { priorities }: Policy,
): Map<NodeInfo, Record<string, number>> {
  const scores = new Map(nodes.map((node): [NodeInfo, Record<string, number>] => [node, {}]));
  for (const { name, prefers, among, scaled } of priorities) {
    const raw = prefers?.(info, nodes, world) ?? among?.(info, world)?.(nodes) ?? [];
    const most = Math.max(0, ...raw);
    nodes.forEach((node, index) => {
      const value = raw[index] ?? 0;
      const share = most === 0 ? 0 : Math.floor((value * SCORE_MAX) / most);
      const score = scaled === undefined ? value : scaled === "most" ? share : SCORE_MAX - share;
      scores.get(node)![name] = score;
    });
  }
  return scores;
}

function totalOf(scores: Readonly<Record<string, number>>, { priorities }: Policy): number {
  return priorities.reduce((sum, { name, weight }) => sum + weight * (scores[name] ?? 0), 0);
}
