import type { ObjectFieldSelector, ResourceFieldSelector } from "../types/core_v1.ts";
import { invalid, notSupported, required } from "../types/field_errors.ts";
import { validateQualifiedName } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { invalidFor } from "./field_rules.ts";

/** Fields of its own pod that a variable may hold. Source: Kubernetes, validEnvDownwardAPIFieldPathExpressions. */
export const ENV_FIELDS = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
] as const;

/** Fields that a file may hold. */
export const VOLUME_FIELDS = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
] as const;

/** Fields that are known, and that nothing may hold or that only one of the two may. */
const KNOWN: ReadonlySet<string> = new Set([
  ...ENV_FIELDS,
  ...VOLUME_FIELDS,
  "spec.hostNetwork",
  "spec.restartPolicy",
  "spec.schedulerName",
  "status.phase",
]);

const RESOURCES: readonly string[] = [
  "limits.cpu",
  "limits.ephemeral-storage",
  "limits.memory",
  "requests.cpu",
  "requests.ephemeral-storage",
  "requests.memory",
];

/** One entry of a map: `metadata.labels['app']`. */
const SUBSCRIPT = /^metadata\.(?:annotations|labels)\['(.*)'\]$/;

export function validateFieldRef(
  field: string,
  { fieldPath }: ObjectFieldSelector,
  supported: readonly string[],
): FieldError[] {
  if (!fieldPath || supported.includes(fieldPath)) return [];
  const at = `${field}.fieldPath`;
  const key = SUBSCRIPT.exec(fieldPath)?.[1];
  if (key !== undefined) return invalidFor(at, fieldPath, validateQualifiedName(key));
  if (KNOWN.has(fieldPath)) return [notSupported(at, fieldPath, supported)];
  const why = `error converting fieldPath: field label not supported: ${fieldPath}`;
  return [invalid(at, fieldPath, why)];
}

/** In a volume, which no container owns, the container must be named. */
export function validateResourceRef(
  field: string,
  { containerName, resource }: ResourceFieldSelector,
  isInVolume = false,
): FieldError[] {
  const errors = isInVolume && !containerName ? [required(`${field}.containerName`)] : [];
  if (
    !resource || RESOURCES.includes(resource) || /^(limits|requests)\.hugepages-/.test(resource)
  ) {
    return errors;
  }
  return [...errors, notSupported(`${field}.resource`, resource, RESOURCES)];
}
