import { selectsNode } from "../api/types/node_affinity.ts";
import type { TopologySpreadConstraint } from "../api/types/core_v1.ts";
import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";
import { type PodSet, podSetOf, withKeys } from "./pod_terms.ts";
import { fitsTaints, type NodeCheck } from "./predicates.ts";
import { SCORE_MAX } from "./priorities.ts";
import type { World } from "./world.ts";

const SPREAD_UNMET = "node(s) didn't match pod topology spread constraints";
const SPREAD_LABEL_MISSING =
  "node(s) didn't match pod topology spread constraints (missing required label)";

/** A constraint as it stands: how many pods each domain has. */
interface Spread {
  readonly maxSkew: number;
  readonly domains: Int32Array;
  readonly pods: Float64Array;
  /** 1: the domain has a node that counts. */
  readonly isThere: Uint8Array;
  readonly least: number;
  readonly countsItself: boolean;
}

/** Predicate EvenPodsSpread: the pod makes no domain's lead over the emptiest larger than maxSkew. */
export function fitsTopologySpread(pod: PodInfo, world: World): NodeCheck | undefined {
  const spreads = spreadsOf(pod, "DoNotSchedule", world);
  if (spreads.length === 0) return undefined;
  return ({ slot }) => {
    for (const { maxSkew, domains, pods, least, countsItself } of spreads) {
      const domain = domains[slot] ?? -1;
      if (domain < 0) return LABEL_MISSING;
      const skew = (pods[domain] as number) + (countsItself ? 1 : 0) - least;
      if (skew > maxSkew) return UNMET;
    }
    return FITS;
  };
}

const FITS: readonly string[] = [];
const UNMET = [SPREAD_UNMET];
const LABEL_MISSING = [SPREAD_LABEL_MISSING];

/**
 * Priority EvenPodsSpreadPriority, for constraints that may be broken: the fewer pods in the node's domain, the
 * better; a label with many values counts more. Source of the weights: kube-scheduler, topologyNormalizingWeight.
 */
export function prefersTopologySpread(
  pod: PodInfo,
  world: World,
): ((nodes: readonly NodeInfo[]) => number[]) | undefined {
  const spreads = spreadsOf(pod, "ScheduleAnyway", world);
  if (spreads.length === 0) return undefined;
  const weights = spreads.map(({ isThere }) =>
    Math.log(isThere.reduce((sum, is) => sum + is, 0) + 2)
  );
  const sumOn = (slot: number) => {
    let sum = 0;
    for (let i = 0; i < spreads.length; i += 1) {
      const { domains, pods, maxSkew } = spreads[i] as Spread;
      const domain = domains[slot] ?? -1;
      if (domain < 0) return NaN;
      sum += (pods[domain] as number) * (weights[i] as number) + maxSkew - 1;
    }
    return Math.round(sum);
  };
  return (nodes) => scaledDown(nodes.map(({ slot }) => sumOn(slot)));
}

/** Nodes that lack a label are worth nothing. Source of the form: kube-scheduler, podtopologyspread. */
function scaledDown(sums: readonly number[]): number[] {
  let [least, most] = [Infinity, -Infinity];
  for (const sum of sums) {
    if (sum < least) least = sum;
    if (sum > most) most = sum;
  }
  return sums.map((sum) => {
    if (Number.isNaN(sum)) return 0;
    return most === 0 ? SCORE_MAX : Math.floor((SCORE_MAX * (most + least - sum)) / most);
  });
}

function spreadsOf({ pod }: PodInfo, whenUnsatisfiable: string, world: World): Spread[] {
  const constraints =
    pod.spec.topologySpreadConstraints?.filter((constraint) =>
      constraint.whenUnsatisfiable === whenUnsatisfiable
    ) ?? [];
  const labels = constraints.map(({ topologyKey }) => topologyKey);
  return constraints.map((constraint) => spreadOf(pod, constraint, labels, world));
}

/** Nodes count that have all labels, and that the pod could run on as far as the policies of the constraint ask. */
function spreadOf(
  pod: PodInfo["pod"],
  constraint: TopologySpreadConstraint,
  labels: readonly string[],
  world: World,
): Spread {
  const { topologyKey, maxSkew, minDomains = 1 } = constraint;
  const selected = selectedBy(pod, constraint);
  const { domains, count } = world.slots.topologyOf(topologyKey);
  const others = labels.filter((label) => label !== topologyKey)
    .map((label) => world.slots.topologyOf(label).domains);
  const may = eligibility(pod, constraint, world);
  const { bySlot } = world.counts.of([selected], false);
  const pods = new Float64Array(count);
  const isThere = new Uint8Array(count);
  for (let slot = 0; slot < domains.length; slot += 1) {
    const domain = domains[slot] as number;
    if (domain < 0 || others.some((other) => (other[slot] as number) < 0)) continue;
    if (may !== undefined && !may(slot)) continue;
    isThere[domain] = 1;
    pods[domain] = (pods[domain] as number) + (bySlot[slot] ?? 0);
  }
  const least = leastOf(pods, isThere, minDomains);
  const countsItself = selected.selector.matches(pod.metadata.labels);
  return { maxSkew, domains, pods, isThere, least, countsItself };
}

function selectedBy(pod: PodInfo["pod"], constraint: TopologySpreadConstraint): PodSet {
  const selector = withKeys(constraint.labelSelector, pod, constraint.matchLabelKeys);
  return podSetOf([pod.metadata.namespace ?? ""], selector);
}

/** 0 while there are fewer domains than the constraint wants. */
function leastOf(pods: Float64Array, isThere: Uint8Array, minDomains: number): number {
  let [least, there] = [Infinity, 0];
  for (let domain = 0; domain < pods.length; domain += 1) {
    if (isThere[domain] === 0) continue;
    there += 1;
    least = Math.min(least, pods[domain] as number);
  }
  return there === 0 || there < minDomains ? 0 : least;
}

/** @returns undefined when every node counts */
function eligibility(
  pod: PodInfo["pod"],
  { nodeAffinityPolicy = "Honor", nodeTaintsPolicy = "Ignore" }: TopologySpreadConstraint,
  world: World,
): ((slot: number) => boolean) | undefined {
  const { nodeSelector, affinity } = pod.spec;
  const isPicky = nodeSelector !== undefined || affinity?.nodeAffinity !== undefined;
  const asksAffinity = nodeAffinityPolicy === "Honor" && isPicky;
  const asksTaints = nodeTaintsPolicy === "Honor";
  if (!asksAffinity && !asksTaints) return undefined;
  return (slot) => {
    const node = world.slots.at(slot);
    if (node === undefined) return false;
    if (asksTaints && fitsTaints({ pod }, node).length > 0) return false;
    return !asksAffinity || selectsNode(pod, node);
  };
}
