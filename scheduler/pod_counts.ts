import type { Labels } from "../api/types/labels.ts";
import type { PodInfo } from "./pod_info.ts";
import { isInSet, type PodSet, type Term } from "./pod_terms.ts";
import { SlotCounts } from "./slot_counts.ts";

/** Sets of pods that are counted all the time; the one that was asked for longest ago is forgotten. */
const SETS_MAX = 1_024;

/** Pods of one namespace with the same labels: whatever is asked of one holds for all. */
interface Group {
  readonly namespace: string;
  readonly labels: Labels | undefined;
  readonly isEnding: boolean;
  readonly bySlot: Map<number, number>;
  readonly counted: Set<Counted>;
}

interface Counted {
  /** A pod must be in every one. */
  readonly sets: readonly PodSet[];
  readonly countsEnding: boolean;
  counts: SlotCounts;
}

/** A term that placed pods hold, which concerns pods that come. */
export interface Held {
  readonly term: Term;
  /** 0: the term refuses; else how much a pod that it means is liked nearby. */
  readonly weight: number;
  /** Pods that hold it. */
  readonly counts: SlotCounts;
}

/** Source: kube-scheduler, DefaultHardPodAffinityWeight: a pod that must be near another is liked by that one too. */
const NEAR_WEIGHT = 1;

/** Counts, for each set of pods that somebody asks for, its pods on each node; and who holds which term where. */
export class PodCounts {
  readonly #groups = new Map<string, Group>();
  readonly #counted = new Map<string, Counted>();
  readonly #held = new Map<string, Held>();
  readonly #namespaces = new Map<string, Labels>();

  /** @param by 1: the pod is there; -1: it has gone */
  count(pod: PodInfo, slot: number, by: 1 | -1): void {
    if (slot < 0) return;
    const group = this.#groupOf(pod);
    const left = (group.bySlot.get(slot) ?? 0) + by;
    if (left === 0) group.bySlot.delete(slot);
    else group.bySlot.set(slot, left);
    for (const { counts } of group.counted) counts.add(slot, by);
    if (group.bySlot.size === 0) this.#groups.delete(pod.groupKey);
    this.#countHeld(pod, slot, by);
  }

  /** Pods that are in every one of the sets, by slot. */
  of(sets: readonly PodSet[], countsEnding = true): SlotCounts {
    const key = `${countsEnding} ${sets.map(({ key }) => key).join(" & ")}`;
    const known = this.#counted.get(key);
    if (known !== undefined) {
      this.#counted.delete(key);
      this.#counted.set(key, known);
      return known.counts;
    }
    const counted = { sets, countsEnding, counts: new SlotCounts() };
    for (const group of this.#groups.values()) this.#enter(group, counted);
    this.#counted.set(key, counted);
    if (this.#counted.size > SETS_MAX) this.#forgetOldest();
    return counted.counts;
  }

  get held(): Iterable<Held> {
    return this.#held.values();
  }

  means({ pods }: Term, { pod }: PodInfo): boolean {
    const { namespace = "", labels } = pod.metadata;
    return isInSet(pods, namespace, labels, this.#namespaces);
  }

  /** @param labels undefined: it has gone */
  setNamespace(name: string, labels: Labels | undefined): void {
    if (labels === undefined) this.#namespaces.delete(name);
    else this.#namespaces.set(name, labels);
    for (const [key, counted] of this.#counted) {
      if (counted.sets.some(({ namespaceSelector }) => namespaceSelector !== undefined)) {
        this.#forget(key, counted);
      }
    }
  }

  #groupOf({ groupKey, pod: { metadata } }: PodInfo): Group {
    const known = this.#groups.get(groupKey);
    if (known !== undefined) return known;
    const group: Group = {
      namespace: metadata.namespace ?? "",
      labels: metadata.labels,
      isEnding: metadata.deletionTimestamp !== undefined,
      bySlot: new Map(),
      counted: new Set(),
    };
    this.#groups.set(groupKey, group);
    for (const counted of this.#counted.values()) this.#enter(group, counted);
    return group;
  }

  #enter(group: Group, counted: Counted): void {
    const { namespace, labels, isEnding } = group;
    if (isEnding && !counted.countsEnding) return;
    if (!counted.sets.every((set) => isInSet(set, namespace, labels, this.#namespaces))) return;
    group.counted.add(counted);
    for (const [slot, count] of group.bySlot) counted.counts.add(slot, count);
  }

  #countHeld({ terms }: PodInfo, slot: number, by: 1 | -1): void {
    for (const term of terms.apart) this.#hold(term, 0, slot, by);
    for (const term of terms.near) this.#hold(term, NEAR_WEIGHT, slot, by);
    for (const term of terms.preferred) this.#hold(term, term.weight, slot, by);
  }

  #hold(term: Term, weight: number, slot: number, by: 1 | -1): void {
    const key = `${weight} ${term.topologyKey} ${term.pods.key}`;
    const held = this.#held.get(key) ?? { term, weight, counts: new SlotCounts() };
    held.counts.add(slot, by);
    if (held.counts.total === 0) this.#held.delete(key);
    else this.#held.set(key, held);
  }

  #forgetOldest(): void {
    for (const [key, counted] of this.#counted) return this.#forget(key, counted);
  }

  #forget(key: string, counted: Counted): void {
    this.#counted.delete(key);
    for (const group of this.#groups.values()) group.counted.delete(counted);
  }
}
