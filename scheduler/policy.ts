import {
  fitsDisks,
  fitsHostName,
  fitsHostPorts,
  fitsNodeSelector,
  fitsResources,
  type Predicate,
} from "./predicates.ts";
import {
  prefersBalancedResources,
  prefersLeastRequested,
  prefersNone,
  prefersServiceSpread,
  type Priority,
} from "./priorities.ts";

export interface NamedPredicate {
  readonly name: string;
  readonly fits: Predicate;
}

export interface WeightedPriority {
  readonly name: string;
  /** 0 leaves it out. */
  readonly weight: number;
  readonly prefers: Priority;
}

/** What decides where pods run, on top of what always holds. */
export interface Policy {
  readonly predicates: readonly NamedPredicate[];
  readonly priorities: readonly WeightedPriority[];
}

/** The names under which a policy file asks for predicates without an argument. */
export const PREDICATES: Readonly<Record<string, Predicate>> = {
  PodFitsPorts: fitsHostPorts,
  PodFitsResources: fitsResources,
  NoDiskConflict: fitsDisks,
  MatchNodeSelector: fitsNodeSelector,
  HostName: fitsHostName,
};

/** The names under which a policy file asks for priorities without an argument. */
export const PRIORITIES: Readonly<Record<string, Priority>> = {
  LeastRequestedPriority: prefersLeastRequested,
  ServiceSpreadingPriority: prefersServiceSpread,
  BalancedResourceAllocation: prefersBalancedResources,
  EqualPriority: prefersNone,
};

export const DEFAULT_POLICY: Policy = {
  predicates: Object.entries(PREDICATES).map(([name, fits]) => ({ name, fits })),
  priorities: Object.entries(PRIORITIES)
    .filter(([name]) => name !== "EqualPriority")
    .map(([name, prefers]) => ({ name, weight: 1, prefers })),
};

/** The policy in the form of a policy file, arguments left out: what the scheduler answers when asked for it. */
export function describePolicy({ predicates, priorities }: Policy) {
  return {
    kind: "Policy",
    apiVersion: "v1",
    predicates: predicates.map(({ name }) => ({ name })),
    priorities: priorities.map(({ name, weight }) => ({ name, weight })),
  };
}
