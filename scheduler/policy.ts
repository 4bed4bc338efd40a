import { CHANGES, type Changes } from "./changes.ts";
import { fitsPodAffinity, prefersPodAffinity } from "./pod_affinity.ts";
import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";
import {
  asksMoreThanAll,
  type ClusterPredicate,
  fitsCordon,
  fitsDisks,
  fitsHostName,
  fitsHostPorts,
  fitsNodeSelector,
  fitsReadiness,
  fitsResources,
  fitsTaints,
  type Predicate,
} from "./predicates.ts";
import {
  type ClusterPriority,
  countsDislikedTaints,
  prefersBalancedResources,
  prefersImages,
  prefersLeastRequested,
  prefersNone,
  type Priority,
  spreadsServices,
  weighsNodeAffinity,
} from "./priorities.ts";
import { fitsTopologySpread, prefersTopologySpread } from "./topology_spread.ts";
import { fitsVolumes } from "./volume_binding.ts";

/** Asks of pod and node alone (`fits`), so that the answer is kept until the node changes; or of the cluster (`among`). */
export type PredicateRule =
  & {
    readonly helpedBy: Changes;
    /** Asked where it does not fit: not even an empty node would do. */
    readonly isBeyond?: (pod: PodInfo, node: NodeInfo) => boolean;
  }
  & (
    | { readonly fits: Predicate; readonly among?: never }
    | { readonly among: ClusterPredicate; readonly fits?: never }
  );
export type NamedPredicate = PredicateRule & { readonly name: string };

/**
 * Likes by pod and node alone (`prefers`), or by the cluster (`among`). What `scaled` says: the scores are any
 * number, and the largest among the nodes that are left counts as the best, or as the worst.
 */
export type PriorityRule =
  | { readonly prefers: Priority; readonly scaled?: "most" | "least"; readonly among?: never }
  | { readonly among: ClusterPriority; readonly scaled?: never; readonly prefers?: never };
/** A weight of 0 leaves it out. */
export type WeightedPriority = PriorityRule & { readonly name: string; readonly weight: number };

/** What decides where pods run, on top of what always holds. */
export interface Policy {
  readonly predicates: readonly NamedPredicate[];
  readonly priorities: readonly WeightedPriority[];
}

const { nodeAdded, nodeAllocatable, nodeLabels, nodeTaints, nodeReady } = CHANGES;
const { podGone, podPlaced, podLabels, volumes, namespaces } = CHANGES;

/** What holds whatever the policy says: a node that is not ready, cordoned or tainted gets no pods. */
export const ALWAYS: readonly NamedPredicate[] = [
  { name: "NodeReady", fits: fitsReadiness, helpedBy: nodeAdded | nodeReady },
  { name: "NodeUnschedulable", fits: fitsCordon, helpedBy: nodeAdded | nodeTaints },
  { name: "PodToleratesNodeTaints", fits: fitsTaints, helpedBy: nodeAdded | nodeTaints },
];

/** The names under which a policy file asks for predicates without an argument. */
export const PREDICATES: Readonly<Record<string, PredicateRule>> = {
  PodFitsPorts: { fits: fitsHostPorts, helpedBy: nodeAdded | podGone },
  PodFitsResources: {
    fits: fitsResources,
    isBeyond: asksMoreThanAll,
    helpedBy: nodeAdded | nodeAllocatable | podGone,
  },
  NoDiskConflict: { fits: fitsDisks, helpedBy: nodeAdded | podGone },
  MatchNodeSelector: { fits: fitsNodeSelector, helpedBy: nodeAdded | nodeLabels },
  HostName: { fits: fitsHostName, helpedBy: nodeAdded },
  CheckVolumeBinding: { among: fitsVolumes, helpedBy: nodeAdded | nodeLabels | volumes },
  EvenPodsSpread: {
    among: fitsTopologySpread,
    helpedBy: nodeAdded | nodeLabels | podGone | podPlaced | podLabels,
  },
  MatchInterPodAffinity: {
    among: fitsPodAffinity,
    helpedBy: nodeAdded | nodeLabels | podGone | podPlaced | podLabels | namespaces,
  },
};

/** The names under which a policy file asks for priorities without an argument. */
export const PRIORITIES: Readonly<Record<string, PriorityRule>> = {
  LeastRequestedPriority: { prefers: prefersLeastRequested },
  ServiceSpreadingPriority: { among: spreadsServices },
  BalancedResourceAllocation: { prefers: prefersBalancedResources },
  NodeAffinityPriority: { prefers: weighsNodeAffinity, scaled: "most" },
  TaintTolerationPriority: { prefers: countsDislikedTaints, scaled: "least" },
  ImageLocalityPriority: { prefers: prefersImages },
  EvenPodsSpreadPriority: { among: prefersTopologySpread },
  InterPodAffinityPriority: { among: prefersPodAffinity },
  EqualPriority: { prefers: prefersNone },
};

/** Source: kube-scheduler's default plugins, for what pods ask for themselves. */
const WEIGHTS: Readonly<Record<string, number>> = {
  NodeAffinityPriority: 2,
  TaintTolerationPriority: 3,
  EvenPodsSpreadPriority: 2,
  InterPodAffinityPriority: 2,
};

export const DEFAULT_POLICY: Policy = {
  predicates: Object.entries(PREDICATES).map(([name, rule]) => ({ name, ...rule })),
  priorities: Object.entries(PRIORITIES)
    .filter(([name]) => name !== "EqualPriority")
    .map(([name, rule]) => ({ name, weight: WEIGHTS[name] ?? 1, ...rule })),
};

/** The policy in the form of a policy file, arguments left out. */
export function describePolicy({ predicates, priorities }: Policy) {
  return {
    kind: "Policy",
    apiVersion: "v1",
    predicates: predicates.map(({ name }) => ({ name })),
    priorities: priorities.map(({ name, weight }) => ({ name, weight })),
  };
}
