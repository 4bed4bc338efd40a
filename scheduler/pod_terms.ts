import type { Pod, PodAffinityTerm } from "../api/types/core_v1.ts";
import type { LabelSelector, LabelSelectorRequirement } from "../api/types/meta.ts";
import { type Labels, type Selector, selectorOf } from "../api/types/labels.ts";

/** Labels of namespaces, by name. */
export type NamespaceLabels = ReadonlyMap<string, Labels>;

/** Pods that a term means: those of some namespaces that a selector selects. */
export interface PodSet {
  /** Equal sets have equal keys. */
  readonly key: string;
  readonly namespaces: readonly string[];
  /** Namespaces that are meant by their labels, besides those that are named. */
  readonly namespaceSelector: Selector | undefined;
  readonly selector: Selector;
}

/** A term of affinity or anti-affinity: nodes with one value of the label count as one place. */
export interface Term {
  readonly pods: PodSet;
  readonly topologyKey: string;
}

export interface WeightedTerm extends Term {
  /** Negative for anti-affinity. */
  readonly weight: number;
}

/** What a pod wants of other pods' nearness. */
export interface PodTerms {
  readonly near: readonly Term[];
  readonly apart: readonly Term[];
  readonly preferred: readonly WeightedTerm[];
}

const NO_TERMS: PodTerms = { near: [], apart: [], preferred: [] };

export function termsOf(pod: Readonly<Pod>): PodTerms {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  if (podAffinity === undefined && podAntiAffinity === undefined) return NO_TERMS;
  const required = "requiredDuringSchedulingIgnoredDuringExecution";
  const preferred = "preferredDuringSchedulingIgnoredDuringExecution";
  const weighted = (sign: 1 | -1) =>
  (
    { weight, podAffinityTerm }: { weight: number; podAffinityTerm: PodAffinityTerm },
  ) => ({ ...termOf(podAffinityTerm, pod), weight: sign * weight });
  return {
    near: (podAffinity?.[required] ?? []).map((term) => termOf(term, pod)),
    apart: (podAntiAffinity?.[required] ?? []).map((term) => termOf(term, pod)),
    preferred: [
      ...(podAffinity?.[preferred] ?? []).map(weighted(1)),
      ...(podAntiAffinity?.[preferred] ?? []).map(weighted(-1)),
    ],
  };
}

function termOf(term: PodAffinityTerm, pod: Readonly<Pod>): Term {
  const { namespaces = [], namespaceSelector, matchLabelKeys, mismatchLabelKeys } = term;
  const own = [pod.metadata.namespace ?? ""];
  const isOwnAlone = namespaces.length === 0 && namespaceSelector === undefined;
  const selector = withKeys(term.labelSelector, pod, matchLabelKeys, mismatchLabelKeys);
  return {
    pods: podSetOf(isOwnAlone ? own : namespaces, selector, namespaceSelector),
    topologyKey: term.topologyKey,
  };
}

/** An absent selector means no pod. */
export function podSetOf(
  namespaces: readonly string[],
  labelSelector: LabelSelector | undefined,
  namespaceSelector?: LabelSelector,
): PodSet {
  const selector = selectorOf(labelSelector);
  const spaces = namespaceSelector && selectorOf(namespaceSelector);
  const key = [
    [...namespaces].sort().join(","),
    spaces === undefined ? "-" : `+${spaces}`,
    labelSelector === undefined ? "-" : `+${selector}`,
  ].join("|");
  return { key, namespaces, namespaceSelector: spaces, selector };
}

/** The pod's own values of `same` are required besides, and those of `other` refused. Absent labels ask nothing. */
export function withKeys(
  selector: LabelSelector | undefined,
  { metadata }: Readonly<Pod>,
  same: readonly string[] = [],
  other: readonly string[] = [],
): LabelSelector | undefined {
  if (selector === undefined || same.length + other.length === 0) return selector;
  const asks = (keys: readonly string[], operator: "In" | "NotIn"): LabelSelectorRequirement[] =>
    keys.flatMap((key) => {
      const value = metadata.labels?.[key];
      return value === undefined ? [] : [{ key, operator, values: [value] }];
    });
  const matchExpressions = [
    ...selector.matchExpressions ?? [],
    ...asks(same, "In"),
    ...asks(other, "NotIn"),
  ];
  return { ...selector, matchExpressions };
}

export function isInSet(
  { namespaces, namespaceSelector, selector }: PodSet,
  namespace: string,
  labels: Labels | undefined,
  spaces: NamespaceLabels,
): boolean {
  const isNamed = namespaces.includes(namespace) ||
    (namespaceSelector?.matches(spaces.get(namespace)) ?? false);
  return isNamed && selector.matches(labels);
}
