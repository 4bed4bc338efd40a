import { invalid } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";
import { isSameJson } from "./same_json.ts";

/** An error for each of the fields under `at` that has changed. */
export function validateImmutable<T extends object>(
  at: string,
  next: T,
  old: T,
  fields: readonly (keyof T & string)[],
): FieldError[] {
  return fields.filter((field) => !isSameJson(next[field], old[field]))
    .map((field) =>
      invalid(at === "" ? field : `${at}.${field}`, next[field], "field is immutable")
    );
}

/** Kubernetes's answer to a change of an object that never changes. */
export function validateUnchanged(field: string, next: unknown, old: unknown): FieldError[] {
  return isSameJson(next, old) ? [] : [invalid(field, next, "field is immutable")];
}
