import type { Random } from "../api/types/ambient.ts";
import { verdictBesideNominated } from "./beside_nominated.ts";
import { CHANGES, type Changes } from "./changes.ts";
import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";
import type { NamedPredicate, Policy } from "./policy.ts";
import type { NodeCheck } from "./predicates.ts";
import { SCORE_MAX } from "./priorities.ts";
import { FITS, NO_NODE, type Ranking, Rankings, scaledOf, type Verdict } from "./ranking.ts";
import type { World } from "./world.ts";

/** Why no node takes the pod. */
export interface Unschedulable {
  readonly nodesTotal: number;
  /** Why the pod can't run yet wherever it is tried; then no node was. */
  readonly refusal?: string;
  /** What speaks against nodes, and against how many of them. */
  readonly tally: ReadonlyMap<Verdict, number>;
  /** The same node by node; to be read before the next decision. */
  verdicts(): Iterable<readonly [NodeInfo, Verdict]>;
  /** What may help, all nodes together. */
  readonly helpedBy: Changes;
}

export type Decision =
  | { readonly fits: true; readonly nodeName: string; readonly score: number }
  | { readonly fits: false; readonly why: Unschedulable };

/** Decides for one pod alone. */
export function schedule(pod: PodInfo, world: World, policy: Policy, random: Random): Decision {
  return new Decider(world, policy).decide(pod, random);
}

interface ClusterCheck {
  readonly check: NodeCheck;
  readonly rule: NamedPredicate;
}

/** Tries pods on every node and takes the one that is liked best, remembering what did not change between two pods. */
export class Decider {
  readonly #world: World;
  readonly #policy: Policy;
  readonly #rankings: Rankings;
  /** Slots that fit, and their scores. */
  #fitting = new Int32Array(64);
  #totals = new Float64Array(64);

  constructor(world: World, policy: Policy) {
    this.#world = world;
    this.#policy = policy;
    this.#rankings = new Rankings(policy);
  }

  /** `random` chooses among equals. */
  decide(pod: PodInfo, random: Random): Decision {
    const checks = this.#checksFor(pod);
    if (!Array.isArray(checks)) return { fits: false, why: checks };
    const ranking = this.#rankings.of(pod, this.#world);
    const against: (Verdict | undefined)[] = [];
    const count = this.#collect(pod, ranking, checks, against);
    if (count === 0) return { fits: false, why: this.#whyNot(ranking, against) };
    const nominated = this.#nominatedSlot(pod, count);
    this.#score(pod, ranking, count);
    const chosen = nominated ?? this.#best(count, random);
    const node = this.#world.slots.at(this.#fitting[chosen] as number) as NodeInfo;
    return { fits: true, nodeName: node.name, score: this.#totals[chosen] as number };
  }

  /** @returns what remains to be asked of each node, or why no node need be asked */
  #checksFor(pod: PodInfo): ClusterCheck[] | Unschedulable {
    const checks: ClusterCheck[] = [];
    for (const rule of this.#policy.predicates) {
      const check = rule.among?.(pod, this.#world);
      if (check === undefined) continue;
      if (typeof check === "function") checks.push({ check, rule });
      else {
        const { helpedBy } = rule;
        const nodesTotal = this.#world.nodes.length;
        return {
          nodesTotal,
          refusal: check.refusal,
          tally: new Map(),
          verdicts: () => [],
          helpedBy,
        };
      }
    }
    return checks;
  }

  /** Writes the slots that fit. @returns how many */
  #collect(
    pod: PodInfo,
    { verdicts }: Ranking,
    checks: readonly ClusterCheck[],
    against: (Verdict | undefined)[],
  ): number {
    const { slots } = this.#world;
    if (this.#fitting.length < slots.count) {
      this.#fitting = new Int32Array(slots.count * 2);
      this.#totals = new Float64Array(slots.count * 2);
    }
    const isAsked = checks.length > 0 || this.#world.nominated.size > 0;
    let count = 0;
    for (let slot = 0; slot < slots.count; slot += 1) {
      if (verdicts[slot] !== FITS) continue;
      const verdict = isAsked ? this.#ask(pod, slots.at(slot) as NodeInfo, checks) : undefined;
      if (verdict === undefined) this.#fitting[count++] = slot;
      else against[slot] = verdict;
    }
    return count;
  }

  #ask(pod: PodInfo, node: NodeInfo, checks: readonly ClusterCheck[]): Verdict | undefined {
    for (const { check, rule } of checks) {
      const reasons = check(node);
      if (reasons.length === 0) continue;
      const mayHelpToEvict = (rule.helpedBy & CHANGES.podGone) !== 0;
      return { reasons, helpedBy: rule.helpedBy, mayHelpToEvict };
    }
    return verdictBesideNominated(pod, node, this.#world, this.#policy);
  }

  #nominatedSlot(pod: PodInfo, count: number): number | undefined {
    const name = this.#world.nominated.nodeOf(pod.uid);
    const slot = name === undefined ? -1 : this.#world.nodeNamed(name)?.slot ?? -1;
    const place = slot < 0 ? -1 : this.#fitting.subarray(0, count).indexOf(slot);
    return place < 0 ? undefined : place;
  }

