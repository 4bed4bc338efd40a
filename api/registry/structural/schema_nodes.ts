/** What the files of this folder read of a structural schema: objects have properties or values of one sort. */
import type { JSONSchemaProps } from "../../types/apiextensions_schema.ts";

export type Structural = Readonly<JSONSchemaProps>;

/** Fields that an object inside another has without saying so. */
export const OBJECT_FIELDS: readonly string[] = ["apiVersion", "kind", "metadata"];

export function isOpen(schema: Structural): boolean {
  return schema["x-kubernetes-preserve-unknown-fields"] === true;
}

export function isEmbedded(schema: Structural): boolean {
  return schema["x-kubernetes-embedded-resource"] === true;
}

export function isIntOrString(schema: Structural): boolean {
  return schema["x-kubernetes-int-or-string"] === true;
}

export function isNullable({ nullable }: Structural): boolean {
  return nullable === true;
}

export function propertiesOf({ properties = {} }: Structural): [string, Structural][] {
  return Object.entries(properties);
}

/** The schema of the items; lists of several schemas are refused before. */
export function itemsOf({ items }: Structural): Structural | undefined {
  return items === undefined || Array.isArray(items) ? undefined : items;
}

/** The schema of values whose names are not declared; `true` allows anything. */
export function valuesOf({ additionalProperties: more }: Structural): Structural | undefined {
  if (more === true) return { "x-kubernetes-preserve-unknown-fields": true };
  return more === false ? undefined : more;
}

/** Without a default, and with one that is null, nothing is filled in. */
export function defaultOf(schema: Structural): unknown {
  return schema.default === null ? undefined : schema.default;
}
