import type { Toleration } from "../types/core_v1.ts";
import { invalid } from "../types/field_errors.ts";
import { validateLabelValue, validateQualifiedName } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { invalidFor } from "./field_rules.ts";

export function validateTolerations(
  field: string,
  tolerations: readonly Toleration[],
): FieldError[] {
  return tolerations.flatMap((toleration, i) => validateToleration(`${field}[${i}]`, toleration));
}

function validateToleration(field: string, toleration: Toleration): FieldError[] {
  const { key = "", operator = "", value = "", effect, tolerationSeconds } = toleration;
  const errors = key === "" ? [] : invalidFor(`${field}.key`, key, validateQualifiedName(key));
  if (key === "" && operator !== "Exists") {
    const why = "operator must be Exists when `key` is empty, which means " +
      '"match all values and all keys"';
    errors.push(invalid(`${field}.operator`, operator, why));
  }
  if (tolerationSeconds !== undefined && effect !== "NoExecute") {
    const why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalid(`${field}.effect`, effect ?? "", why));
  }
  if (operator !== "Exists") {
    errors.push(...invalidFor(`${field}.operator`, value, validateLabelValue(value)));
  } else if (value !== "") {
    const why = "value must be empty when `operator` is 'Exists'";
    errors.push(invalid(`${field}.operator`, value, why));
  }
  return errors;
}
