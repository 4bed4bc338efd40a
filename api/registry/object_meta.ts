import type { KubeObject, ObjectMeta } from "../types/meta.ts";
import { forbidden, invalid, required, tooLong } from "../types/field_errors.ts";
import {
  validateDns1123Subdomain,
  validateLabelValue,
  validateQualifiedName,
} from "../types/names.ts";
import { type FieldError, StatusError } from "../types/status.ts";
import type { AnyKind, Moment } from "./kind.ts";
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from "./propagation.ts";

/** All annotations of an object together, in UTF-16 units. Source: apimachinery, TotalAnnotationSizeLimitB. */
const ANNOTATIONS_SIZE_MAX = 256 * 1024;

/** What is the server's to say is said here; what a client said of it is dropped. */
export function newMeta(
  kind: AnyKind,
  { metadata }: KubeObject,
  namespace: string,
  { now, newUid }: Moment,
): ObjectMeta {
  const { name = "", generateName, labels, annotations, ownerReferences, finalizers } = metadata;
  return {
    name,
    ...(generateName && { generateName }),
    ...(kind.resource.isNamespaced && { namespace }),
    uid: newUid(),
    ...(kind.hasGeneration && { generation: 1 }),
    creationTimestamp: now,
    ...(isFilled(labels) && { labels }),
    ...(isFilled(annotations) && { annotations }),
    ...(isFilled(ownerReferences) && { ownerReferences }),
    ...(isFilled(finalizers) && { finalizers }),
  };
}

/** Restores what an update may not touch and a client may leave out; what differs is left to validation. */
export function updatedMeta({ metadata }: KubeObject, { metadata: old }: KubeObject): ObjectMeta {
  const { labels, annotations, ownerReferences, finalizers } = metadata;
  const { labels: _l, annotations: _a, ownerReferences: _o, finalizers: _f, ...kept } = old;
  return {
    ...kept,
    name: metadata.name || kept.name,
    ...(metadata.deletionTimestamp && kept.deletionTimestamp === undefined && {
      deletionTimestamp: metadata.deletionTimestamp,
    }),
    ...(metadata.deletionGracePeriodSeconds !== undefined && {
      deletionGracePeriodSeconds: metadata.deletionGracePeriodSeconds,
    }),
    ...(isFilled(labels) && { labels }),
    ...(isFilled(annotations) && { annotations }),
    ...(isFilled(ownerReferences) && { ownerReferences }),
    ...(isFilled(finalizers) && { finalizers }),
  };
}

function isFilled(value: object | undefined): value is object {
  if (value === undefined) return false;
  for (const _ in value) return true;
  return false;
}

export function validateMeta(kind: AnyKind, { metadata }: KubeObject): FieldError[] {
  const { name, generateName, labels = {}, annotations = {}, finalizers = [] } = metadata;
  return [
    ...validateName(kind, name, generateName),
    ...Object.entries(labels).flatMap(([key, value]) => [
      ...validateQualifiedName(key).map((why) => invalid("metadata.labels", key, why)),
      ...validateLabelValue(value).map((why) => invalid("metadata.labels", value, why)),
    ]),
    ...validateAnnotations(annotations),
    ...validateFinalizers(finalizers),
    ...validateOwners(metadata),
  ];
}

function validateName(kind: AnyKind, name: string, generateName: string | undefined): FieldError[] {
  const rule = kind.validateName ?? validateDns1123Subdomain;
  if (name !== "") return rule(name).map((why) => invalid("metadata.name", name, why));
  if (!generateName) return [required("metadata.name", "name or generateName is required")];
  return rule(`${generateName}x`).map((why) => invalid("metadata.generateName", generateName, why));
}

/** Keys may have capital letters, which the rule of names refuses. */
function validateAnnotations(annotations: Readonly<Record<string, string>>): FieldError[] {
  let size = 0;
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(annotations)) {
    size += key.length + value.length;
    const wrong = validateQualifiedName(key.toLowerCase());
    errors.push(...wrong.map((why) => invalid("metadata.annotations", key, why)));
  }
  if (size > ANNOTATIONS_SIZE_MAX) {
    errors.push(tooLong("metadata.annotations", ANNOTATIONS_SIZE_MAX));
  }
  return errors;
}

function validateFinalizers(finalizers: readonly string[]): FieldError[] {
  const errors = finalizers.flatMap((finalizer, i) =>
    validateQualifiedName(finalizer).map((why) =>
      invalid(`metadata.finalizers[${i}]`, finalizer, why)
    )
  );
  if (!finalizers.includes(ORPHAN_FINALIZER) || !finalizers.includes(FOREGROUND_FINALIZER)) {
    return errors;
  }
  const why = `finalizer ${ORPHAN_FINALIZER} and ${FOREGROUND_FINALIZER} cannot be both set`;
  return [...errors, invalid("metadata.finalizers", finalizers, why)];
}

function validateOwners({ ownerReferences = [] }: ObjectMeta): FieldError[] {
  const controllers = ownerReferences.filter(({ controller }) => controller === true);
  const errors = ownerReferences.flatMap(({ apiVersion, kind, name, uid }, i) => {
    const missing = Object.entries({ apiVersion, kind, name, uid }).filter(([, value]) => !value);
    return missing.map(([field]) =>
      invalid(`metadata.ownerReferences[${i}].${field}`, "", "must not be empty")
    );
  });
  if (controllers.length < 2) return errors;
  const names = controllers.slice(0, 2).map(({ kind, name }) => `${kind}/${name}`).join(" and ");
  const why = 'Only one reference can have Controller set to true. Found "true" in references for ';
  return [...errors, invalid("metadata.ownerReferences", ownerReferences, why + names)];
}

const IMMUTABLE = ["deletionTimestamp", "deletionGracePeriodSeconds"] as const;

/** Name and namespace come from the path, and the uid is a precondition: these are what is left. */
export function validateMetaUpdate(next: KubeObject, old: KubeObject): FieldError[] {
  const changed = IMMUTABLE.flatMap((field) => {
    const value = next.metadata[field];
    if (value === old.metadata[field]) return [];
    return [invalid(`metadata.${field}`, value, "field is immutable")];
  });
  return [...changed, ...validateNoNewFinalizers(next.metadata, old.metadata)];
}

/** Nobody may begin to hold an object that is going. Source: apimachinery, ValidateNoNewFinalizers. */
function validateNoNewFinalizers(next: ObjectMeta, old: ObjectMeta): FieldError[] {
  if (old.deletionTimestamp === undefined) return [];
  const { finalizers: known = [] } = old;
  const added = (next.finalizers ?? []).filter((name) => !known.includes(name));
  if (added.length === 0) return [];
  const why =
    "no new finalizers can be added if the object is being deleted, found new finalizers ";
  const shown = `[]string{${added.map((name) => JSON.stringify(name)).join(", ")}}`;
  return [forbidden("metadata.finalizers", why + shown)];
}

/** What the path says of the object; names are "" where the path has none. */
export interface Place {
  readonly namespace: string;
  readonly name: string;
}

/** @throws {StatusError} BadRequest when the body speaks of another object than the path */
export function rejectElsewhere({ metadata }: KubeObject, { namespace, name }: Place): void {
  const { name: named = "", namespace: placed = "" } = metadata;
  if (name !== "" && named !== "" && named !== name) {
    const why = `the name of the object (${named}) does not match the name on the URL (${name})`;
    throw new StatusError("BadRequest", why);
  }
  if (placed !== "" && namespace !== "" && placed !== namespace) {
    const why =
      "the namespace of the provided object does not match the namespace sent on the request";
    throw new StatusError("BadRequest", why);
  }
}
