import type { KubeObject, ManagedFieldsEntry } from "../../types/meta.ts";
import type { AnySchema } from "../../types/schema.ts";
import { isSameJson } from "../same_json.ts";
import { changedIn, compareObjects, type Comparison } from "./compare.ts";
import { difference, EMPTY, isEmpty, sorted, union } from "./field_set.ts";
import {
  capped,
  decodeEntries,
  entryOf,
  type Identity,
  inOrder,
  isReset,
  isSameManager,
  type Managed,
  storedEntries,
} from "./managers.ts";
import { shapeFields } from "./shapes.ts";

/** Entries of a new object: who creates it holds all that it says. */
export function managedAfterCreate(
  schema: AnySchema,
  object: KubeObject,
  identity: Identity,
  now: string,
): readonly Managed[] | undefined {
  const fields = shapeFields(schema, object);
  return isEmpty(fields) ? undefined : [entryOf(identity, fields, now)];
}

/** An update of `live` by `identity`. */
export interface Update {
  readonly live: KubeObject;
  readonly next: KubeObject;
  /** What the request says of managers; undefined when it says nothing. */
  readonly said: readonly ManagedFieldsEntry[] | undefined;
  readonly identity: Identity;
  readonly now: string;
}

/**
 * Entries after an update: who changes a field takes it from all others. The live object's list itself where
 * nothing changes. Objects that nobody was told of keep nobody.
 * Source: structured-merge-diff, merge/update.go; apimachinery, managedfields, fieldmanager.go
 */
export function managedAfterUpdate(
  schema: AnySchema,
  { live, next, said, identity, now }: Update,
): readonly ManagedFieldsEntry[] | undefined {
  const kept = live.metadata.managedFields;
  const entries = entriesBefore(kept, said);
  if (entries.length === 0) return kept === undefined || said !== undefined ? undefined : kept;
  const comparison = compareObjects(schema, live, next);
  const changed = changedIn(comparison);
  const isSame = isEmpty(changed) && isEmpty(comparison.removed);
  if (isSame) return entries === kept ? kept : inOrder(entries);
  const own = entries.find((entry) => isSameManager(entry, identity));
  const rest = withoutChanges(entries, comparison);
  if (isEmpty(changed)) return listOf(rest);
  const others = rest.filter((entry) => !isSameManager(entry, identity));
  const held = own === undefined ? EMPTY : difference(own.fieldsV1, comparison.removed);
  return listOf([...others, entryOf(identity, sorted(union(held, changed)), now)]);
}

const listOf = (entries: readonly Managed[]) =>
  entries.length === 0 ? undefined : inOrder(capped(entries));

/** Clients that know nothing of managers leave them out, and what can't be understood is not heard. */
function entriesBefore(
  kept: readonly ManagedFieldsEntry[] | undefined,
  said: readonly ManagedFieldsEntry[] | undefined,
): readonly Managed[] {
  const stored = storedEntries(kept);
  if (said === undefined || isSameJson(said, kept)) return stored;
  if (isReset(said)) return [];
  const decoded = decodeEntries(said);
  return decoded === undefined || decoded.length === 0 ? stored : decoded;
}

/** What changes or goes is nobody's any more. */
export function withoutChanges(
  entries: readonly Managed[],
  comparison: Comparison,
): readonly Managed[] {
  const lost = union(changedIn(comparison), comparison.removed);
  return entries.flatMap((entry) => {
    const fields = difference(entry.fieldsV1, lost);
    if (fields === entry.fieldsV1) return [entry];
    return isEmpty(fields) ? [] : [{ ...entry, fieldsV1: sorted(fields) }];
  });
}
