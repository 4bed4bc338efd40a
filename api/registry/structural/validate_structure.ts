import { duplicate, notSupported, required, tooLong, tooMany } from "../../types/field_errors.ts";
import { FieldPath } from "../../types/field_path.ts";
import { isJsonObject, type JsonObject } from "../../types/json.ts";
import type { FieldError } from "../../types/status.ts";
import { isSameJson } from "../same_json.ts";
import { isOfFormat } from "./formats.ts";
import {
  isEmbedded,
  isIntOrString,
  isNullable,
  itemsOf,
  propertiesOf,
  type Structural,
  valuesOf,
} from "./schema_nodes.ts";

interface Walk {
  readonly path: FieldPath;
  errors: FieldError[];
}

type Check = (value: unknown, walk: Walk) => void;

/**
 * Every error of a value at once, in Kubernetes's words. Compiled once for each schema.
 * Source: apiextensions-apiserver, pkg/apiserver/validation; kube-openapi, pkg/validation/validate
 * @param at where the value stands in its object, for defaults of a schema
 */
export function structureValidator(
  schema: Structural,
): (value: unknown, at?: string) => FieldError[] {
  const check = checkOf(schema);
  return (value, at = "") => {
    const walk: Walk = { path: new FieldPath(), errors: [] };
    if (at !== "") walk.path.enter(at);
    check(value, walk);
    return walk.errors;
  };
}

function checkOf(schema: Structural): Check {
  const ofType = typeCheck(schema);
  const checks = [
    ...enumChecks(schema),
    ...numberChecks(schema),
    ...textChecks(schema),
    ...listChecks(schema),
    ...objectChecks(schema),
    ...junctionChecks(schema),
  ];
  const isNullFine = isNullable(schema);
  return (value, walk) => {
    if (value === null && isNullFine) return;
    if (ofType !== undefined && !ofType(value, walk)) return;
    for (const check of checks) check(value, walk);
  };
}

/** @returns false when the value has a wrong type, which the walk then knows */
function typeCheck(schema: Structural): ((value: unknown, walk: Walk) => boolean) | undefined {
  const { type = "" } = schema;
  if (isIntOrString(schema)) {
    return typed("integer,string", (actual) => actual === "integer" || actual === "string");
  }
  if (type === "") return undefined;
  if (type === "number") {
    return typed(type, (actual) => actual === "number" || actual === "integer");
  }
  return typed(type, (actual) => actual === type);
}

function typed(wanted: string, fits: (actual: string) => boolean) {
  return (value: unknown, walk: Walk): boolean => {
    const actual = typeOf(value);
    if (fits(actual)) return true;
    const field = walk.path.toString();
    const why = `${inBody(walk)} must be of type ${wanted}: ${JSON.stringify(actual)}`;
    const message = `Invalid value: ${JSON.stringify(actual)}: ${why}`;
    walk.errors.push({ field: field || "<nil>", reason: "FieldValueTypeInvalid", message });
    return false;
  };
}

/** As JSON schema calls it. */
function typeOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function inBody({ path }: Walk): string {
  return `${path.toString()} in body`.trimStart();
}

function refuse(walk: Walk, value: unknown, why: string): void {
  walk.errors.push({
    field: walk.path.toString() || "<nil>",
    reason: "FieldValueInvalid",
    message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
  });
}

function enumChecks({ enum: values }: Structural): Check[] {
  if (values === undefined || values.length === 0) return [];
  const shown = values.map((value) => typeof value === "string" ? value : JSON.stringify(value));
  return [(value, { path, errors }) => {
    if (values.some((one) => isSameJson(one, value))) return;
    errors.push(notSupported(path.toString(), value, shown));
  }];
}

const INTEGER_BITS: Readonly<Record<string, number>> = { int32: 2 ** 31, int64: 2 ** 63 };

