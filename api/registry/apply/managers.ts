import { isJsonObject } from "../../types/json.ts";
import type { ManagedFieldsEntry } from "../../types/meta.ts";
import { isSameJson } from "../same_json.ts";
import { compareSteps } from "./path_element.ts";
import { decodeFieldSet, EMPTY, type FieldSet, isEmpty, sorted, union } from "./field_set.ts";

/** Who holds which fields of an object, as `metadata.managedFields` says it. */
export interface Managed extends ManagedFieldsEntry {
  readonly fieldsV1: FieldSet;
}

/** Who writes. The same manager is another one when it applies, or through a subresource. */
export interface Identity {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource?: string;
}

/** Entries of updates kept apart. Source: apimachinery, managedfields, DefaultMaxUpdateManagers. */
const UPDATE_MANAGERS_MAX = 10;
/** Who holds what the oldest of them held. */
const ANCIENT = "ancient-changes";
/** Who holds what was there before anybody was told apart. */
export const BEFORE_FIRST_APPLY = "before-first-apply";

/** The version does not count for who applies: an apply at a new version replaces the one before. */
export function isSameManager(a: Managed | Identity, b: Managed | Identity): boolean {
  return a.manager === b.manager && a.operation === b.operation &&
    (a.subresource ?? "") === (b.subresource ?? "") &&
    (a.operation === "Apply" || a.apiVersion === b.apiVersion);
}

export function entryOf(identity: Identity, fieldsV1: FieldSet, time: string): Managed {
  const { manager, operation, apiVersion, subresource } = identity;
  return {
    manager,
    operation,
    apiVersion,
    time,
    fieldsType: "FieldsV1",
    fieldsV1,
    ...(subresource !== undefined && { subresource }),
  };
}

/** Entries of a stored object, which were checked when they came. */
export function storedEntries(entries: readonly ManagedFieldsEntry[] = []): readonly Managed[] {
  return entries as readonly Managed[];
}

/** Entries that a client sends. @returns undefined when they can't be understood, and are not to be used */
export function decodeEntries(
  entries: readonly ManagedFieldsEntry[],
): readonly Managed[] | undefined {
  const found: Managed[] = [];
  for (const entry of entries) {
    const { operation, fieldsType, apiVersion } = entry;
    const set = decodeFieldSet(entry.fieldsV1 ?? EMPTY);
    const isKnown = (operation === "Apply" || operation === "Update") &&
      fieldsType === "FieldsV1" && apiVersion !== undefined && set !== undefined;
    if (!isKnown) return undefined;
    if (!isEmpty(set)) found.push({ ...entry, fieldsV1: sorted(set) });
  }
  return found;
}

/** An empty list, or one empty entry, is the wish to forget everything. */
export function isReset(entries: readonly ManagedFieldsEntry[]): boolean {
  if (entries.length === 0) return true;
  const [first] = entries;
  return entries.length === 1 && isJsonObject(first) && Object.keys(first).length === 0;
}

/** Those who apply before those who update, each by time. Source: managedfields, sortEncodedManagedFields. */
export function inOrder(entries: readonly Managed[]): readonly Managed[] {
  return entries.toSorted((a, b) =>
    compareText(a.operation, b.operation) || compareText(a.time, b.time) ||
    compareText(a.manager, b.manager) || compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

const compareText = (a = "", b = "") => compareSteps(`f:${a}`, `f:${b}`);

/** The oldest updates become one entry for each version when there are too many. Source: capmanagers.go. */
export function capped(entries: readonly Managed[]): readonly Managed[] {
  const updates = entries.filter(({ operation }) => operation === "Update");
  let excess = updates.length - UPDATE_MANAGERS_MAX;
  if (excess <= 0) return entries;
  let kept = [...entries];
  const buckets = new Map<string | undefined, Managed>();
  for (const entry of inOrder(updates)) {
    if (excess === 0) break;
    const { apiVersion } = entry;
    const first = buckets.get(apiVersion);
    if (first === undefined) {
      buckets.set(apiVersion, entry);
      continue;
    }
    const bucket = folded(first, entry);
    kept = [...kept.filter((one) => one !== first && one !== entry), bucket];
    buckets.set(apiVersion, bucket);
    excess -= 1;
  }
  return kept;
}

function folded(first: Managed, entry: Managed): Managed {
  const { apiVersion = "", time = "" } = entry;
  const identity: Identity = { manager: ANCIENT, operation: "Update", apiVersion };
  return entryOf(identity, sorted(union(first.fieldsV1, entry.fieldsV1)), time);
}

/** The same managers with the same fields, whenever they wrote. */
export function isSameButTimes(
  a: readonly ManagedFieldsEntry[] = [],
  b: readonly ManagedFieldsEntry[] = [],
): boolean {
  const timeless = ({ time: _, ...entry }: ManagedFieldsEntry) => entry;
  return a === b || isSameJson(a.map(timeless), b.map(timeless));
}
