import type { Random } from "../api/types/ambient.ts";
import type { PodDisruptionBudget } from "../api/types/policy_v1.ts";
import { verdictBesideNominated } from "./beside_nominated.ts";
import { partByBudgets } from "./budgets.ts";
import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";
import type { Policy } from "./policy.ts";
import { verdictOn } from "./ranking.ts";
import type { Unschedulable } from "./schedule.ts";
import type { World } from "./world.ts";

/** Pods that go from one node so that a more important one can run there. */
export interface Preemption {
  readonly nodeName: string;
  readonly victims: readonly PodInfo[];
  /** How many of them break a budget. */
  readonly violations: number;
}

export interface PreemptionOptions {
  readonly world: World;
  readonly policy: Policy;
  readonly budgets: readonly Readonly<PodDisruptionBudget>[];
  readonly random: Random;
}

/** Source of the texts and the limits: kube-scheduler, preemption and defaultpreemption. */
const NOT_HELPFUL = "Preemption is not helpful for scheduling";
const NO_VICTIMS = "No preemption victims found for incoming pod";
const CANDIDATES_MIN = 100;
const CANDIDATES_SHARE = 0.1;

/** What of a node would make room with the least harm, or in words why nothing can be done. */
export function planPreemption(
  pod: PodInfo,
  why: Unschedulable,
  options: PreemptionOptions,
): Preemption | string {
  const refusal = whyNotEligible(pod, options.world);
  if (refusal !== undefined) return `preemption: ${refusal}`;
  const counts = new Map<string, number>();
  const note = (reason: string, by = 1) => counts.set(reason, (counts.get(reason) ?? 0) + by);
  const isAnyLower = hasLower(options.world.priorities, pod.priority);
  let hopeful = 0;
  for (const [{ mayHelpToEvict }, count] of why.tally) {
    if (mayHelpToEvict) hopeful += count;
    else note(NOT_HELPFUL, count);
  }
  if (why.refusal !== undefined) note(NOT_HELPFUL, why.nodesTotal);
  if (hopeful > 0 && !isAnyLower) note(NO_VICTIMS, hopeful);
  const candidates = hopeful > 0 && isAnyLower ? candidatesFor(pod, why, options, note) : [];
  return leastHarm(candidates) ?? `preemption: ${saidOf(why.nodesTotal, counts)}`;
}

function whyNotEligible({ uid, pod, priority }: PodInfo, world: World): string | undefined {
  if (pod.spec.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never.";
  const nodeName = world.nominated.nodeOf(uid) ?? "";
  for (const other of world.nodeNamed(nodeName)?.pods.values() ?? []) {
    if (other.priority < priority && other.pod.metadata.deletionTimestamp !== undefined) {
      return "not eligible due to a terminating pod on the nominated node.";
    }
  }
  return undefined;
}

function hasLower(priorities: ReadonlyMap<number, number>, priority: number): boolean {
  for (const other of priorities.keys()) if (other < priority) return true;
  return false;
}

function saidOf(nodesTotal: number, counts: ReadonlyMap<string, number>): string {
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodesTotal} nodes are available: ${parts.join(", ")}.`;
}

/** Begins with a random node, and ends when it has found enough: looking at each of many is not worth the time. */
function candidatesFor(
  pod: PodInfo,
  why: Unschedulable,
  options: PreemptionOptions,
  note: (reason: string) => void,
): Preemption[] {
  const nodes: NodeInfo[] = [];
  for (const [node, { mayHelpToEvict }] of why.verdicts()) if (mayHelpToEvict) nodes.push(node);
  const enough = Math.max(CANDIDATES_MIN, Math.floor(nodes.length * CANDIDATES_SHARE));
  const first = Math.floor(options.random() * nodes.length);
  const found: Preemption[] = [];
  for (let i = 0; i < nodes.length && found.length < enough; i += 1) {
    const node = nodes[(first + i) % nodes.length] as NodeInfo;
    const plan = tryOn(pod, node, options);
    if (typeof plan === "string") note(plan);
    else found.push(plan);
  }
  return found;
}

/** Takes away everything that is less important, then gives back what may stay. */
function tryOn(pod: PodInfo, node: NodeInfo, options: PreemptionOptions): Preemption | string {
  const lower = [...node.pods.values()].filter(({ priority }) => priority < pod.priority);
  if (lower.length === 0) return NO_VICTIMS;
  const { world } = options;
  const away = (info: PodInfo) => {
    node.removePod(info.uid);
    world.counts.count(info, node.slot, -1);
  };
  const back = (info: PodInfo) => {
    node.addPod(info);
    world.counts.count(info, node.slot, 1);
  };
  lower.forEach(away);
  const victims: PodInfo[] = [];
  try {
    const against = reasonAgainst(pod, node, options);
    if (against !== undefined) return against;
    const { breaking, free } = partByBudgets(lower.sort(importantFirst), options.budgets);
    let violations = 0;
    for (const info of [...breaking, ...free]) {
      back(info);
      if (reasonAgainst(pod, node, options) === undefined) continue;
      away(info);
      victims.push(info);
      if (breaking.includes(info)) violations += 1;
    }
    return { nodeName: node.name, victims, violations };
  } finally {
    for (const info of lower) if (!node.pods.has(info.uid)) back(info);
  }
}

function reasonAgainst(
  pod: PodInfo,
  node: NodeInfo,
  { world, policy }: PreemptionOptions,
): string | undefined {
  const verdict = verdictOn(pod, node, world, policy);
  if (verdict !== undefined) return verdict.reasons[0];
  for (const { among } of policy.predicates) {
    const check = among?.(pod, world);
    if (check === undefined) continue;
    if (typeof check !== "function") return check.refusal;
    const [reason] = check(node);
    if (reason !== undefined) return reason;
  }
  // two that are made room for at one place would wait for each other for ever
  return verdictBesideNominated(pod, node, world, policy)?.reasons[0];
}

/** Of equals the one that has run longer. */
function importantFirst(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || (startOf(a) < startOf(b) ? -1 : 1);
}

/** One that has not started is the latest. */
const startOf = ({ pod }: PodInfo) => pod.status?.startTime ?? "~";

/** Numbers that say how much harm a plan does, the most important first; less is better. */
function harmOf({ victims, violations }: Preemption): number[] {
  const highest = Math.max(-Infinity, ...victims.map(({ priority }) => priority));
  const sum = victims.reduce((total, { priority }) => total + priority + 2 ** 31, 0);
  return [violations, highest, sum, victims.length];
}

/** Fewest broken budgets, lowest highest priority, lowest sum, fewest victims, latest start of the highest. */
function leastHarm(plans: readonly Preemption[]): Preemption | undefined {
  return plans.reduce<Preemption | undefined>((best, plan) => {
    if (best === undefined) return plan;
    const [harm, least] = [harmOf(plan), harmOf(best)];
    const place = harm.findIndex((value, index) => value !== least[index]);
    if (place >= 0) return harm[place]! < least[place]! ? plan : best;
    return earliestStart(plan) > earliestStart(best) ? plan : best;
  }, undefined);
}

function earliestStart({ victims }: Preemption): string {
  const highest = Math.max(...victims.map(({ priority }) => priority));
  return victims.filter(({ priority }) => priority === highest).map(startOf).sort()[0] ?? "";
}
