/** Fields that hold a number of pods, or a part of all pods in percent. */
import { invalid } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";
import { validateNonNegative } from "./field_rules.ts";

type Amount = number | string | undefined;

const PERCENT = /^[0-9]+%$/;
/** Source: k8s.io/apimachinery, util/validation.IsValidPercent. */
const NO_PERCENT = "a valid percent string must be a numeric string followed by an ending '%' " +
  "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

export function validateAmountOrPercent(field: string, amount: Amount): FieldError[] {
  if (typeof amount !== "string") return validateNonNegative(field, amount);
  return PERCENT.test(amount) ? [] : [invalid(field, amount, NO_PERCENT)];
}

export function validateWithinAll(field: string, amount: Amount): FieldError[] {
  if (typeof amount !== "string" || !PERCENT.test(amount) || parseInt(amount) <= 100) return [];
  return [invalid(field, amount, "must not be greater than 100%")];
}

/** Neither pods nor percent: nothing may be missing, nothing may be added. */
export function isZeroAmount(amount: Amount): boolean {
  return amount === undefined || parseInt(String(amount)) === 0;
}
