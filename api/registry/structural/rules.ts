import { fieldError } from "../../types/field_errors.ts";
import { isJsonObject, type JsonObject } from "../../types/json.ts";
import type { FieldError } from "../../types/status.ts";
import type { ValidationRule } from "../../types/apiextensions_schema.ts";
import { celValueOf } from "./cel_values.ts";
import { isHeld } from "./unheld_rules.ts";
import { itemsOf, propertiesOf, type Structural, valuesOf } from "./schema_nodes.ts";

/** Evaluates expressions in CEL. It is large, and loaded when the first definition has rules. */
export interface RuleEngine {
  /** @returns what the expression gives for the values of its names; it throws what is wrong with it */
  compile(expression: string): (names: Readonly<Record<string, unknown>>) => unknown;
  /**
   * The names that an expression reads, each with the fields below it: `self.spec.size` is ["self", "spec", "size"].
   * @throws {Error} what is wrong with its syntax
   */
  referencesIn(expression: string): readonly (readonly string[])[];
}

export interface Rules {
  /** Resolves when `engine` has one. */
  ready(): Promise<void>;
  readonly engine: RuleEngine | undefined;
}

/** An engine is needed that is not there yet: whoever began may wait for it, and begin again. */
export class RulesAreLoading extends Error {
  constructor(readonly loading: Promise<void>) {
    super("rules are being loaded");
  }
}

/** @throws {RulesAreLoading} */
export function engineOf(rules: Rules): RuleEngine {
  if (rules.engine === undefined) throw new RulesAreLoading(rules.ready());
  return rules.engine;
}

/** Rules that are evaluated for one object: lists multiply them. */
const EVALUATIONS_MAX = 10_000;

interface Walk {
  readonly errors: FieldError[];
  left: number;
}

/** `old` is undefined where the value is new; `isTransition` asks for the rules about changes, and no others. */
interface At {
  readonly path: string;
  readonly value: unknown;
  readonly old: unknown;
  readonly isTransition: boolean;
}

type Check = (at: At, walk: Walk) => void;

/**
 * Holds the rules of a schema. Without `old` those that look at the object alone, with it those that name `oldSelf`.
 * Source: apiextensions-apiserver, pkg/apiserver/schema/cel
 * @returns undefined where the schema has no rules
 */
export function ruleValidator(
  schema: Structural,
  rules: Rules,
): ((object: JsonObject, old?: JsonObject) => FieldError[]) | undefined {
  const check = checkOf(schema, rules);
  if (check === undefined) return undefined;
  return (object, old) => {
    const walk: Walk = { errors: [], left: EVALUATIONS_MAX };
    check({ path: "", value: object, old, isTransition: old !== undefined }, walk);
    return walk.errors;
  };
}

function checkOf(schema: Structural, rules: Rules): Check | undefined {
  const own = (schema["x-kubernetes-validations"] ?? []).filter(isHeld)
    .map((rule) => ruleCheck(rule, schema, rules));
  const below = [...propertyChecks(schema, rules), ...childChecks(schema, rules)];
  const checks = [...own, ...below];
  if (checks.length === 0) return undefined;
  return (at, walk) => {
    if (at.value === undefined || at.value === null) return;
    for (const check of checks) check(at, walk);
  };
}

function propertyChecks(schema: Structural, rules: Rules): Check[] {
  return propertiesOf(schema).flatMap(([name, below]): Check[] => {
    const check = checkOf(below, rules);
    if (check === undefined) return [];
    return [({ path, value, old, isTransition }, walk) => {
      if (!isJsonObject(value)) return;
      const before = isJsonObject(old) ? old[name] : undefined;
      const inside = path === "" ? name : `${path}.${name}`;
      check({ path: inside, value: value[name], old: before, isTransition }, walk);
    }];
  });
}

/** Of lists and maps. Items of a list are the same as before where its keys say so. */
function childChecks(schema: Structural, rules: Rules): Check[] {
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  const ofItem = items && checkOf(items, rules);
  const ofValue = values && checkOf(values, rules);
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  return [
    ...(ofItem === undefined ? [] : [({ path, value, old, isTransition }: At, walk: Walk) => {
      if (!Array.isArray(value)) return;
      value.forEach((item, i) => {
        const before = keys.length > 0 ? sameByKeys(item, old, keys) : undefined;
        ofItem({ path: `${path}[${i}]`, value: item, old: before, isTransition }, walk);
      });
    }]),
    ...(ofValue === undefined ? [] : [({ path, value, old, isTransition }: At, walk: Walk) => {
      if (!isJsonObject(value)) return;
      for (const [key, one] of Object.entries(value)) {
        const before = isJsonObject(old) ? old[key] : undefined;
        ofValue({ path: `${path}[${key}]`, value: one, old: before, isTransition }, walk);
      }
    }]),
  ];
}

function sameByKeys(item: unknown, old: unknown, keys: readonly string[]): unknown {
  if (!isJsonObject(item) || !Array.isArray(old)) return undefined;
  return old.find((one) => isJsonObject(one) && keys.every((key) => one[key] === item[key]));
}

function ruleCheck(rule: ValidationRule, schema: Structural, rules: Rules): Check {
  const isAboutChange = /\boldSelf\b/.test(rule.rule);
  let holds: ReturnType<RuleEngine["compile"]> | undefined;
  return ({ path, value, old, isTransition }, walk) => {
    if (isAboutChange !== isTransition || isTransition && old === undefined) return;
    const names = { self: celValueOf(value, schema), oldSelf: celValueOf(old, schema) };
    const engine = engineOf(rules);
    const tell = (detail: string) =>
      walk.errors.push(errorOf(rule, { path, value, schema, detail }));
    if (walk.left-- <= 0) return void tell("validation failed: too many rules to evaluate");
    try {
      holds ??= engine.compile(rule.rule);
      if (holds(names) !== true) tell(messageOf(rule, engine, names));
    } catch (error) {
      const detail = `rule evaluation error: ${(error as Error).message}`;
      walk.errors.push(errorOf({ rule: rule.rule }, { path, value, schema, detail }));
    }
  };
}

function messageOf(
  { rule, message, messageExpression }: ValidationRule,
  engine: RuleEngine,
  names: Readonly<Record<string, unknown>>,
): string {
  const usual = message ?? `failed rule: ${rule.trim()}`;
  if (messageExpression === undefined) return usual;
  try {
    const said = engine.compile(messageExpression)(names);
    return typeof said === "string" && said.trim() !== "" ? said : usual;
  } catch {
    return usual; // as Kubernetes: a message that can't be made does not hide what is wrong
  }
}

function errorOf(
  { fieldPath = "", reason = "FieldValueInvalid" }: ValidationRule,
  { path, value, schema, detail }: {
    path: string;
    value: unknown;
    schema: Structural;
    detail: string;
  },
): FieldError {
  const field = `${path}${fieldPath}`.replace(/^\./, "") || "<nil>";
  if (reason === "FieldValueRequired") return fieldError(reason, field, "Required value", detail);
  if (reason === "FieldValueForbidden") return fieldError(reason, field, "Forbidden", detail);
  if (reason === "FieldValueDuplicate") {
    return fieldError(reason, field, `Duplicate value: ${JSON.stringify(value)}`, "");
  }
  return fieldError(reason, field, `Invalid value: "${schema.type ?? "object"}"`, detail);
}
