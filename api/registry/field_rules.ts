import { duplicate, invalid, required } from "../types/field_errors.ts";
import {
  validateDns1123Label,
  validateLabelValue,
  validatePortName,
  validatePortNumber,
  validateQualifiedName,
} from "../types/names.ts";
import type { FieldError } from "../types/status.ts";

/** One error for each reason why `value` is wrong. */
export function invalidFor(
  field: string,
  value: unknown,
  reasons: readonly string[],
): FieldError[] {
  return reasons.map((reason) => invalid(field, value, reason));
}

export function validateDnsLabel(field: string, name: string): FieldError[] {
  return invalidFor(field, name, validateDns1123Label(name));
}

/** Port 0 counts as left out. */
export function validatePort(field: string, port: number | undefined): FieldError[] {
  if (port === undefined) return [];
  if (port === 0) return [required(field)];
  return invalidFor(field, port, validatePortNumber(port));
}

/** A port number, or the name of a container's port. */
export function validatePortOrName(
  field: string,
  port: number | string | undefined,
): FieldError[] {
  if (port === undefined || port === "") return [];
  return typeof port === "number"
    ? invalidFor(field, port, validatePortNumber(port))
    : invalidFor(field, port, validatePortName(port));
}

export function validateNonNegative(field: string, value: number | undefined): FieldError[] {
  if (value === undefined || value >= 0) return [];
  return [invalid(field, value, "must be greater than or equal to 0")];
}

export function validateRange(
  field: string,
  value: number | undefined,
  [min, max]: readonly [number, number],
): FieldError[] {
  if (value === undefined || (value >= min && value <= max)) return [];
  return [invalid(field, value, `must be between ${min} and ${max}, inclusive`)];
}

/** An error at each value that an earlier place has; places without a value are left out. */
export function validateUnique(
  places: Iterable<readonly [field: string, value: string | undefined]>,
): FieldError[] {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [field, value] of places) {
    if (!value) continue;
    if (seen.has(value)) errors.push(duplicate(field, value));
    seen.add(value);
  }
  return errors;
}

export function validateLabels(
  field: string,
  labels: Readonly<Record<string, string>> | undefined,
): FieldError[] {
  if (labels === undefined) return [];
  return Object.entries(labels).flatMap(([key, value]) => [
    ...invalidFor(field, key, validateQualifiedName(key)),
    ...invalidFor(field, value, validateLabelValue(value)),
  ]);
}

/** Keys may have capital letters, which the rule of their first part refuses. */
export function validateAnnotationKeys(
  field: string,
  annotations: Readonly<Record<string, string>> = {},
): FieldError[] {
  return Object.keys(annotations).flatMap((key) =>
    invalidFor(field, key, validateQualifiedName(key.toLowerCase()))
  );
}
