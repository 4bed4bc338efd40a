import { applyDefaults } from "../types/defaults.ts";
import { invalidStatus } from "../types/field_errors.ts";
import type { KubeObject } from "../types/meta.ts";
import type { FieldError } from "../types/status.ts";
import { validateSchema } from "../types/validate_schema.ts";
import type { View, Write } from "../../store/store.ts";
import { GENERATE_NAME_ATTEMPTS_MAX, generateName } from "./generate_name.ts";
import { keyOf } from "./keys.ts";
import type { AnyKind, Moment } from "./kind.ts";
import { withCreator } from "./managed_fields.ts";
import { newMeta, validateMeta } from "./object_meta.ts";
import { alreadyExists, noFreeName } from "./refusals.ts";

/**
 * Everything about a new object that needs nothing but the object: defaults, the server's fields, validation.
 * @param input fresh from `decode`
 * @throws {StatusError} Invalid with every reason
 */
export function prepareCreate(
  kind: AnyKind,
  input: KubeObject,
  namespace: string,
  moment: Moment,
): KubeObject {
  const filled: KubeObject = applyDefaults(kind.schema, input);
  const placed = { ...filled, metadata: newMeta(kind, filled, namespace, moment) };
  const defaulted: KubeObject = kind.default?.(placed) ?? placed;
  const owned = withCreator(kind, defaulted, moment);
  const object: KubeObject = kind.prepareForCreate?.(owned, moment) ?? owned;
  rejectInvalid(kind, object, validateWhole(kind, object));
  return object;
}

/** Schema, metadata and the kind's own rules; one field is never reported twice for the same reason. */
export function validateWhole(kind: AnyKind, object: KubeObject): FieldError[] {
  return [
    ...validateMeta(kind, object),
    ...validateSchema(kind.schema, object),
    ...kind.validate(object),
  ];
}

/** @throws {StatusError} Invalid, when there are errors */
export function rejectInvalid(
  kind: AnyKind,
  object: KubeObject,
  errors: readonly FieldError[],
): void {
  if (errors.length === 0) return;
  const told = new Set<string>();
  const once = errors.filter(({ field, reason, message }) => {
    const text = `${reason} ${field} ${message}`;
    return !told.has(text) && told.add(text);
  });
  throw invalidStatus(kind.resource, object.metadata.name, once);
}

/** @throws {StatusError} AlreadyExists, and whatever admission refuses */
export function planCreate(
  kind: AnyKind,
  prepared: KubeObject,
  view: View,
  moment: Moment,
): { object: KubeObject; writes: readonly Write[] } {
  const named = withFreeName(kind, prepared, view, moment);
  const admitted = kind.admit?.(named, undefined, view, moment);
  const object: KubeObject = admitted?.object ?? named;
  const key = keyOf(kind.resource, object.metadata.namespace ?? "", object.metadata.name);
  return { object, writes: [{ key, object }, ...admitted?.also ?? []] };
}

function withFreeName(
  { resource }: AnyKind,
  object: KubeObject,
  view: View,
  { random }: Moment,
): KubeObject {
  const { name, generateName: base = "", namespace = "" } = object.metadata;
  const isTaken = (name: string) => view.get(keyOf(resource, namespace, name)) !== undefined;
  if (name !== "") {
    if (isTaken(name)) throw alreadyExists(resource, name);
    return object;
  }
  let made = "";
  for (let attempt = 0; attempt < GENERATE_NAME_ATTEMPTS_MAX; attempt += 1) {
    made = generateName(base, random);
    if (!isTaken(made)) return { ...object, metadata: { ...object.metadata, name: made } };
  }
  throw noFreeName(resource, made);
}
