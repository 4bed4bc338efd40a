import { forbidden, invalid, required } from "../types/field_errors.ts";
import { selectorOf } from "../types/labels.ts";
import type { LabelSelector, LabelSelectorRequirement } from "../types/meta.ts";
import { validateLabelValue, validateQualifiedName } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { orNone } from "./column_types.ts";
import { invalidFor, validateLabels } from "./field_rules.ts";

/** Source: k8s.io/apimachinery, meta/v1/validation.ValidateLabelSelector. */
export function validateLabelSelector(
  field: string,
  selector: LabelSelector | undefined,
): FieldError[] {
  if (selector === undefined) return [];
  return [
    ...validateLabels(`${field}.matchLabels`, selector.matchLabels),
    ...(selector.matchExpressions ?? []).flatMap((requirement, i) =>
      validateRequirement(`${field}.matchExpressions[${i}]`, requirement)
    ),
  ];
}

function validateRequirement(
  field: string,
  { key, operator, values = [] }: LabelSelectorRequirement,
): FieldError[] {
  const errors: FieldError[] = [];
  const isList = operator === "In" || operator === "NotIn";
  if (isList && values.length === 0) {
    const why = "must be specified when `operator` is 'In' or 'NotIn'";
    errors.push(required(`${field}.values`, why));
  }
  if (!isList && values.length > 0) {
    const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    errors.push(forbidden(`${field}.values`, why));
  }
  return [
    ...errors,
    ...(key ? invalidFor(`${field}.key`, key, validateQualifiedName(key)) : []),
    ...values.flatMap((value, i) =>
      invalidFor(`${field}.values[${i}]`, value, validateLabelValue(value))
    ),
  ];
}

export function isEmptySelector({ matchLabels, matchExpressions }: LabelSelector): boolean {
  return Object.keys(matchLabels ?? {}).length === 0 && !matchExpressions?.length;
}

/** A workload selects something. `kind` is the word for it in lower case. */
export function validateOwnSelector(
  selector: LabelSelector | undefined,
  kind: string,
): FieldError[] {
  if (selector === undefined) return [];
  const errors = validateLabelSelector("spec.selector", selector);
  if (!isEmptySelector(selector)) return errors;
  return [...errors, invalid("spec.selector", selector, `empty selector is invalid for ${kind}`)];
}

/** `app=web,tier in (a,b)`; `<none>` where there is none. */
export function selectorText(selector: LabelSelector | undefined): string {
  return orNone(selector === undefined ? "" : selectorOf(selector).toString());
}
