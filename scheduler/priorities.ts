import { meetsTerm } from "../api/types/node_affinity.ts";
import type { NodeSelectorTerm } from "../api/types/core_v1.ts";
import { isTolerated } from "../api/types/tolerations.ts";
import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";
import type { World } from "./world.ts";

/** How much it is liked that the pod runs on each of `nodes`: integers from 0 to `SCORE_MAX`, in the same order. */
export type Priority = (pod: PodInfo, nodes: readonly NodeInfo[], world: World) => number[];

/** For what depends on the cluster: looks at it once. @returns undefined when all nodes are liked alike */
export type ClusterPriority = (
  pod: PodInfo,
  world: World,
) => ((nodes: readonly NodeInfo[]) => number[]) | undefined;

/** Source: kube-scheduler, MaxPriority. */
export const SCORE_MAX = 10;

/** The emptier the node will be, the better; cpu and memory count alike. */
export function prefersLeastRequested({ requests }: PodInfo, nodes: readonly NodeInfo[]): number[] {
  return nodes.map(({ requested, allocatable }) => {
    const cpu = freeShare(requested.milliCpu + requests.milliCpu, allocatable.milliCpu);
    const memory = freeShare(requested.memoryBytes + requests.memoryBytes, allocatable.memoryBytes);
    return Math.floor((cpu + memory) / 2);
  });
}

/** Whole tenths, rounded down. The product stays exact: memory in bytes times ten is below 2^53 up to 900 TB. */
function freeShare(requested: number, capacity: number): number {
  if (capacity === 0 || requested > capacity) return 0;
  return Math.floor(((capacity - requested) * SCORE_MAX) / capacity);
}

/** The closer the used shares of cpu and memory will be to each other, the better. */
export function prefersBalancedResources(
  { requests }: PodInfo,
  nodes: readonly NodeInfo[],
): number[] {
  return nodes.map(({ requested, allocatable }) => {
    const cpu = usedShare(requested.milliCpu + requests.milliCpu, allocatable.milliCpu);
    const memory = usedShare(requested.memoryBytes + requests.memoryBytes, allocatable.memoryBytes);
    if (cpu >= 1 || memory >= 1) return 0;
    return Math.floor(SCORE_MAX - Math.abs(cpu - memory) * SCORE_MAX);
  });
}

function usedShare(requested: number, capacity: number): number {
  return capacity === 0 ? 1 : requested / capacity;
}

/** The fewer pods of the same service the node runs, the better. */
export function prefersServiceSpread(
  { pod }: PodInfo,
  nodes: readonly NodeInfo[],
  world: World,
): number[] {
  const peers = world.peersOf(pod);
  if (peers === undefined || peers.size === 0) return nodes.map(() => SCORE_MAX);
  const most = Math.max(...peers.values());
  return nodes.map(({ name }) => share(most - (peers.get(name) ?? 0), most));
}

/** The same, for the list of a policy: pods that no service selects, or that are its first, like all nodes alike. */
export function spreadsServices(pod: PodInfo, world: World) {
  if (!world.peersOf(pod.pod)?.size) return undefined;
  return (nodes: readonly NodeInfo[]) => prefersServiceSpread(pod, nodes, world);
}

/** Sum of the weights of the pod's preferred node affinity that hold on the node, to be scaled. */
export function weighsNodeAffinity({ pod }: PodInfo, nodes: readonly NodeInfo[]): number[] {
  const terms = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ??
    [];
  return nodes.map((node) => {
    let sum = 0;
    for (const { weight, preference } of terms) {
      if (meetsPreference(preference, node)) sum += weight;
    }
    return sum;
  });
}

/** A preference without requirements holds everywhere. */
function meetsPreference(preference: NodeSelectorTerm, node: NodeInfo): boolean {
  const { matchExpressions = [], matchFields = [] } = preference;
  return matchExpressions.length + matchFields.length === 0 || meetsTerm(preference, node);
}

/** How many taints of effect PreferNoSchedule the pod does not tolerate, to be scaled: none is best. */
export function countsDislikedTaints({ pod }: PodInfo, nodes: readonly NodeInfo[]): number[] {
  return nodes.map(({ taints }) => {
    let sum = 0;
    for (const taint of taints) {
      if (taint.effect === "PreferNoSchedule" && !isTolerated(taint, pod.spec)) sum += 1;
    }
    return sum;
  });
}

/** Source: kube-scheduler, imagelocality: less than the first is not worth it, more than the second no difference. */
const IMAGE_BYTES_MIN = 23 * 2 ** 20;
const IMAGE_BYTES_MAX_PER_CONTAINER = 1000 * 2 ** 20;

/** The more of the pod's images, in bytes, the node has, the better. */
export function prefersImages({ pod }: PodInfo, nodes: readonly NodeInfo[]): number[] {
  const { containers, initContainers = [] } = pod.spec;
  const names = [...initContainers, ...containers].map(({ image = "" }) => tagged(image));
  const most = IMAGE_BYTES_MAX_PER_CONTAINER * names.length;
  return nodes.map(({ images }) => {
    if (images.size === 0) return 0;
    let bytes = 0;
    for (const name of names) bytes += images.get(name) ?? 0;
    const counted = Math.min(Math.max(bytes, IMAGE_BYTES_MIN), most) - IMAGE_BYTES_MIN;
    return Math.floor((SCORE_MAX * counted) / (most - IMAGE_BYTES_MIN));
  });
}

function tagged(image: string): string {
  return image.lastIndexOf(":") > image.lastIndexOf("/") ? image : `${image}:latest`;
}

export function prefersNone(_: PodInfo, nodes: readonly NodeInfo[]): number[] {
  return nodes.map(() => 1);
}

/** Priority NodeLabelPriority of a policy file: nodes that have the label, or have not, whatever its value. */
export function prefersLabel(label: string, isPresent: boolean): Priority {
  return (_, nodes) =>
    nodes.map(({ labels }) => Object.hasOwn(labels, label) === isPresent ? SCORE_MAX : 0);
}

/**
 * Priority ServiceAntiAffinity of a policy file: the fewer pods of the same service the node's zone runs, the
 * better. A zone is all nodes with one value of the label; nodes without it are liked least.
 */
export function prefersOtherZones(label: string): Priority {
  return ({ pod }, nodes, world) => {
    const inZone = new Map<string, number>();
    let total = 0;
    for (const [name, count] of world.peersOf(pod) ?? []) {
      total += count;
      const zone = world.nodeNamed(name)?.labels[label];
      if (zone !== undefined) inZone.set(zone, (inZone.get(zone) ?? 0) + count);
    }
    return nodes.map(({ labels }) => {
      const zone = labels[label];
      if (zone === undefined) return 0;
      return total === 0 ? SCORE_MAX : share(total - (inZone.get(zone) ?? 0), total);
    });
  };
}

function share(part: number, whole: number): number {
  return Math.floor((part * SCORE_MAX) / whole);
}
