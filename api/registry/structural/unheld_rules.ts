import type { CustomResourceDefinition } from "../../types/apiextensions_v1.ts";
import { itemsOf, propertiesOf, type Structural, valuesOf } from "./schema_nodes.ts";

/** Fields named in one warning. */
const NAMED_MAX = 5;

/** CEL rules are kept and not evaluated: who declares one is told. */
export function rulesOf({ spec }: CustomResourceDefinition): string[] {
  const fields = spec.versions.flatMap(({ name, schema }) =>
    rulesBelow(schema?.openAPIV3Schema ?? {}, "").map((path) => `${name}: ${path || "the object"}`)
  );
  if (fields.length === 0) return [];
  const shown = fields.slice(0, NAMED_MAX).join(", ");
  const more = fields.length > NAMED_MAX ? ` and ${fields.length - NAMED_MAX} more` : "";
  return [`x-kubernetes-validations are stored but not evaluated by this server (${shown}${more})`];
}

function rulesBelow(schema: Structural, path: string): string[] {
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  const own = schema["x-kubernetes-validations"]?.length ? [path] : [];
  return [
    ...own,
    ...propertiesOf(schema).flatMap(([name, below]) =>
      rulesBelow(below, path === "" ? name : `${path}.${name}`)
    ),
    ...(items === undefined ? [] : rulesBelow(items, `${path}[*]`)),
    ...(values === undefined ? [] : rulesBelow(values, `${path}.*`)),
  ];
}