  #score(pod: PodInfo, ranking: Ranking, count: number): void {
    const { scores } = ranking;
    for (let i = 0; i < count; i += 1) {
      this.#totals[i] = scores[this.#fitting[i] as number] as number;
    }
    scaledOf(this.#policy).forEach(({ weight, scaled }, index) =>
      this.#addScaled(ranking.scaled[index] as Float64Array, count, weight, scaled === "least")
    );
    this.#addOfCluster(pod, count);
  }

  #addScaled(raws: Float64Array, count: number, weight: number, isReversed: boolean): void {
    let most = 0;
    for (let i = 0; i < count; i += 1) {
      const raw = raws[this.#fitting[i] as number] as number;
      if (raw > most) most = raw;
    }
    if (most === 0) {
      if (isReversed) { for (let i = 0; i < count; i += 1) this.#totals[i]! += weight * SCORE_MAX; }
      return;
    }
    for (let i = 0; i < count; i += 1) {
      const raw = raws[this.#fitting[i] as number] as number;
      const share = Math.floor((raw * SCORE_MAX) / most);
      this.#totals[i]! += weight * (isReversed ? SCORE_MAX - share : share);
    }
  }

  #addOfCluster(pod: PodInfo, count: number): void {
    let nodes: NodeInfo[] | undefined;
    for (const { weight, among } of this.#policy.priorities) {
      const prefers = weight === 0 ? undefined : among?.(pod, this.#world);
      if (prefers === undefined) continue;
      nodes ??= this.#nodesThatFit(count);
      const scores = prefers(nodes);
      for (let i = 0; i < count; i += 1) this.#totals[i]! += weight * (scores[i] as number);
    }
  }

  #nodesThatFit(count: number): NodeInfo[] {
    const { slots } = this.#world;
    const nodes: NodeInfo[] = [];
    for (let i = 0; i < count; i += 1) nodes.push(slots.at(this.#fitting[i] as number) as NodeInfo);
    return nodes;
  }

  #best(count: number, random: Random): number {
    let most = -Infinity;
    let equals = 0;
    for (let i = 0; i < count; i += 1) {
      const total = this.#totals[i] as number;
      if (total > most) {
        most = total;
        equals = 1;
      } else if (total === most) equals += 1;
    }
    let left = Math.floor(random() * equals);
    for (let i = 0; i < count; i += 1) {
      if (this.#totals[i] === most && left-- === 0) return i;
    }
    return 0;
  }

  #whyNot(ranking: Ranking, against: readonly (Verdict | undefined)[]): Unschedulable {
    const { slots } = this.#world;
    const numbers = new Int32Array(ranking.verdictCount);
    const tally = new Map<Verdict, number>();
    let nodesTotal = 0;
    const note = (verdict: Verdict, by: number) => {
      nodesTotal += by;
      tally.set(verdict, (tally.get(verdict) ?? 0) + by);
    };
    for (let slot = 0; slot < slots.count; slot += 1) {
      const number = ranking.verdicts[slot] as number;
      if (number === FITS) note(against[slot] as Verdict, 1);
      else numbers[number] = numbers[number]! + 1;
    }
    for (let number = FITS + 1; number < numbers.length; number += 1) {
      if (numbers[number]! > 0) note(ranking.verdictOf(number), numbers[number]!);
    }
    let helpedBy: Changes = CHANGES.nodeAdded;
    for (const verdict of tally.keys()) helpedBy |= verdict.helpedBy;
    const verdicts = () => verdictsByNode(this.#world, ranking, against);
    return { nodesTotal, tally, verdicts, helpedBy };
  }
}

function* verdictsByNode(
  { slots }: World,
  ranking: Ranking,
  against: readonly (Verdict | undefined)[],
): Generator<[NodeInfo, Verdict], void, void> {
  for (let slot = 0; slot < slots.count; slot += 1) {
    const number = ranking.verdicts[slot] as number;
    if (number === NO_NODE) continue;
    const verdict = number === FITS ? against[slot] as Verdict : ranking.verdictOf(number);
    yield [slots.at(slot) as NodeInfo, verdict];
  }
}

/**
 * One sentence for people: how many nodes have each reason, reasons sorted as text. A node with several
 * reasons counts for each. Source of the form: kube-scheduler, FitError.
 */
export function summaryOf(
  { nodesTotal, refusal, tally }: Pick<Unschedulable, "nodesTotal" | "refusal" | "tally">,
): string {
  if (nodesTotal === 0) return "no nodes available to schedule pods";
  if (refusal !== undefined) return `0/${nodesTotal} nodes are available: ${refusal}.`;
  const counts = new Map<string, number>();
  for (const [{ reasons }, count] of tally) {
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + count);
  }
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodesTotal} nodes are available: ${parts.join(", ")}.`;
}
