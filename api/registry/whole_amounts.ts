import { invalid } from "../types/field_errors.ts";
import { parseQuantity } from "../types/quantity.ts";
import type { FieldError } from "../types/status.ts";

const ONE_IN_NANO = 1_000_000_000n;

/** Resources of which there can be half a one. What else is counted comes whole. */
const DIVISIBLE = /^((requests|limits)\.)?(cpu|memory|storage|ephemeral-storage)$/;

export function validateWhole(field: string, resource: string, amount: string): FieldError[] {
  if (DIVISIBLE.test(resource)) return [];
  if ((parseQuantity(amount)?.nano ?? 0n) % ONE_IN_NANO === 0n) return [];
  return [invalid(field, amount, "must be an integer")];
}
