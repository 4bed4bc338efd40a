import type { Pod } from "../api/types/core_v1.ts";
import { selectsNode } from "../api/types/node_affinity.ts";
import { isTolerated } from "../api/types/tolerations.ts";
import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";
import type { World } from "./world.ts";

/** Why the pod does not fit the node, in kube-scheduler's words; [] when it fits. */
export type Predicate = (pod: PodInfo, node: NodeInfo, world: World) => readonly string[];

/** As a predicate, of one pod in one world. */
export type NodeCheck = (node: NodeInfo) => readonly string[];

/** No node is at fault: the pod itself can't run yet. */
export interface Refusal {
  readonly refusal: string;
}

/** For what depends on more than pod and node: looks at the cluster once. @returns undefined when every node fits */
export type ClusterPredicate = (pod: PodInfo, world: World) => NodeCheck | Refusal | undefined;

const FITS: readonly string[] = [];
const NO_FREE_PORTS = ["node(s) didn't have free ports for the requested pod ports"];
const DISK_CONFLICT = ["node(s) had no available disk"];
const NO_SELECTOR_MATCH = ["node(s) didn't match Pod's node affinity/selector"];
const OTHER_NODE_NAME = ["node(s) didn't match the requested node name"];
const NOT_READY = ["node(s) were not ready"];
const UNSCHEDULABLE = ["node(s) were unschedulable"];
const LABELS_ABSENT = ["node(s) didn't have the requested labels"];
const NO_SERVICE_AFFINITY = ["node(s) didn't match service affinity"];

export function fitsHostPorts({ hostPorts }: PodInfo, node: NodeInfo): readonly string[] {
  if (hostPorts.length === 0) return FITS;
  return hostPorts.some((port) => node.hasPortTaken(port)) ? NO_FREE_PORTS : FITS;
}

/** Requested, not used, resources decide. What is asked for to the last unit fits, and asking for nothing always does. */
export function fitsResources({ requests }: PodInfo, node: NodeInfo): readonly string[] {
  const { allocatable, requested, podsMax } = node;
  const reasons: string[] = [];
  if (podsMax > 0 && node.pods.size >= podsMax) reasons.push("Too many pods");
  if (lacks(requests.milliCpu, requested.milliCpu, allocatable.milliCpu)) {
    reasons.push("Insufficient cpu");
  }
  if (lacks(requests.memoryBytes, requested.memoryBytes, allocatable.memoryBytes)) {
    reasons.push("Insufficient memory");
  }
  for (const name in requests.others) {
    const asked = requests.others[name] ?? 0;
    const free = (allocatable.others[name] ?? 0) - (requested.others[name] ?? 0);
    if (asked > 0 && asked > free) reasons.push(`Insufficient ${name}`);
  }
  return reasons.length === 0 ? FITS : reasons;
}

/** Whether the pod asks for more than the node has, whoever else runs there. */
export function asksMoreThanAll({ requests }: PodInfo, { allocatable }: NodeInfo): boolean {
  if (lacks(requests.milliCpu, 0, allocatable.milliCpu)) return true;
  if (lacks(requests.memoryBytes, 0, allocatable.memoryBytes)) return true;
  return Object.entries(requests.others).some(([name, asked]) =>
    asked > (allocatable.others[name] ?? 0)
  );
}

function lacks(asked: number, taken: number, has: number): boolean {
  return asked > 0 && has > 0 && taken + asked > has;
}

export function fitsDisks({ disks }: PodInfo, node: NodeInfo): readonly string[] {
  if (disks.length === 0) return FITS;
  return disks.some((disk) => node.hasDiskTaken(disk)) ? DISK_CONFLICT : FITS;
}

export function fitsNodeSelector({ pod }: PodInfo, node: NodeInfo): readonly string[] {
  return selectsNode(pod, node) ? FITS : NO_SELECTOR_MATCH;
}

/** A pod that names its node never comes to the scheduler unbound; one that is tried against all nodes may. */
export function fitsHostName({ pod }: PodInfo, node: NodeInfo): readonly string[] {
  const { nodeName = "" } = pod.spec;
  return nodeName === "" || nodeName === node.name ? FITS : OTHER_NODE_NAME;
}

export function fitsReadiness(_: PodInfo, node: NodeInfo): readonly string[] {
  return node.isReady ? FITS : NOT_READY;
}

export function fitsCordon({ pod }: PodInfo, node: NodeInfo): readonly string[] {
  return !node.isUnschedulable || toleratesCordon(pod) ? FITS : UNSCHEDULABLE;
}

/** Names the first taint that the pod does not tolerate, as kube-scheduler does. */
export function fitsTaints({ pod }: Pick<PodInfo, "pod">, node: NodeInfo): readonly string[] {
  for (const taint of node.taints) {
    if (taint.effect === "PreferNoSchedule" || isTolerated(taint, pod.spec)) continue;
    return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`];
  }
  return FITS;
}

/** Predicate CheckNodeLabelPresence of a policy file: all labels are there, or none is, whatever their values. */
export function fitsLabelPresence(labels: readonly string[], isPresent: boolean): Predicate {
  return (_, node) =>
    labels.every((label) => Object.hasOwn(node.labels, label) === isPresent) ? FITS : LABELS_ABSENT;
}

/**
 * Predicate CheckServiceAffinity of a policy file: the node has the same values of `labels` as the node that runs the
 * first pod of the pod's first service, unless the pod's nodeSelector says which.
 */
export function fitsServiceAffinity(labels: readonly string[]): Predicate {
  return ({ pod }, node, world) => {
    const wanted: Record<string, string> = {};
    for (const label of labels) {
      const own = pod.spec.nodeSelector?.[label];
      if (own !== undefined) wanted[label] = own;
    }
    const peer = Object.keys(wanted).length === labels.length ? undefined : nodeOfPeer(pod, world);
    for (const label of labels) {
      const value = wanted[label] ?? peer?.labels[label];
      if (value !== undefined && node.labels[label] !== value) return NO_SERVICE_AFFINITY;
    }
    return FITS;
  };
}

function nodeOfPeer(pod: Readonly<Pod>, world: World): NodeInfo | undefined {
  for (const name of world.peersOf(pod)?.keys() ?? []) {
    const node = world.nodeNamed(name);
    if (node !== undefined) return node;
  }
  return undefined;
}

function toleratesCordon(pod: Readonly<Pod>): boolean {
  return isTolerated({ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }, pod.spec);
}
