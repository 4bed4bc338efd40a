import { isJsonObject } from "../../types/json.ts";
import { isIntOrString, itemsOf, type Structural, valuesOf } from "./schema_nodes.ts";

// deno-fmt-ignore
/** Source: k8s.io/apiserver, pkg/cel/escaping.go: words of CEL that fields may be named by. */
const WORDS = new Set([
  "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function",
  "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
]);

/** A value as rules see it: whole numbers are integers, and fields have names that CEL can read. */
export function celValueOf(value: unknown, schema: Structural | undefined): unknown {
  if (typeof value === "number") return isWhole(value, schema) ? BigInt(value) : value;
  if (Array.isArray(value)) {
    const items = schema && itemsOf(schema);
    return value.map((item) => celValueOf(item, items));
  }
  if (!isJsonObject(value)) return value;
  const { properties = {} } = schema ?? {};
  const values = schema && valuesOf(schema);
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) =>
      Object.hasOwn(properties, name)
        ? [celName(name), celValueOf(one, properties[name])]
        : [name, celValueOf(one, values)]
    ),
  );
}

/** What has no type is a whole number where it looks like one. */
function isWhole(value: number, schema: Structural | undefined): boolean {
  if (!Number.isSafeInteger(value)) return false;
  const { type = "" } = schema ?? {};
  return type !== "number" || (schema !== undefined && isIntOrString(schema));
}

export function celName(name: string): string {
  if (WORDS.has(name)) return `__${name}__`;
  return name.replaceAll("__", "__underscores__").replaceAll(".", "__dot__")
    .replaceAll("-", "__dash__").replaceAll("/", "__slash__");
}
