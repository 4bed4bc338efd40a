import type { NodeInfo } from "./node_info.ts";

/** Where nodes are by one label: nodes with one value of it are one domain. */
export interface Topology {
  /** By slot: the number of the node's domain, or -1 where it has none. */
  readonly domains: Int32Array;
  /** How many domains there are. */
  readonly count: number;
}

/** Label names whose domains are remembered; beyond that all are worked out anew. */
const TOPOLOGIES_MAX = 64;

/**
 * Numbers the nodes, so that what is known by node is an array, and tells which of them changed since when. A
 * slot is given to another node when its own has gone.
 */
export class NodeSlots {
  readonly #nodes: (NodeInfo | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #topologies = new Map<string, Topology>();
  #changedAt = new Float64Array(64);
  #time = 0;

  /** Slots in use, and those between them that are free. */
  get count(): number {
    return this.#nodes.length;
  }

  /** Counts the changes. */
  get time(): number {
    return this.#time;
  }

  at(slot: number): NodeInfo | undefined {
    return this.#nodes[slot];
  }

  /** By slot: the `time` of its last change. */
  get changedAt(): Float64Array {
    return this.#changedAt;
  }

  add(node: NodeInfo): void {
    node.slot = this.#free.pop() ?? this.#nodes.length;
    this.#nodes[node.slot] = node;
    if (node.slot >= this.#changedAt.length) this.#grow();
    this.relabel(node);
  }

  remove(node: NodeInfo): void {
    this.relabel(node);
    this.#nodes[node.slot] = undefined;
    this.#free.push(node.slot);
    node.slot = -1;
  }

  touch({ slot }: NodeInfo): void {
    if (slot >= 0) this.#changedAt[slot] = this.#time += 1;
  }

  relabel(node: NodeInfo): void {
    this.#topologies.clear();
    this.touch(node);
  }

  topologyOf(label: string): Topology {
    const known = this.#topologies.get(label);
    if (known !== undefined) return known;
    if (this.#topologies.size >= TOPOLOGIES_MAX) this.#topologies.clear();
    const topology = this.#layOut(label);
    this.#topologies.set(label, topology);
    return topology;
  }

  #layOut(label: string): Topology {
    const domains = new Int32Array(this.#nodes.length).fill(-1);
    const numbers = new Map<string, number>();
    for (let slot = 0; slot < domains.length; slot += 1) {
      const value = this.#nodes[slot]?.labels[label];
      if (value === undefined) continue;
      const number = numbers.get(value) ?? numbers.size;
      numbers.set(value, number);
      domains[slot] = number;
    }
    return { domains, count: numbers.size };
  }

  #grow(): void {
    const larger = new Float64Array(this.#changedAt.length * 2);
    larger.set(this.#changedAt);
    this.#changedAt = larger;
  }
}
