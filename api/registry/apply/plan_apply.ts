import type { JsonObject } from "../../types/json.ts";
import type { KubeObject, ManagedFieldsEntry } from "../../types/meta.ts";
import type { AnySchema } from "../../types/schema.ts";
import { isSameJson } from "../same_json.ts";
import { changedIn, compareObjects, UNOWNED } from "./compare.ts";
import { type Conflict, conflictError, conflictsWith } from "./conflicts.ts";
import {
  difference,
  EMPTY,
  type FieldSet,
  intersection,
  isEmpty,
  sorted,
  union,
} from "./field_set.ts";
import { allFieldsOf, fieldsOf, withNamedMembers } from "./fields_of.ts";
import { KUBECTL, lastAppliedFields, withLastApplied } from "./last_applied.ts";
import {
  BEFORE_FIRST_APPLY,
  entryOf,
  type Identity,
  inOrder,
  isSameManager,
  type Managed,
  storedEntries,
} from "./managers.ts";
import { mergeApplied } from "./merge.ts";
import { removeFields } from "./remove_fields.ts";
import { managedAfterCreate, withoutChanges } from "./track_update.ts";

/** A configuration that somebody applies. */
export interface Application {
  /** What it says, in canonical values, without what belongs to nobody or to another path. */
  readonly config: JsonObject;
  readonly identity: Identity;
  /** Takes fields that others hold at another value. */
  readonly isForced: boolean;
  readonly now: string;
}

export interface Applied {
  /** Not yet decoded: shares parts with the live object and the configuration. */
  readonly object: JsonObject;
  readonly managedFields: readonly ManagedFieldsEntry[];
}

/** Entries of an object that is created by applying it. */
export function managedAfterFirstApply(
  schema: AnySchema,
  { config, identity, now }: Application,
): readonly Managed[] {
  const fields = fieldsOf(schema, config);
  return isEmpty(fields) ? [] : [entryOf(identity, sorted(fields), now)];
}

/**
 * The live object with the configuration laid over it, without what the same manager applied before, says no
 * more, and nobody else holds.
 * @throws {StatusError} Conflict, with every field that another manager holds at another value
 * Source: structured-merge-diff, merge/update.go
 */
export function planApply(schema: AnySchema, live: KubeObject, application: Application): Applied {
  const { config, identity, isForced, now } = application;
  const { managedFields: kept, ...metadata } = live.metadata;
  const bare: KubeObject = { ...live, metadata };
  const before = kept?.length ? storedEntries(kept) : firstEntries(schema, bare, application);
  const own = before.find((entry) => isSameManager(entry, identity));
  const fields = sorted(fieldsOf(schema, config));
  const others = before.filter((entry) => entry !== own);
  const merged = mergeApplied(schema, bare, config);
  const held = [UNOWNED, fields, ...others.map(({ fieldsV1 }) => fieldsV1)].reduce(union);
  const left = pruned(schema, merged, { last: own?.fieldsV1 ?? EMPTY, held });
  // What loses all it had goes, also where the configuration wants it empty: once more, and it is there.
  const next = mergeApplied(schema, left, config) as JsonObject;
  const comparison = compareObjects(schema, bare, next);
  if (!isForced) {
    rejectConflicts(schema, bare, identity, conflictsWith(others, identity, changedIn(comparison)));
  }
  const isChanged = !isEmpty(changedIn(comparison)) || !isEmpty(comparison.removed) ||
    !isSameJson(own?.fieldsV1, fields) || own?.apiVersion !== identity.apiVersion;
  const entry = entryOf(identity, fields, isChanged ? now : own?.time ?? now);
  const rest = withoutChanges(others, comparison);
  const isKubectl = identity.manager === KUBECTL && identity.subresource === undefined;
  return {
    object: isKubectl ? withLastApplied(next, config) : next,
    managedFields: inOrder(isEmpty(fields) ? rest : [...rest, entry]),
  };
}

/** What was there before anybody was told apart is held by a manager of that name. */
function firstEntries(
  schema: AnySchema,
  live: KubeObject,
  { identity: { apiVersion }, now }: Application,
): readonly Managed[] {
  const identity: Identity = { manager: BEFORE_FIRST_APPLY, operation: "Update", apiVersion };
  return managedAfterCreate(schema, live, identity, now) ?? [];
}

function rejectConflicts(
  schema: AnySchema,
  live: KubeObject,
  { manager }: Identity,
  conflicts: readonly Conflict[],
): void {
  if (conflicts.length === 0) return;
  const allowed = manager === KUBECTL ? lastAppliedFields(schema, live) : EMPTY;
  const left = conflicts.flatMap(({ entry, fields }) => {
    const rest = difference(fields, allowed);
    return isEmpty(rest) ? [] : [{ entry, fields: rest }];
  });
  if (left.length > 0) throw conflictError(left);
}

/**
 * Without what `last` names and nothing of `held` needs. First all of `last` goes, with what is below; then comes
 * back what somebody holds, and what `last` did not name itself.
 */
function pruned(
  schema: AnySchema,
  merged: unknown,
  { last, held }: { last: FieldSet; held: FieldSet },
): unknown {
  if (isEmpty(last)) return merged;
  const named = (set: FieldSet) => withNamedMembers(schema, set);
  const all = named(allFieldsOf(schema, merged));
  const left = named(allFieldsOf(schema, removeFields(schema, merged, named(last))));
  const gone = difference(all, union(left, named(held)));
  const withHeld = removeFields(schema, merged, gone);
  const kept = named(allFieldsOf(schema, withHeld));
  const dropped = intersection(difference(all, kept), named(last));
  return removeFields(schema, merged, dropped);
}
