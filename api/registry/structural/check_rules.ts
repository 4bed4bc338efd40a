import { invalid } from "../../types/field_errors.ts";
import type { FieldError } from "../../types/status.ts";
import { celName } from "./cel_values.ts";
import type { RuleEngine } from "./rules.ts";
import {
  isEmbedded,
  isIntOrString,
  isOpen,
  itemsOf,
  propertiesOf,
  type Structural,
  valuesOf,
} from "./schema_nodes.ts";
import { isHeld } from "./unheld_rules.ts";

const RULE_NAMES: readonly string[] = ["self", "oldSelf"];

/** Names that CEL itself has: its types. */
// deno-fmt-ignore
const OWN_NAMES: ReadonlySet<string> = new Set([
  "bool", "bytes", "double", "duration", "dyn", "google", "int", "list", "map", "null_type",
  "string", "timestamp", "type", "uint",
]);

export function hasRules(schema: Structural): boolean {
  if (schema["x-kubernetes-validations"]?.length) return true;
  return childrenOf(schema, "").some(([, below]) => hasRules(below));
}

/**
 * What is wrong with the rules of a schema, which can be said before there is any object: their syntax, names that
 * nobody gives them, fields that the schema does not have.
 */
export function checkRules(
  schema: Structural,
  at: string,
  engine: RuleEngine,
  isRoot = true,
): FieldError[] {
  const own = (schema["x-kubernetes-validations"] ?? []).flatMap((rule, i) => {
    if (!isHeld(rule)) return [];
    const why = whyWrong(engine, rule.rule, RULE_NAMES, { schema, isRoot });
    if (why === undefined) return [];
    return [invalid(`${at}.x-kubernetes-validations[${i}].rule`, rule.rule, why)];
  });
  const below = childrenOf(schema, at)
    .flatMap(([field, child]) => checkRules(child, field, engine, isEmbedded(child)));
  return [...own, ...below];
}

/** @returns undefined for an expression that can be evaluated */
export function whyWrong(
  engine: RuleEngine,
  expression: string,
  names: readonly string[],
  about?: { schema: Structural; isRoot: boolean },
): string | undefined {
  try {
    for (const [name = "", ...fields] of engine.referencesIn(expression)) {
      if (OWN_NAMES.has(name)) continue;
      if (!names.includes(name)) return failed(`undeclared reference to '${name}'`);
      const unknown = about && unknownField(about.schema, fields, about.isRoot);
      if (unknown !== undefined) return failed(`undefined field '${unknown}'`);
    }
    return undefined;
  } catch (error) {
    return failed((error as Error).message);
  }
}

const failed = (why: string) => `compilation failed: ERROR: ${why}`;

function childrenOf(schema: Structural, at: string): [string, Structural][] {
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  return [
    ...propertiesOf(schema).map(([name, below]): [string, Structural] => [
      `${at}.properties[${name}]`,
      below,
    ]),
    ...(items === undefined ? [] : [[`${at}.items`, items] as [string, Structural]]),
    ...(values === undefined
      ? []
      : [[`${at}.additionalProperties`, values] as [string, Structural]]),
  ];
}

/** Of the metadata, rules see the name alone. */
const META_FIELDS: readonly string[] = ["name", "generateName"];

function unknownField(
  schema: Structural,
  fields: readonly string[],
  isRoot: boolean,
): string | undefined {
  const [first = "", second] = fields;
  if (isRoot && (first === "apiVersion" || first === "kind")) return undefined;
  if (isRoot && first === "metadata") {
    return second === undefined || META_FIELDS.includes(second) ? undefined : second;
  }
  let at: Structural = schema;
  for (const field of fields) {
    if (isOpen(at) || isEmbedded(at) || isIntOrString(at)) return undefined;
    const below = propertiesOf(at).find(([name]) => celName(name) === field)?.[1] ?? valuesOf(at);
    if (below === undefined) return field;
    at = below;
  }
  return undefined;
}
