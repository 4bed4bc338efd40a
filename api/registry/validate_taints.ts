import type { Taint } from "../types/core_v1.ts";
import { validateLabelValue, validateQualifiedName } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { invalidFor, validateUnique } from "./field_rules.ts";

/** A node has one taint for each pair of key and effect. */
export function validateTaints(field: string, taints: readonly Taint[]): FieldError[] {
  const own = taints.flatMap(({ key, value }, i) => [
    ...(key ? invalidFor(`${field}[${i}].key`, key, validateQualifiedName(key)) : []),
    ...(value ? invalidFor(`${field}[${i}].value`, value, validateLabelValue(value)) : []),
  ]);
  const pairs = taints.map(({ key, effect }, i) => [`${field}[${i}]`, `${key}:${effect}`] as const);
  return [...own, ...validateUnique(pairs)];
}
