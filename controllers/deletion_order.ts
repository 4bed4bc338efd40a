import type { Pod } from "../api/types/core_v1.ts";
import { isReady, readySince } from "./pods.ts";

/** Lower goes first. Source: Kubernetes, PodDeletionCost. */
const COST_ANNOTATION = "controller.kubernetes.io/pod-deletion-cost";
const PHASE_RANK: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** What the order looks at; every field in turn, the smaller first. */
type Rank = readonly number[];

/**
 * The pods in the order in which a controller gives them up: those that run nowhere, wait or are not ready go
 * first, then the cheapest, then those that share a node with many of their kind, then the youngest. Source:
 * Kubernetes, ActivePodsWithRanks.
 */
export function inDeletionOrder(pods: readonly Readonly<Pod>[]): Readonly<Pod>[] {
  const onNode = new Map<string, number>();
  for (const { spec: { nodeName = "" } } of pods) {
    onNode.set(nodeName, (onNode.get(nodeName) ?? 0) + 1);
  }
  const ranked = pods.map((pod) => ({ pod, rank: rankOf(pod, onNode) }));
  return ranked.sort((a, b) => compare(a.rank, b.rank) || byName(a.pod, b.pod))
    .map(({ pod }) => pod);
}

function rankOf(pod: Readonly<Pod>, onNode: ReadonlyMap<string, number>): Rank {
  const { metadata, spec: { nodeName = "" }, status } = pod;
  return [
    nodeName === "" ? 0 : 1,
    PHASE_RANK[status?.phase ?? "Pending"] ?? 0,
    isReady(pod) ? 1 : 0,
    costOf(pod),
    -(onNode.get(nodeName) ?? 0),
    -(readySince(pod) ?? 0),
    -restartsOf(pod),
    -(Date.parse(metadata.creationTimestamp ?? "") || Infinity),
  ];
}

function costOf({ metadata }: Readonly<Pod>): number {
  const cost = metadata.annotations?.[COST_ANNOTATION] ?? "0";
  return /^-?\d{1,10}$/.test(cost) ? Number(cost) : 0;
}

function restartsOf({ status }: Readonly<Pod>): number {
  return Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

function compare(a: Rank, b: Rank): number {
  for (let i = 0; i < a.length; i += 1) {
    const [left, right] = [a[i] as number, b[i] as number];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function byName(a: Readonly<Pod>, b: Readonly<Pod>): number {
  return a.metadata.name < b.metadata.name ? -1 : 1;
}