function numberChecks(schema: Structural): Check[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format = "" } = schema;
  const rules: [(value: number) => boolean, string][] = [];
  if (minimum !== undefined) {
    rules.push(
      exclusiveMinimum
        ? [(value) => value > minimum, `should be greater than ${minimum}`]
        : [(value) => value >= minimum, `should be greater than or equal to ${minimum}`],
    );
  }
  if (maximum !== undefined) {
    rules.push(
      exclusiveMaximum
        ? [(value) => value < maximum, `should be less than ${maximum}`]
        : [(value) => value <= maximum, `should be less than or equal to ${maximum}`],
    );
  }
  if (multipleOf !== undefined && multipleOf > 0) {
    const isMultiple = (value: number) =>
      Math.abs(Math.round(value / multipleOf) - value / multipleOf) < 1e-9;
    rules.push([isMultiple, `should be a multiple of ${multipleOf}`]);
  }
  const bound = Object.hasOwn(INTEGER_BITS, format) ? INTEGER_BITS[format]! : Infinity;
  if (bound < Infinity) {
    rules.push([(value) => value >= -bound && value < bound, `must be of type ${format}`]);
  }
  if (rules.length === 0) return [];
  return [(value, walk) => {
    if (typeof value !== "number") return;
    for (const [holds, why] of rules) {
      if (!holds(value)) refuse(walk, value, `${inBody(walk)} ${why}`);
    }
  }];
}

function textChecks({ minLength, maxLength, pattern, format = "" }: Structural): Check[] {
  const hasRule = minLength !== undefined || maxLength !== undefined || pattern !== undefined ||
    format !== "";
  if (!hasRule) return [];
  const expression = pattern === undefined ? undefined : expressionOf(pattern);
  return [(value, walk) => {
    if (typeof value !== "string") return;
    const needsLength = minLength !== undefined || maxLength !== undefined;
    const length = needsLength ? [...value].length : 0;
    if (maxLength !== undefined && length > maxLength) {
      walk.errors.push(tooLong(walk.path.toString(), maxLength));
    }
    if (minLength !== undefined && length < minLength) {
      refuse(walk, value, `${inBody(walk)} should be at least ${minLength} chars long`);
    }
    if (expression !== undefined && !expression.test(value)) {
      refuse(walk, value, `${inBody(walk)} should match '${pattern}'`);
    }
    if (format !== "" && !isOfFormat(format, value)) {
      refuse(walk, value, `${inBody(walk)} must be of type ${format}: ${JSON.stringify(value)}`);
    }
  }];
}

/** @returns undefined for what is no expression: the definition was refused, or is older than the rule */
export function expressionOf(pattern: string): RegExp | undefined {
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(pattern, flags);
    } catch {
      // not in this dialect
    }
  }
  return undefined;
}

function listChecks(schema: Structural): Check[] {
  const { minItems, maxItems } = schema;
  const items = itemsOf(schema);
  const check = items && checkOf(items);
  const doubles = doublesCheck(schema);
  if (check === undefined && minItems === undefined && maxItems === undefined) return [];
  return [(value, walk) => {
    if (!Array.isArray(value)) return;
    if (maxItems !== undefined && value.length > maxItems) {
      walk.errors.push(tooMany(walk.path.toString(), value.length, maxItems));
    }
    if (minItems !== undefined && value.length < minItems) {
      refuse(walk, value.length, `${inBody(walk)} should have at least ${minItems} items`);
    }
    if (check !== undefined) value.forEach((item, i) => within(walk, i, () => check(item, walk)));
    doubles?.(value, walk);
  }];
}

function within(walk: Walk, step: string | number, act: () => void): void {
  walk.path.enter(step);
  act();
  walk.path.leave();
}

