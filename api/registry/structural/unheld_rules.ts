import type { ValidationRule } from "../../types/apiextensions_schema.ts";
import type { CustomResourceDefinition } from "../../types/apiextensions_v1.ts";
import { itemsOf, propertiesOf, type Structural, valuesOf } from "./schema_nodes.ts";

/** Fields named in one warning. */
const NAMED_MAX = 5;

// deno-fmt-ignore
/** Functions of CEL itself and of its strings. What Kubernetes adds to them is not known here. */
const KNOWN = new Set([
  "has", "all", "exists", "exists_one", "map", "filter", "size", "matches", "startsWith",
  "endsWith", "contains", "string", "int", "uint", "double", "bool", "bytes", "type", "dyn",
  "timestamp", "duration", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear",
  "getFullYear", "getHours", "getMilliseconds", "getMinutes", "getMonth", "getSeconds", "charAt",
  "indexOf", "lastIndexOf", "lowerAscii", "upperAscii", "replace", "split", "substring", "trim",
  "join", "in",
]);

/** Rules with functions that are not known are kept and not evaluated: who declares one is told. */
export function isHeld({ rule, optionalOldSelf }: ValidationRule): boolean {
  if (optionalOldSelf) return false;
  const plain = rule.replaceAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, "''");
  return [...plain.matchAll(/([A-Za-z_]\w*)\s*\(/g)].every(([, name = ""]) => KNOWN.has(name));
}

export function rulesOf({ spec }: CustomResourceDefinition): string[] {
  const fields = spec.versions.flatMap(({ name, schema }) =>
    rulesBelow(schema?.openAPIV3Schema ?? {}, "").map((path) => `${name}: ${path || "the object"}`)
  );
  if (fields.length === 0) return [];
  const shown = fields.slice(0, NAMED_MAX).join(", ");
  const more = fields.length > NAMED_MAX ? ` and ${fields.length - NAMED_MAX} more` : "";
  const why = "call functions that this server does not know, and are stored but not evaluated";
  return [`some x-kubernetes-validations ${why} (${shown}${more})`];
}

function rulesBelow(schema: Structural, path: string): string[] {
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  const own = schema["x-kubernetes-validations"]?.some((rule) => !isHeld(rule)) ? [path] : [];
  return [
    ...own,
    ...propertiesOf(schema).flatMap(([name, below]) =>
      rulesBelow(below, path === "" ? name : `${path}.${name}`)
    ),
    ...(items === undefined ? [] : rulesBelow(items, `${path}[*]`)),
    ...(values === undefined ? [] : rulesBelow(values, `${path}.*`)),
  ];
}
