/** Label selectors: what they mean, and their text form `a=b,c in (d,e),!f`. The parser is label_parser.ts. */
import type { LabelSelector, LabelSelectorRequirement } from "./meta.ts";
import { INTEGER, parseRequirements, type Requirement } from "./label_parser.ts";

export type Labels = Readonly<Record<string, string>>;

/** A selector that is ready to match. */
export interface Selector {
  readonly requirements: readonly Requirement[];
  /** True when every object matches. */
  readonly isEmpty: boolean;
  matches(labels: Labels | undefined): boolean;
  /** Equal selectors have equal text, whatever the order they were written in. */
  toString(): string;
}

/** Matches every object. */
export const EVERYTHING: Selector = selectorFrom([]);

/** Matches no object. */
export const NOTHING: Selector = {
  requirements: [],
  isEmpty: false,
  matches: () => false,
  toString: () => "",
};

/**
 * Reads the text of `?labelSelector=`; the empty text matches everything.
 * @throws {StatusError} BadRequest, in Kubernetes's words
 */
export function parseLabelSelector(text: string): Selector {
  return text === "" ? EVERYTHING : selectorFrom(parseRequirements(text));
}

/** An absent selector matches nothing, an empty one everything. An unknown operator matches nothing. */
export function selectorOf(selector: LabelSelector | undefined): Selector {
  if (selector === undefined) return NOTHING;
  const pairs = Object.entries(selector.matchLabels ?? {}).map(([key, value]) =>
    equals(key, value)
  );
  return selectorFrom([...pairs, ...(selector.matchExpressions ?? []).map(requirementOf)]);
}

/** True when `labels` has every pair of `wanted`. An empty map is in everything. */
export function matchesLabels(wanted: Labels, labels: Labels | undefined): boolean {
  for (const key in wanted) if (labels?.[key] !== wanted[key]) return false;
  return true;
}

/** As `matchesLabels`, with a text form for lists and watches. */
export function selectorOfMap(wanted: Labels): Selector {
  return selectorFrom(Object.entries(wanted).map(([key, value]) => equals(key, value)));
}

const equals = (key: string, value: string): Requirement => ({
  key,
  operator: "=",
  values: [value],
});

const OPERATORS = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "!" } as const;

function requirementOf({ key, operator, values }: LabelSelectorRequirement): Requirement {
  return { key, operator: OPERATORS[operator], values: values ?? [] };
}

function selectorFrom(requirements: readonly Requirement[]): Selector {
  const tests = requirements.map(testOf);
  const sorted = requirements.toSorted((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
  return {
    requirements,
    isEmpty: requirements.length === 0,
    matches(labels = NO_LABELS) {
      for (let i = 0; i < tests.length; i++) if (!tests[i]!(labels)) return false;
      return true;
    },
    toString: () => sorted.map(textOf).join(","),
  };
}

const NO_LABELS: Labels = {};

/** `!=` and `notin` match objects without the label; `>` and `<` only integers. */
function testOf({ key, operator, values }: Requirement): (labels: Labels) => boolean {
  const [value = ""] = values;
  const set = new Set(values);
  switch (operator) {
    case "=":
    case "==":
      return (labels) => valueOf(labels, key) === value;
    case "!=":
      return (labels) => valueOf(labels, key) !== value;
    case "in":
      return (labels) => set.has(valueOf(labels, key)!);
    case "notin":
      return (labels) => !set.has(valueOf(labels, key)!);
    case "exists":
      return (labels) => valueOf(labels, key) !== undefined;
    case "!":
      return (labels) => valueOf(labels, key) === undefined;
    case ">":
      return (labels) => compare(valueOf(labels, key), value) > 0;
    case "<":
      return (labels) => compare(valueOf(labels, key), value) < 0;
    default:
      return () => false;
  }
}

/** Own labels alone: `toString` is a label only where somebody set it. */
function valueOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

/** NaN, which is neither less nor more, when the label is absent or no integer. */
function compare(label: string | undefined, value: string): number {
  if (!isInteger(label) || !isInteger(value)) return NaN;
  const [left, right] = [BigInt(label), BigInt(value)];
  return left < right ? -1 : left > right ? 1 : 0;
}

const isInteger = (text: string | undefined): text is string =>
  text !== undefined && INTEGER.test(text);

function textOf({ key, operator, values }: Requirement): string {
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${values.toSorted().join(",")})`;
    default:
      return `${key}${operator}${values[0]}`;
  }
}
