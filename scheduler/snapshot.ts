import type { Clock } from "../api/types/ambient.ts";
import type { Node, Pod, Service } from "../api/types/core_v1.ts";
import type { Labels } from "../api/types/labels.ts";
import { NodeInfo } from "./node_info.ts";
import { NodeSlots } from "./node_slots.ts";
import { Nominated } from "./nominated.ts";
import { Peers } from "./peers.ts";
import { PodCounts } from "./pod_counts.ts";
import { type PodInfo, podInfoOf, uidOf } from "./pod_info.ts";
import { Volumes } from "./volumes.ts";
import type { World } from "./world.ts";

/** How long a binding counts that the watch has not shown. Source: kube-scheduler, assumed pods, 30 s. */
export const ASSUMED_MS = 30_000;

interface Placed {
  info: PodInfo;
  readonly nodeName: string;
  /** Bound by us, and not seen by watch yet. */
  isAssumed: boolean;
  cancelExpiry: () => void;
}

/**
 * The cluster as the scheduler knows it: what the watches have shown, and the pods that it has bound itself a
 * moment ago. Every change costs as much as the pod or node that it concerns, whatever the size of the cluster.
 */
export class Snapshot implements World {
  readonly #clock: Clock;
  readonly #onExpired: (pod: Readonly<Pod>) => void;
  readonly #nodes = new Map<string, NodeInfo>();
  /** Nodes that pods name and the watch has not shown, or shows no more: their pods must not be lost. */
  readonly #unseen = new Map<string, NodeInfo>();
  readonly #pods = new Map<string, Placed>();
  readonly #peers = new Peers();
  readonly slots = new NodeSlots();
  readonly counts = new PodCounts();
  readonly volumes = new Volumes();
  readonly nominated = new Nominated();
  readonly priorities = new Map<number, number>();
  #sorted: readonly NodeInfo[] | undefined;

  constructor(clock: Clock, onExpired: (pod: Readonly<Pod>) => void = () => {}) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  get nodes(): readonly NodeInfo[] {
    this.#sorted ??= [...this.#nodes.values()].sort((a, b) => a.name < b.name ? -1 : 1);
    return this.#sorted;
  }

  nodeNamed(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  peersOf(pod: Readonly<Pod>): ReadonlyMap<string, number> | undefined {
    return this.#peers.of(pod);
  }

  isAssumed(pod: Readonly<Pod>): boolean {
    return this.#pods.get(uidOf(pod))?.isAssumed ?? false;
  }

  setNode(node: Readonly<Node>): void {
    const { name } = node.metadata;
    const known = this.#nodes.get(name);
    if (known !== undefined) return this.#renew(known, node);
    const info = this.#unseen.get(name) ?? new NodeInfo(name);
    this.#unseen.delete(name);
    info.setNode(node);
    this.#nodes.set(name, info);
    this.slots.add(info);
    for (const pod of info.pods.values()) this.counts.count(pod, info.slot, 1);
    this.#sorted = undefined;
  }

  #renew(info: NodeInfo, node: Readonly<Node>): void {
    const { labels } = info;
    info.setNode(node);
    if (haveSame(labels, info.labels)) this.slots.touch(info);
    else this.slots.relabel(info);
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info === undefined) return;
    this.#nodes.delete(name);
    for (const pod of info.pods.values()) this.counts.count(pod, info.slot, -1);
    this.slots.remove(info);
    this.#sorted = undefined;
    if (info.pods.size > 0) this.#unseen.set(name, info);
  }

  setService(service: Readonly<Service>): void {
    this.#peers.setService(service);
  }

  removeService(namespace: string, name: string): void {
    this.#peers.removeService(namespace, name);
  }

  /** The watch shows the pod on its node. What was assumed of it is known now. */
  setPod(pod: Readonly<Pod>): void {
    const { nodeName = "" } = pod.spec;
    const known = this.#pods.get(uidOf(pod));
    if (known !== undefined && known.nodeName === nodeName) {
      known.cancelExpiry();
      known.isAssumed = false;
      if (countsTheSame(known.info.pod, pod)) {
        known.info.pod = pod;
        return;
      }
    }
    this.removePod(pod);
    this.#place(podInfoOf(pod), nodeName, false);
  }

  removePod(pod: Readonly<Pod>): void {
    const uid = uidOf(pod);
    const placed = this.#pods.get(uid);
    if (placed === undefined) return;
    placed.cancelExpiry();
    this.#pods.delete(uid);
    this.#peers.removePod(uid, pod.metadata.namespace ?? "");
    const node = this.#nodes.get(placed.nodeName) ?? this.#unseen.get(placed.nodeName);
    node?.removePod(uid);
    this.#count(placed.info, node, -1);
    if (node?.pods.size === 0) this.#unseen.delete(placed.nodeName);
  }

  /** From now on the pod counts on the node, until the watch shows it, `removePod` takes it back, or its time is over. */
  assume(info: PodInfo, nodeName: string): void {
    this.#place(info, nodeName, true);
  }

  /** The binding was answered: the watch must show it within `ASSUMED_MS`. */
  awaitWatch(pod: Readonly<Pod>): void {
    const placed = this.#pods.get(uidOf(pod));
    if (placed === undefined || !placed.isAssumed) return;
    placed.cancelExpiry = this.#clock.after(ASSUMED_MS, () => {
      this.removePod(pod);
      this.#onExpired(pod);
    });
  }

  #place(info: PodInfo, nodeName: string, isAssumed: boolean): void {
    this.#pods.set(info.uid, { info, nodeName, isAssumed, cancelExpiry: () => {} });
    this.#peers.addPod(info.uid, info.pod, nodeName);
    const node = this.#nodes.get(nodeName) ?? this.#unseen.get(nodeName) ?? new NodeInfo(nodeName);
    if (!this.#nodes.has(nodeName)) this.#unseen.set(nodeName, node);
    node.addPod(info);
    this.#count(info, node, 1);
  }

  #count(info: PodInfo, node: NodeInfo | undefined, by: 1 | -1): void {
    const left = (this.priorities.get(info.priority) ?? 0) + by;
    if (left === 0) this.priorities.delete(info.priority);
    else this.priorities.set(info.priority, left);
    if (node === undefined) return;
    this.counts.count(info, node.slot, by);
    this.slots.touch(node);
  }
}

function countsTheSame(a: Readonly<Pod>, b: Readonly<Pod>): boolean {
  return haveSame(a.metadata.labels, b.metadata.labels) &&
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp;
}

function haveSame(left: Labels = {}, right: Labels = {}): boolean {
  for (const name in left) if (left[name] !== right[name]) return false;
  return Object.keys(left).length === Object.keys(right).length;
}
