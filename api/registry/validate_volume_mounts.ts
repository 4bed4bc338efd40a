import type { VolumeMount } from "../types/core_v1.ts";
import { forbidden, invalid, notFound, notSupported } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";
import { validateRelativePath } from "./validate_paths.ts";

const PROPAGATIONS = ["Bidirectional", "HostToContainer", "None"];

/** A mount names a volume of the pod, and no two mounts of a container are in one place. */
export function validateVolumeMounts(
  field: string,
  mounts: readonly VolumeMount[],
  volumeNames: ReadonlySet<string>,
  isPrivileged: boolean,
): FieldError[] {
  const seen = new Set<string>();
  return mounts.flatMap((mount, i) => {
    const at = `${field}[${i}]`;
    const { name, mountPath } = mount;
    const errors = name && !volumeNames.has(name) ? [notFound(`${at}.name`, name)] : [];
    if (mountPath && seen.has(mountPath)) {
      errors.push(invalid(`${at}.mountPath`, mountPath, "must be unique"));
    }
    seen.add(mountPath);
    if (mount.mountPropagation === "Bidirectional" && !isPrivileged) {
      const why = "Bidirectional mount propagation is available only to privileged containers";
      errors.push(forbidden(`${at}.mountPropagation`, why));
    }
    return [...errors, ...validateMount(at, mount), ...validateRecursion(at, mount)];
  });
}

function validateMount(
  at: string,
  { mountPath, subPath, subPathExpr, mountPropagation }: VolumeMount,
): FieldError[] {
  const errors: FieldError[] = [];
  if (mountPath?.includes(":")) {
    errors.push(invalid(`${at}.mountPath`, mountPath, "must not contain ':'"));
  }
  if (subPath && subPathExpr) {
    errors.push(
      invalid(`${at}.subPathExpr`, subPathExpr, "subPathExpr and subPath are mutually exclusive"),
    );
  }
  errors.push(...validateRelativePath(`${at}.subPath`, subPath));
  errors.push(...validateRelativePath(`${at}.subPathExpr`, subPathExpr));
  if (mountPropagation && !PROPAGATIONS.includes(mountPropagation)) {
    errors.push(notSupported(`${at}.mountPropagation`, mountPropagation, PROPAGATIONS));
  }
  return errors;
}

const RECURSIONS = ["Disabled", "Enabled", "IfPossible"];

/** Texts: k8s.io/kubernetes, validation, validateMountRecursiveReadOnly. */
function validateRecursion(
  at: string,
  { readOnly, recursiveReadOnly = "Disabled", mountPropagation = "None" }: VolumeMount,
): FieldError[] {
  const field = `${at}.recursiveReadOnly`;
  if (!RECURSIONS.includes(recursiveReadOnly)) {
    return [notSupported(field, recursiveReadOnly, RECURSIONS)];
  }
  if (recursiveReadOnly === "Disabled") return [];
  const errors = readOnly ? [] : [forbidden(field, "may only be specified when readOnly is true")];
  if (mountPropagation === "None") return errors;
  const why = "may only be specified when mountPropagation is None or not specified";
  return [...errors, forbidden(field, why)];
}
