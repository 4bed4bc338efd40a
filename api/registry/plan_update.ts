import { applyDefaults } from "../types/defaults.ts";
import type { KubeObject } from "../types/meta.ts";
import type { FieldError } from "../types/status.ts";
import { validateSchema } from "../types/validate_schema.ts";
import type { View, Write } from "../../store/store.ts";
import { keyOf } from "./keys.ts";
import type { AnyKind, Moment, ViewSubresource } from "./kind.ts";
import { isSameButManagedTimes, withUpdater } from "./managed_fields.ts";
import { updatedMeta, validateMetaUpdate } from "./object_meta.ts";
import { rejectInvalid, validateWhole } from "./plan_create.ts";
import { rejectStale } from "./refusals.ts";
import { isSameJson } from "./same_json.ts";

/** `writes` is empty where nothing changes. */
export interface Planned {
  readonly object: KubeObject;
  readonly writes: readonly Write[];
}

type WithParts = KubeObject & { spec?: unknown; status?: unknown };

/**
 * The main resource replaced by `input`, which is fresh from `decode`.
 * @throws {StatusError} Conflict, Invalid, and whatever admission refuses
 */
export function planUpdate(
  kind: AnyKind,
  input: KubeObject,
  old: KubeObject,
  view: View,
  moment: Moment,
): Planned {
  rejectStale(kind.resource, input, old);
  const filled: KubeObject = applyDefaults(kind.schema, input);
  const kept = withStatusOf(kind, { ...filled, metadata: updatedMeta(filled, old) }, old);
  const defaulted: KubeObject = kind.default?.(kept) ?? kept;
  const said = input.metadata.managedFields;
  const owned = withUpdater(kind, defaulted, { old, said }, moment);
  const prepared: KubeObject = kind.prepareForUpdate?.(owned, old) ?? owned;
  rejectInvalid(kind, prepared, [
    ...validateMetaUpdate(prepared, old),
    ...validateWhole(kind, prepared),
    ...kind.validateUpdate?.(prepared, old) ?? [],
  ]);
  const admitted = kind.admit?.(prepared, old, view, moment);
  return planReplace(kind, admitted?.object ?? prepared, old, admitted?.also);
}

/** @throws {StatusError} Conflict, Invalid */
export function planViewUpdate(
  kind: AnyKind,
  subresource: ViewSubresource<KubeObject>,
  input: KubeObject,
  old: KubeObject,
  moment: Moment,
): Planned {
  rejectStale(kind.resource, input, old);
  const filled = applyDefaults(subresource.schema, input) as KubeObject;
  const object = withUpdater(kind, subresource.write(old, filled), { old }, moment);
  rejectInvalid(kind, object, [
    ...validateSchema(subresource.schema, filled) as FieldError[],
    ...subresource.validate?.(object, old) ?? [],
  ]);
  return planReplace(kind, object, old);
}

/** The write that takes `old` to `next`: nothing, a new version, or the removal that was only waiting for this. */
export function planReplace(
  kind: AnyKind,
  next: KubeObject,
  old: KubeObject,
  also: readonly Write[] = [],
): Planned {
  const object = withGeneration(kind, next, old);
  const key = keyOf(kind.resource, old.metadata.namespace ?? "", old.metadata.name);
  if (isGone(kind, object)) return { object, writes: planRemoval(kind, object) };
  if (isSameButManagedTimes(object, old)) return { object: old, writes: also };
  return { object, writes: [{ key, object }, ...also] };
}

export function planRemoval(kind: AnyKind, object: KubeObject): readonly Write[] {
  const key = keyOf(kind.resource, object.metadata.namespace ?? "", object.metadata.name);
  return [{ key, object: undefined }, ...kind.release?.(object) ?? []];
}

/** A deletion that waited for its last finalizer, or for whatever else the kind waits. */
function isGone(kind: AnyKind, { metadata, ...object }: KubeObject): boolean {
  if (metadata.deletionTimestamp === undefined || metadata.finalizers?.length) return false;
  if (kind.isGone !== undefined) return kind.isGone({ metadata, ...object });
  return (metadata.deletionGracePeriodSeconds ?? 0) === 0;
}

function withStatusOf(kind: AnyKind, object: WithParts, old: WithParts): KubeObject {
  if (!kind.hasStatus) return object;
  const { status: _, ...rest } = object;
  return old.status === undefined ? rest : { ...rest, status: old.status } as KubeObject;
}

function withGeneration(kind: AnyKind, next: WithParts, old: WithParts): KubeObject {
  if (!kind.hasGeneration || isSameJson(wantedIn(next), wantedIn(old))) return next;
  const generation = (old.metadata.generation ?? 0) + 1;
  return { ...next, metadata: { ...next.metadata, generation } };
}

/** The spec; of a kind without one all that is neither metadata nor status. */
function wantedIn(object: WithParts): unknown {
  if (object.spec !== undefined) return object.spec;
  const { apiVersion: _a, kind: _k, metadata: _m, status: _s, ...wanted } = object;
  return wanted;
}
