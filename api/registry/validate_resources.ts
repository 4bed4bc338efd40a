import type { ResourceRequirements } from "../types/core_v1.ts";
import { invalid, required } from "../types/field_errors.ts";
import { validateQualifiedName } from "../types/names.ts";
import { compareQuantities, parseQuantity } from "../types/quantity.ts";
import type { FieldError } from "../types/status.ts";
import { invalidFor } from "./field_rules.ts";

type Quantities = Readonly<Record<string, string>>;

const STANDARD: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);
const ONE_IN_NANO = 1_000_000_000n;

/** What a container asks for is no more than what it may use. */
export function validateResources(
  field: string,
  { limits = {}, requests = {} }: ResourceRequirements,
): FieldError[] {
  return [
    ...validateAmounts(`${field}.limits`, limits),
    ...validateAmounts(`${field}.requests`, requests),
    ...Object.entries(requests).flatMap(([name, asked]) =>
      validateRequest(field, { name, asked, limit: limits[name] })
    ),
  ];
}

function validateAmounts(field: string, amounts: Quantities): FieldError[] {
  return Object.entries(amounts).flatMap(([name, amount]) => {
    const at = `${field}[${name}]`;
    const errors = validateResourceName(at, name);
    if (compareQuantities(amount, "0") < 0) {
      errors.push(invalid(at, amount, "must be greater than or equal to 0"));
    }
    if (!isDivisible(name) && (parseQuantity(amount)?.nano ?? 0n) % ONE_IN_NANO !== 0n) {
      errors.push(invalid(at, amount, "must be an integer"));
    }
    return errors;
  });
}

function validateResourceName(field: string, name: string): FieldError[] {
  if (isDivisible(name)) return [];
  const errors = invalidFor(field, name, validateQualifiedName(name));
  if (name.includes("/") || name.startsWith("hugepages-")) return errors;
  const why = ["must be a standard resource type or fully qualified"];
  return [
    ...errors,
    ...invalidFor(field, name, [...why, "must be a standard resource for containers"]),
  ];
}

/** Standard resources may be shared out in parts and to more than there are; devices and huge pages not. */
function isDivisible(name: string): boolean {
  return STANDARD.has(name);
}

function validateRequest(
  field: string,
  { name, asked, limit }: { name: string; asked: string; limit: string | undefined },
): FieldError[] {
  if (limit === undefined) {
    if (isDivisible(name)) return [];
    const why = "Limit must be set for non overcommitable resources";
    return [required(`${field}.limits`, why)];
  }
  const difference = compareQuantities(asked, limit);
  if (difference === 0 || (difference < 0 && isDivisible(name))) return [];
  const relation = isDivisible(name) ? "less than or equal to" : "equal to";
  return [invalid(`${field}.requests`, asked, `must be ${relation} ${name} limit of ${limit}`)];
}
