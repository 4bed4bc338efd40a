/**
 * Sets of field paths in the form in which FieldsV1 has them: a tree of steps, whose nodes are in the set when
 * they are empty or hold `.`. The root is never in it: an empty root is the empty set.
 */
import { isDeeperThan, isJsonObject, JSON_DEPTH_MAX } from "../../types/json.ts";
import { canonicalStep, compareSteps, SELF } from "./path_element.ts";

export interface FieldSet {
  readonly [step: string]: FieldSet;
}

type Draft = Record<string, FieldSet>;

export const EMPTY: FieldSet = Object.freeze({});
/** A node that is in the set and has nothing below it. */
const LEAF: FieldSet = EMPTY;

export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Not for the root. */
export function isMember(node: FieldSet | undefined): boolean {
  return node !== undefined && (Object.hasOwn(node, SELF) || isEmpty(node));
}

/** @returns undefined when there is neither the node nor anything below it */
function nodeOf(isIn: boolean, below: Draft): FieldSet | undefined {
  if (isEmpty(below)) return isIn ? LEAF : undefined;
  return isIn ? { [SELF]: LEAF, ...below } : below;
}

/** Puts a path into a set that its maker has not given away yet. */
export function insert(set: FieldSet, path: readonly string[]): void {
  let node = set as Draft;
  for (let i = 0; i < path.length; i += 1) {
    const step = path[i]!;
    const isLast = i === path.length - 1;
    const next = node[step] as Draft | undefined;
    if (next === undefined) node = node[step] = {};
    else {
      const isLeaf = isEmpty(next);
      if (isLeaf !== isLast) next[SELF] = LEAF;
      node = next;
    }
  }
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  return combined(a, b, (inA, inB) => inA || inB);
}

/** Paths of `a` that are not in `b`; what is below a path of `b` stays. `a` itself where they share none. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return hasCommon(a, b) ? combined(a, b, (inA, inB) => inA && !inB) : a;
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return hasCommon(a, b) ? combined(a, b, (inA, inB) => inA && inB) : EMPTY;
}

/** True when a path is in both. It takes as long as the smaller one `b` is, and makes nothing. */
function hasCommon(a: FieldSet, b: FieldSet): boolean {
  for (const step in b) {
    const [inA, inB] = [a[step], b[step]!];
    if (step === SELF || inA === undefined) continue;
    if (isMember(inA) && isMember(inB) || hasCommon(inA, inB)) return true;
  }
  return false;
}

type Rule = (inA: boolean, inB: boolean) => boolean;

const combined = (a: FieldSet, b: FieldSet, rule: Rule): FieldSet => combinedBelow(a, b, rule);

function combinedBelow(a: FieldSet | undefined, b: FieldSet | undefined, rule: Rule): Draft {
  const below: Draft = {};
  for (const step in a) {
    const node = step === SELF ? undefined : combinedNode(a[step], b?.[step], rule);
    if (node !== undefined) below[step] = node;
  }
  for (const step in b) {
    if (step === SELF || a?.[step] !== undefined) continue;
    const node = combinedNode(undefined, b[step], rule);
    if (node !== undefined) below[step] = node;
  }
  return below;
}

function combinedNode(
  a: FieldSet | undefined,
  b: FieldSet | undefined,
  rule: Rule,
): FieldSet | undefined {
  return nodeOf(rule(isMember(a), isMember(b)), combinedBelow(a, b, rule));
}

/** With the node itself in the set wherever `isNamed` says so of one that has something below it. */
export function withMembers<Place>(
  set: FieldSet,
  place: Place,
  { isNamed, enter }: {
    isNamed(place: Place, step: string): boolean;
    enter(place: Place, step: string): Place;
  },
): FieldSet {
  const below: Draft = {};
  for (const step in set) {
    if (step === SELF) continue;
    const node = set[step]!;
    const inside = withMembers(node, enter(place, step), { isNamed, enter });
    const isIn = isMember(node) || isNamed(place, step);
    below[step] = nodeOf(isIn, inside as Draft) ?? LEAF;
  }
  return below;
}

/** Steps in the order of FieldsV1, so that equal sets are equal texts. */
export function sorted(set: FieldSet): FieldSet {
  const steps = Object.keys(set);
  if (steps.length === 0) return LEAF;
  const found: Draft = {};
  for (const step of steps.sort(compareSteps)) found[step] = sorted(set[step]!);
  return found;
}

/** Every path of the set: those of one node before those below it, each in order. */
export function* pathsOf(
  set: FieldSet,
  above: readonly string[] = [],
): Generator<readonly string[]> {
  const steps = Object.keys(set).filter((step) => step !== SELF).sort(compareSteps);
  for (const step of steps) if (isMember(set[step])) yield [...above, step];
  for (const step of steps) yield* pathsOf(set[step]!, [...above, step]);
}

/** What a client says is a FieldsV1. @returns undefined when it is none */
export function decodeFieldSet(json: unknown): FieldSet | undefined {
  if (isDeeperThan(JSON_DEPTH_MAX, json)) return undefined;
  return decodeNode(json);
}

function decodeNode(json: unknown): FieldSet | undefined {
  if (!isJsonObject(json)) return undefined;
  const node: Draft = {};
  for (const [said, below] of Object.entries(json)) {
    const step = canonicalStep(said);
    const inside = step === undefined ? undefined : decodeNode(below);
    if (step === undefined || inside === undefined) return undefined;
    node[step] = inside;
  }
  return node;
}
