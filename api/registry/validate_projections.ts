import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  VolumeProjection,
} from "../types/core_v1.ts";
import { forbidden, invalid, required } from "../types/field_errors.ts";
import { validateConfigMapKey } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { invalidFor } from "./field_rules.ts";
import { validateFieldRef, validateResourceRef, VOLUME_FIELDS } from "./validate_field_refs.ts";
import { validateUnreservedPath } from "./validate_paths.ts";

const MODE_MAX = 0o777;
/** Source: Kubernetes, the shortest life of a token that is asked for. */
const TOKEN_SECONDS_MIN = 600;

export function validateMode(field: string, mode: number | undefined): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= MODE_MAX)) return [];
  return [invalid(field, mode, "must be a number between 0 and 0777 (octal), both inclusive")];
}

/** Files that stand for keys of a config map or a secret. */
export function validateKeyFiles(field: string, items: readonly KeyToPath[]): FieldError[] {
  return items.flatMap(({ key, path, mode }, i) => [
    ...(key ? invalidFor(`${field}[${i}].key`, key, validateConfigMapKey(key)) : []),
    ...validateUnreservedPath(`${field}[${i}].path`, path),
    ...validateMode(`${field}[${i}].mode`, mode),
  ]);
}

/** Files that say something of the pod itself. */
export function validateDownwardFiles(
  field: string,
  items: readonly DownwardAPIVolumeFile[],
): FieldError[] {
  return items.flatMap((file, i) => validateDownwardFile(`${field}[${i}]`, file));
}

function validateDownwardFile(
  at: string,
  { path, mode, fieldRef, resourceFieldRef }: DownwardAPIVolumeFile,
): FieldError[] {
  const errors = [
    ...validateUnreservedPath(`${at}.path`, path),
    ...validateMode(`${at}.mode`, mode),
  ];
  if (fieldRef && resourceFieldRef) {
    const why = "fieldRef and resourceFieldRef can not be specified simultaneously";
    return [...errors, invalid(at, "resource", why)];
  }
  if (fieldRef) return [...errors, ...validateFieldRef(`${at}.fieldRef`, fieldRef, VOLUME_FIELDS)];
  if (resourceFieldRef) {
    return [...errors, ...validateResourceRef(`${at}.resourceFieldRef`, resourceFieldRef, true)];
  }
  return [...errors, required(at, "one of fieldRef and resourceFieldRef is required")];
}

export function validateProjected(
  field: string,
  { sources = [], defaultMode }: ProjectedVolumeSource,
): FieldError[] {
  return [
    ...validateMode(`${field}.defaultMode`, defaultMode),
    ...sources.flatMap((source, i) => validateProjection(`${field}.sources[${i}]`, source)),
  ];
}

function validateProjection(field: string, projection: VolumeProjection): FieldError[] {
  const { configMap, secret, downwardAPI, serviceAccountToken: token } = projection;
  const [first, ...others] = Object.keys(projection);
  const errors = others.map((other) =>
    forbidden(`${field}.${other}`, "may not specify more than 1 volume type")
  );
  if (first === undefined) errors.push(required(field, "must specify a volume type"));
  for (const [name, source] of Object.entries({ configMap, secret })) {
    if (source === undefined) continue;
    if (!source.name) errors.push(required(`${field}.${name}.name`));
    errors.push(...validateKeyFiles(`${field}.${name}.items`, source.items ?? []));
  }
  errors.push(...validateDownwardFiles(`${field}.downwardAPI.items`, downwardAPI?.items ?? []));
  const at = `${field}.serviceAccountToken`;
  errors.push(...validateUnreservedPath(`${at}.path`, token?.path));
  if ((token?.expirationSeconds ?? TOKEN_SECONDS_MIN) < TOKEN_SECONDS_MIN) {
    const why = "may not specify a duration less than 10 minutes";
    errors.push(invalid(`${at}.expirationSeconds`, token?.expirationSeconds, why));
  }
  return errors;
}
