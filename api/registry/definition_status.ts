import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
} from "../types/apiextensions_v1.ts";
import { isSameJson } from "./same_json.ts";

type Definition = CustomResourceDefinition;
type Condition = CustomResourceDefinitionCondition;
type Names = CustomResourceDefinitionNames;

/** Holds a definition until the last of its objects is gone. */
export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

/** Names in a group that somebody has already. */
export type TakenNames = Pick<Names, "plural" | "singular" | "kind" | "listKind" | "shortNames">;

function isConditionTrue({ status }: Definition, type: string): boolean {
  return status?.conditions?.some((one) => one.type === type && one.status === "True") ?? false;
}

export function isEstablished(definition: Definition): boolean {
  return isConditionTrue(definition, "Established");
}

export function isTerminating({ metadata }: Definition): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/**
 * The status that follows from the names that others of the group have: which are accepted, and whether objects
 * are served.
 * Source: apiextensions-apiserver, pkg/controller/status/naming_controller.go
 */
export function withNamesStatus(
  definition: Definition,
  others: readonly TakenNames[],
  now: string,
): Definition {
  const { names, versions } = definition.spec;
  const conflict = conflictOf(names, others);
  const before = definition.status;
  const storage = versions.find(({ storage }) => storage)?.name ?? "";
  const stored = new Set([...before?.storedVersions ?? [], storage]);
  const wasEstablished = isEstablished(definition);
  const changed = [namesCondition(conflict), establishedCondition(conflict, wasEstablished)];
  const status = {
    ...before,
    acceptedNames: conflict === undefined
      ? names
      : before?.acceptedNames ?? { plural: "", kind: "" },
    conditions: withConditions(before?.conditions ?? [], changed, now),
    storedVersions: [...stored],
  };
  return isSameJson(status, before) ? definition : { ...definition, status };
}

/** @returns the conditions with new ones in the place of those of the same type */
export function withConditions(
  have: readonly Condition[],
  wanted: readonly Condition[],
  now: string,
): Condition[] {
  const timed = wanted.map((condition): Condition => {
    const before = have.find(({ type }) => type === condition.type);
    const { lastTransitionTime = now } = before?.status === condition.status ? before : {};
    return { lastTransitionTime, ...condition };
  });
  const isNew = ({ type }: Condition) => !have.some((one) => one.type === type);
  const kept = have.map((one) => timed.find(({ type }) => type === one.type) ?? one);
  return [...kept, ...timed.filter(isNew)];
}

interface Conflict {
  readonly reason: string;
  readonly message: string;
}

function conflictOf(names: Names, others: readonly TakenNames[]): Conflict | undefined {
  const words = new Set(
    others.flatMap((
      { plural, singular = "", shortNames = [] },
    ) => [plural, singular, ...shortNames]),
  );
  const kinds = new Set(others.flatMap(({ kind, listKind = "" }) => [kind, listKind]));
  const isTaken = (taken: ReadonlySet<string>, reason: string) => (name: string | undefined) =>
    name && taken.has(name)
      ? [{ reason, message: `${JSON.stringify(name)} is already in use` }]
      : [];
  const found: Conflict[] = [
    ...isTaken(words, "PluralConflict")(names.plural),
    ...isTaken(words, "SingularConflict")(names.singular),
    ...(names.shortNames ?? []).flatMap(isTaken(words, "ShortNamesConflict")),
    ...isTaken(kinds, "KindConflict")(names.kind),
    ...isTaken(kinds, "ListKindConflict")(names.listKind),
  ];
  return found[0];
}

function namesCondition(conflict: Conflict | undefined): Condition {
  if (conflict !== undefined) return { type: "NamesAccepted", status: "False", ...conflict };
  return {
    type: "NamesAccepted",
    status: "True",
    reason: "NoConflicts",
    message: "no conflicts found",
  };
}

/** What was served once goes on being served. */
function establishedCondition(conflict: Conflict | undefined, was: boolean): Condition {
  if (conflict !== undefined && !was) {
    return {
      type: "Established",
      status: "False",
      reason: "NotAccepted",
      message: "not all names are accepted",
    };
  }
  return {
    type: "Established",
    status: "True",
    reason: "InitialNamesAccepted",
    message: "the initial names have been accepted",
  };
}

export function withTerminating(definition: Definition, now: string): Definition {
  const wanted: Condition = {
    type: "Terminating",
    status: "True",
    reason: "InstanceDeletionPending",
    message:
      "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
  };
  const conditions = withConditions(definition.status?.conditions ?? [], [wanted], now);
  return { ...definition, status: { ...definition.status, conditions } };
}