/** Items of sets and maps must differ. Source: apiextensions-apiserver, pkg/apiserver/schema/listtype. */
function doublesCheck(schema: Structural): ((list: unknown[], walk: Walk) => void) | undefined {
  const type = schema["x-kubernetes-list-type"];
  if (type !== "set" && type !== "map") return undefined;
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const { properties = {} } = itemsOf(schema) ?? {};
  const identityOf = (item: unknown): unknown => {
    if (type === "set" || !isJsonObject(item)) return item;
    const said = keys.map((key) => [key, item[key] ?? properties[key]?.default]);
    return Object.fromEntries(said.filter(([, value]) => value !== undefined));
  };
  return (list, walk) => {
    const seen = new Set<string>();
    list.forEach((item, i) => {
      const identity = identityOf(item);
      const text = JSON.stringify(identity);
      if (seen.has(text)) walk.errors.push(duplicate(`${walk.path.toString()}[${i}]`, identity));
      seen.add(text);
    });
  };
}

function objectChecks(schema: Structural): Check[] {
  const { minProperties, maxProperties } = schema;
  const needed = schema.required ?? [];
  const properties = new Map(
    propertiesOf(schema).map(([name, below]) => [name, checkOf(below)] as const),
  );
  const values = valuesOf(schema);
  const ofValues = values && checkOf(values);
  const embedded = isEmbedded(schema) ? ["apiVersion", "kind"] : [];
  const hasCounts = minProperties !== undefined || maxProperties !== undefined;
  const isFree = needed.length + properties.size + embedded.length === 0 && !ofValues && !hasCounts;
  if (isFree) return [];
  return [(value, walk) => {
    if (!isJsonObject(value)) return;
    if (hasCounts) checkCounts(value, schema, walk);
    for (const name of needed) {
      if (value[name] === undefined) walk.errors.push(required(walk.path.toString(name)));
    }
    for (const name of embedded) {
      if (typeof value[name] === "string" && value[name] !== "") continue;
      walk.errors.push(required(walk.path.toString(name), "must not be empty"));
    }
    for (const name of Object.keys(value)) {
      const check = properties.get(name) ?? ofValues;
      if (check === undefined || value[name] === undefined) continue;
      walk.path.enter(name);
      check(value[name], walk);
      walk.path.leave();
    }
  }];
}

function checkCounts(value: JsonObject, { minProperties, maxProperties }: Structural, walk: Walk) {
  const count = Object.keys(value).length;
  if (maxProperties !== undefined && count > maxProperties) {
    walk.errors.push(tooMany(walk.path.toString(), count, maxProperties));
  }
  if (minProperties !== undefined && count < minProperties) {
    refuse(walk, count, `${inBody(walk)} should have at least ${minProperties} properties`);
  }
}

function junctionChecks({ allOf, anyOf, oneOf, not }: Structural): Check[] {
  return [
    ...(allOf ?? []).map(checkOf),
    ...(anyOf?.length ? [anyCheck(anyOf.map(checkOf))] : []),
    ...(oneOf?.length ? [oneCheck(oneOf.map(checkOf))] : []),
    ...(not === undefined ? [] : [notCheck(checkOf(not))]),
  ];
}

function holds(check: Check, value: unknown, { path }: Walk): boolean {
  const aside: Walk = { path, errors: [] };
  check(value, aside);
  return aside.errors.length === 0;
}

const quotedPath = ({ path }: Walk) => JSON.stringify(path.toString());

function anyCheck(checks: readonly Check[]): Check {
  return (value, walk) => {
    if (checks.some((check) => holds(check, value, walk))) return;
    refuse(walk, value, `${quotedPath(walk)} must validate at least one schema (anyOf)`);
  };
}

function oneCheck(checks: readonly Check[]): Check {
  return (value, walk) => {
    const count = checks.filter((check) => holds(check, value, walk)).length;
    if (count === 1) return;
    const found = count === 0 ? "Found none valid" : `Found ${count} valid alternatives`;
    refuse(
      walk,
      value,
      `${quotedPath(walk)} must validate one and only one schema (oneOf). ${found}`,
    );
  };
}

function notCheck(check: Check): Check {
  return (value, walk) => {
    if (!holds(check, value, walk)) return;
    refuse(walk, value, `${quotedPath(walk)} must not validate the schema (not)`);
  };
}
