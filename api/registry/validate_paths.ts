import { invalid } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";

/** A path that stays under the folder that it is relative to. */
export function validateRelativePath(field: string, path: string | undefined): FieldError[] {
  if (!path) return [];
  if (path.startsWith("/")) return [invalid(field, path, "must be a relative path")];
  return validateNoStepBack(field, path);
}

/** As `validateRelativePath`, and leaves the names that begin with `..` to the agent. */
export function validateUnreservedPath(field: string, path: string | undefined): FieldError[] {
  const errors = validateRelativePath(field, path);
  if (!path?.startsWith("..") || path.startsWith("../") || path === "..") return errors;
  return [...errors, invalid(field, path, "must not start with '..'")];
}

export function validateNoStepBack(field: string, path: string | undefined): FieldError[] {
  if (!path?.split("/").includes("..")) return [];
  return [invalid(field, path, "must not contain '..'")];
}
