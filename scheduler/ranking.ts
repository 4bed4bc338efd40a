import type { Changes } from "./changes.ts";
import { CHANGES } from "./changes.ts";
import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";
import { ALWAYS, type Policy } from "./policy.ts";
import type { World } from "./world.ts";

/** What speaks against a node. */
export interface Verdict {
  readonly reasons: readonly string[];
  readonly helpedBy: Changes;
  /** Each of the reasons may go when pods go. */
  readonly mayHelpToEvict: boolean;
}

/** In place of a verdict. */
export const NO_NODE = 0;
export const FITS = 1;
/** Verdicts are numbered from here. */
const FIRST_VERDICT = 2;

/**
 * What is known of every node for pods that ask the same of a node: whether it takes them, and how much it is
 * liked. Nodes that changed since the last time are looked at again, the others are remembered.
 */
export class Ranking {
  readonly #policy: Policy;
  #asOf = -1;
  /** By slot: `NO_NODE`, `FITS`, or the number of a verdict. */
  verdicts = new Uint16Array(64);
  /** By slot: the weighted sum of the priorities that ask pod and node alone. */
  scores = new Float64Array(64);
  /** By scaled priority, then by slot. */
  readonly scaled: Float64Array[];
  readonly #verdicts: Verdict[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(policy: Policy) {
    this.#policy = policy;
    this.scaled = scaledOf(policy).map(() => new Float64Array(64));
  }

  /** Verdicts have lower numbers. */
  get verdictCount(): number {
    return this.#verdicts.length + FIRST_VERDICT;
  }

  verdictOf(number: number): Verdict {
    return this.#verdicts[number - FIRST_VERDICT] as Verdict;
  }

  update(pod: PodInfo, world: World): void {
    const { slots } = world;
    if (this.#asOf === slots.time) return;
    this.#makeRoom(slots.count);
    const changed: NodeInfo[] = [];
    const { changedAt } = slots;
    for (let slot = 0; slot < slots.count; slot += 1) {
      if ((changedAt[slot] as number) <= this.#asOf) continue;
      const node = slots.at(slot);
      if (node === undefined) this.verdicts[slot] = NO_NODE;
      else changed.push(node);
    }
    this.#asOf = slots.time;
    this.#judge(pod, changed, world);
  }

  #judge(pod: PodInfo, changed: readonly NodeInfo[], world: World): void {
    const fitting: NodeInfo[] = [];
    for (const node of changed) {
      const verdict = verdictOn(pod, node, world, this.#policy);
      this.verdicts[node.slot] = verdict === undefined ? FITS : this.#numberOf(verdict);
      if (verdict === undefined) fitting.push(node);
    }
    if (fitting.length > 0) this.#score(pod, fitting, world);
  }

  #score(pod: PodInfo, nodes: readonly NodeInfo[], world: World): void {
    for (const { slot } of nodes) this.scores[slot] = 0;
    let next = 0;
    for (const { weight, prefers, scaled } of this.#policy.priorities) {
      if (weight === 0 || prefers === undefined) continue;
      const scores = prefers(pod, nodes, world);
      const into = scaled === undefined ? this.scores : this.scaled[next++] as Float64Array;
      const factor = scaled === undefined ? weight : 1;
      for (let i = 0; i < nodes.length; i += 1) {
        const { slot } = nodes[i] as NodeInfo;
        const before = scaled === undefined ? into[slot] as number : 0;
        into[slot] = before + factor * (scores[i] as number);
      }
    }
  }

  #numberOf(verdict: Verdict): number {
    const key = `${verdict.mayHelpToEvict} ${verdict.reasons.join("\n")}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#verdicts.push(verdict);
    const number = this.#verdicts.length - 1 + FIRST_VERDICT;
    this.#numbers.set(key, number);
    return number;
  }

  #makeRoom(count: number): void {
    if (count <= this.verdicts.length) return;
    const size = Math.max(count, this.verdicts.length * 2);
    const verdicts = new Uint16Array(size);
    verdicts.set(this.verdicts);
    this.verdicts = verdicts;
    this.scores = grown(this.scores, size);
    this.scaled.forEach((scores, index) => this.scaled[index] = grown(scores, size));
  }
}

export function scaledOf({ priorities }: Policy) {
  return priorities.filter(({ weight, scaled }) => weight !== 0 && scaled !== undefined);
}

/** By the predicates that ask pod and node alone. @returns undefined when nothing speaks against it */
export function verdictOn(
  pod: PodInfo,
  node: NodeInfo,
  world: World,
  { predicates }: Policy,
): Verdict | undefined {
  let reasons: string[] | undefined;
  let helpedBy = 0;
  let mayHelpToEvict = true;
  for (const rules of [ALWAYS, predicates]) {
    for (const rule of rules) {
      const against = rule.fits?.(pod, node, world) ?? [];
      if (against.length === 0) continue;
      (reasons ??= []).push(...against);
      helpedBy |= rule.helpedBy;
      const isHopeless = (rule.helpedBy & CHANGES.podGone) === 0 || rule.isBeyond?.(pod, node);
      if (isHopeless) mayHelpToEvict = false;
    }
  }
  return reasons && { reasons, helpedBy, mayHelpToEvict };
}

function grown(array: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size);
  larger.set(array);
  return larger;
}

/** Kinds of pods that are remembered; the one that came longest ago is forgotten. */
const RANKINGS_MAX = 64;

/** Pods that ask the same of a node share one ranking. */
export class Rankings {
  readonly #policy: Policy;
  readonly #byAsk = new Map<string, Ranking>();

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  of(pod: PodInfo, world: World): Ranking {
    const key = askOf(pod);
    const ranking = this.#byAsk.get(key) ?? new Ranking(this.#policy);
    this.#byAsk.delete(key);
    this.#byAsk.set(key, ranking);
    if (this.#byAsk.size > RANKINGS_MAX) this.#forgetOldest();
    ranking.update(pod, world);
    return ranking;
  }

  #forgetOldest(): void {
    for (const key of this.#byAsk.keys()) {
      this.#byAsk.delete(key);
      return;
    }
  }
}

/** Everything of a pod that predicates and priorities read that ask pod and node alone. */
function askOf({ pod: { spec }, requests, hostPorts, disks }: PodInfo): string {
  return JSON.stringify([
    spec.nodeName,
    spec.nodeSelector,
    spec.affinity?.nodeAffinity,
    spec.tolerations,
    requests,
    hostPorts,
    disks,
    spec.containers.map(({ image }) => image),
    spec.initContainers?.map(({ image }) => image),
  ]);
}
