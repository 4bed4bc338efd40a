import {
  MUTATING_WEBHOOK_CONFIGURATIONS,
  type MutatingWebhookConfiguration,
  VALIDATING_WEBHOOK_CONFIGURATIONS,
} from "../types/admissionregistration_v1.ts";
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  type CustomResourceDefinition,
} from "../types/apiextensions_v1.ts";
import { invalid, invalidStatus } from "../types/field_errors.ts";
import type { KubeObject } from "../types/meta.ts";
import type { FieldError } from "../types/status.ts";
import { isSameJson } from "../registry/same_json.ts";
import { checkRules, hasRules, whyWrong } from "../registry/structural/check_rules.ts";
import { engineOf, type Rules } from "../registry/structural/rules.ts";
import type { Admission } from "./admission.ts";
import { CONDITION_NAMES } from "./match_conditions.ts";

type Check = (object: KubeObject, old: KubeObject | undefined, rules: Rules) => FieldError[];

const CHECKS: ReadonlyMap<unknown, Check> = new Map<unknown, Check>([
  [CUSTOM_RESOURCE_DEFINITIONS, checkDefinition as Check],
  [MUTATING_WEBHOOK_CONFIGURATIONS, checkConditions as Check],
  [VALIDATING_WEBHOOK_CONFIGURATIONS, checkConditions as Check],
]);

/** Expressions that can't be evaluated are refused with the object that brings them; those that are there stay. */
export function expressions(rules: Rules): Admission {
  return ({ operation, kind: { resource }, subresource = "", object, old }) => {
    const check = CHECKS.get(resource);
    if (check === undefined || operation === "DELETE" || subresource !== "") return;
    const errors = check(object, old, rules);
    if (errors.length > 0) throw invalidStatus(resource, object.metadata.name, errors);
  };
}

function checkDefinition(
  { spec }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
  rules: Rules,
): FieldError[] {
  return (spec.versions ?? []).flatMap(({ name, schema }, i) => {
    const structural = schema?.openAPIV3Schema ?? {};
    if (!hasRules(structural)) return [];
    const before = old?.spec.versions.find((one) => one.name === name)?.schema?.openAPIV3Schema;
    if (before !== undefined && isSameJson(before, structural)) return [];
    return checkRules(structural, `spec.versions[${i}].schema.openAPIV3Schema`, engineOf(rules));
  });
}

function checkConditions(
  { webhooks = [] }: MutatingWebhookConfiguration,
  old: MutatingWebhookConfiguration | undefined,
  rules: Rules,
): FieldError[] {
  const known = new Set(
    old?.webhooks?.flatMap(({ matchConditions = [] }) =>
      matchConditions.map(({ expression }) => expression)
    ),
  );
  return webhooks.flatMap(({ matchConditions = [] }, i) =>
    matchConditions.flatMap(({ expression = "" }, j) => {
      if (expression.trim() === "" || known.has(expression)) return [];
      const why = whyWrong(engineOf(rules), expression, CONDITION_NAMES);
      const field = `webhooks[${i}].matchConditions[${j}].expression`;
      return why === undefined ? [] : [invalid(field, expression, why)];
    })
  );
}
