import type { Affinity, NodeSelectorRequirement, NodeSelectorTerm } from "../types/core_v1.ts";
import { forbidden, invalid, required } from "../types/field_errors.ts";
import { validateQualifiedName } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { invalidFor } from "./field_rules.ts";

const HARD = "requiredDuringSchedulingIgnoredDuringExecution";
const SOFT = "preferredDuringSchedulingIgnoredDuringExecution";

export function validateAffinity(field: string, affinity: Affinity | undefined): FieldError[] {
  if (affinity === undefined) return [];
  const { nodeAffinity = {}, podAffinity = {}, podAntiAffinity = {} } = affinity;
  const soft = {
    nodeAffinity: nodeAffinity[SOFT] ?? [],
    podAffinity: podAffinity[SOFT] ?? [],
    podAntiAffinity: podAntiAffinity[SOFT] ?? [],
  };
  const weights = Object.entries(soft).flatMap(([name, terms]) =>
    terms.flatMap(({ weight }, i) =>
      validateWeight(`${field}.${name}.${SOFT}[${i}].weight`, weight)
    )
  );
  const hardTerms = nodeAffinity[HARD]?.nodeSelectorTerms ?? [];
  const hard = hardTerms.flatMap((term, i) =>
    validateNodeTerm(`${field}.nodeAffinity.${HARD}.nodeSelectorTerms[${i}]`, term)
  );
  const preferred = soft.nodeAffinity.flatMap(({ preference }, i) =>
    preference ? validateNodeTerm(`${field}.nodeAffinity.${SOFT}[${i}].preference`, preference) : []
  );
  return [...hard, ...preferred, ...weights];
}

function validateWeight(field: string, weight: number | undefined): FieldError[] {
  if (weight === undefined || (weight >= 1 && weight <= 100)) return [];
  return [invalid(field, weight, "must be in the range 1-100")];
}

function validateNodeTerm(field: string, { matchExpressions = [] }: NodeSelectorTerm) {
  return matchExpressions.flatMap((one, i) =>
    validateRequirement(`${field}.matchExpressions[${i}]`, one)
  );
}

function validateRequirement(
  field: string,
  { key, operator, values = [] }: NodeSelectorRequirement,
): FieldError[] {
  const errors = key ? invalidFor(`${field}.key`, key, validateQualifiedName(key)) : [];
  const isSet = operator === "In" || operator === "NotIn";
  if (isSet && values.length === 0) {
    const why = "must be specified when `operator` is 'In' or 'NotIn'";
    errors.push(required(`${field}.values`, why));
  }
  if ((operator === "Gt" || operator === "Lt") && values.length !== 1) {
    const why = "must be specified single value when `operator` is 'Lt' or 'Gt'";
    errors.push(required(`${field}.values`, why));
  }
  if ((operator === "Exists" || operator === "DoesNotExist") && values.length > 0) {
    const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    errors.push(forbidden(`${field}.values`, why));
  }
  return errors;
}
