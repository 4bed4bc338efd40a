import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";
import type { Term } from "./pod_terms.ts";
import type { NodeCheck } from "./predicates.ts";
import { SCORE_MAX } from "./priorities.ts";
import type { SlotCounts } from "./slot_counts.ts";
import type { World } from "./world.ts";

const NOT_NEAR = "node(s) didn't match pod affinity rules";
const NOT_APART = "node(s) didn't match pod anti-affinity rules";
const REFUSED_BY_OTHERS = "node(s) didn't satisfy existing pods anti-affinity rules";

/** Marks domains by number. */
type Marks = Uint8Array;

interface Places {
  readonly domains: Int32Array;
  readonly marks: Marks;
}

/**
 * Predicate MatchInterPodAffinity: near the pods that it must be near, apart from those that it must be apart
 * from, and from those that must be apart from it. @returns undefined when nobody wants anything
 */
export function fitsPodAffinity(pod: PodInfo, world: World): NodeCheck | undefined {
  const refusing = refusedPlaces(pod, world);
  const apart = placesOfEach(pod.terms.apart, world);
  const near = nearPlaces(pod, world);
  if (refusing.length + apart.length + near.length === 0) return undefined;
  return ({ slot }) => {
    const reasons: string[] = [];
    if (!near.every((places) => isMarked(places, slot))) reasons.push(NOT_NEAR);
    if (apart.some((places) => isMarked(places, slot))) reasons.push(NOT_APART);
    if (refusing.some((places) => isMarked(places, slot))) reasons.push(REFUSED_BY_OTHERS);
    return reasons;
  };
}

function isMarked({ domains, marks }: Places, slot: number): boolean {
  const domain = domains[slot] ?? -1;
  return domain >= 0 && marks[domain] === 1;
}

function placesWith(topologyKey: string, counts: SlotCounts, world: World): Places {
  const { domains, count } = world.slots.topologyOf(topologyKey);
  const marks = new Uint8Array(count);
  const { bySlot } = counts;
  const end = Math.min(domains.length, bySlot.length);
  for (let slot = 0; slot < end; slot += 1) {
    const domain = domains[slot] as number;
    if (bySlot[slot] !== 0 && domain >= 0) marks[domain] = 1;
  }
  return { domains, marks };
}

function placesOfEach(terms: readonly Term[], world: World): Places[] {
  return terms.map(({ pods, topologyKey }) =>
    placesWith(topologyKey, world.counts.of([pods]), world)
  );
}

/** A pod that nobody of its kind is there for yet may begin anywhere that has the labels. */
function nearPlaces(pod: PodInfo, world: World): Places[] {
  const { near } = pod.terms;
  if (near.length === 0) return [];
  const counts = world.counts.of(near.map(({ pods }) => pods));
  const isFirst = counts.total === 0 && near.every((term) => world.counts.means(term, pod));
  return near.map(({ topologyKey }) => {
    const places = placesWith(topologyKey, counts, world);
    if (isFirst) places.marks.fill(1);
    return places;
  });
}

function refusedPlaces(pod: PodInfo, world: World): Places[] {
  const places: Places[] = [];
  for (const { term, weight, counts } of world.counts.held) {
    if (weight !== 0 || !world.counts.means(term, pod)) continue;
    places.push(placesWith(term.topologyKey, counts, world));
  }
  return places;
}

/**
 * Priority InterPodAffinityPriority: the sum of the weights of all terms that hold on the node, the pod's own and
 * those of the pods there that mean it; the least is 0 and the most `SCORE_MAX`.
 */
export function prefersPodAffinity(
  pod: PodInfo,
  world: World,
): ((nodes: readonly NodeInfo[]) => number[]) | undefined {
  const sums = new Map<string, Float64Array>();
  for (const { pods, topologyKey, weight } of pod.terms.preferred) {
    addWeights(sums, topologyKey, world.counts.of([pods]), weight, world);
  }
  for (const { term, weight, counts } of world.counts.held) {
    if (weight === 0 || !world.counts.means(term, pod)) continue;
    addWeights(sums, term.topologyKey, counts, weight, world);
  }
  if (sums.size === 0) return undefined;
  return (nodes) => scaledBetween(nodes.map(({ slot }) => sumAt(sums, slot, world)));
}

function addWeights(
  sums: Map<string, Float64Array>,
  topologyKey: string,
  { bySlot }: SlotCounts,
  weight: number,
  world: World,
): void {
  const { domains, count } = world.slots.topologyOf(topologyKey);
  let sum = sums.get(topologyKey);
  if (sum === undefined) sums.set(topologyKey, sum = new Float64Array(count));
  const end = Math.min(domains.length, bySlot.length);
  for (let slot = 0; slot < end; slot += 1) {
    const domain = domains[slot] as number;
    const there = bySlot[slot] as number;
    if (there !== 0 && domain >= 0) sum[domain] = (sum[domain] as number) + weight * there;
  }
}

function sumAt(sums: ReadonlyMap<string, Float64Array>, slot: number, world: World): number {
  let total = 0;
  for (const [topologyKey, sum] of sums) {
    const domain = world.slots.topologyOf(topologyKey).domains[slot] ?? -1;
    if (domain >= 0) total += sum[domain] as number;
  }
  return total;
}

function scaledBetween(sums: readonly number[]): number[] {
  let [least, most] = [Infinity, -Infinity];
  for (const sum of sums) {
    if (sum < least) least = sum;
    if (sum > most) most = sum;
  }
  if (most === least) return sums.map(() => 0);
  return sums.map((sum) => Math.floor((SCORE_MAX * (sum - least)) / (most - least)));
}
