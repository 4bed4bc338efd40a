import type { KubeObject, ManagedFieldsEntry } from "../types/meta.ts";
import { type Identity, isSameButTimes } from "./apply/managers.ts";
import { managedAfterCreate, managedAfterUpdate } from "./apply/track_update.ts";
import type { AnyKind, Moment } from "./kind.ts";
import { isSameJson } from "./same_json.ts";

/** Who writes, as `metadata.managedFields` names them, or what is decided already. */
export type FieldManager =
  | { readonly manager: string; readonly subresource?: string }
  | { readonly managedFields: readonly ManagedFieldsEntry[] };

function updaterOf(
  { resource }: AnyKind,
  { manager, subresource }: { manager: string; subresource?: string },
): Identity {
  const { apiVersion } = resource;
  const through = subresource === undefined ? {} : { subresource };
  return { manager, operation: "Update", apiVersion, ...through };
}

/** A new object with those who hold its fields. What the server sets from here on is nobody's. */
export function withCreator(kind: AnyKind, object: KubeObject, { by, now }: Moment): KubeObject {
  if (by === undefined) return object;
  if ("managedFields" in by) return withManagers(object, by.managedFields);
  const said = kind.hasStatus ? withoutStatus(object) : object;
  return withManagers(object, managedAfterCreate(kind.schema, said, updaterOf(kind, by), now));
}

function withoutStatus(object: KubeObject & { status?: unknown }): KubeObject {
  if (object.status === undefined) return object;
  const { status: _, ...rest } = object;
  return rest;
}

/** @param said of managers by the request, which has no say through a subresource */
export function withUpdater(
  kind: AnyKind,
  next: KubeObject,
  { old, said }: { old: KubeObject; said?: readonly ManagedFieldsEntry[] | undefined },
  { by, now }: Moment,
): KubeObject {
  if (by === undefined) return next;
  if ("managedFields" in by) return withManagers(next, by.managedFields);
  const identity = updaterOf(kind, by);
  const update = { live: old, next, said, identity, now };
  return withManagers(next, managedAfterUpdate(kind.schema, update));
}

function withManagers(
  object: KubeObject,
  managed: readonly ManagedFieldsEntry[] | undefined,
): KubeObject {
  const { managedFields, ...metadata } = object.metadata;
  if (managed === managedFields) return object;
  if (managed === undefined || managed.length === 0) return { ...object, metadata };
  return { ...object, metadata: { ...metadata, managedFields: managed as ManagedFieldsEntry[] } };
}

/** A write that would change nothing but when somebody wrote. */
export function isSameButManagedTimes(next: KubeObject, old: KubeObject): boolean {
  const { managedFields } = old.metadata;
  if (!isSameButTimes(next.metadata.managedFields, managedFields)) return false;
  return isSameJson(withManagers(next, managedFields), old);
}
