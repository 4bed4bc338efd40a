/** What server-side apply reads from the declarations: what is owned as a whole, and what by its parts. */
import { isJsonObject } from "../../types/json.ts";
import type { AnySchema, Field, ListSchema } from "../../types/schema.ts";
import { keyStep, valueStep } from "./path_element.ts";

/** `whole`: a scalar, or owned by one manager with all that it holds. */
export type Ownership = "whole" | "fields" | "items";

/** Free JSON is taken as it comes: objects by their fields, lists as a whole. */
export function ownershipOf(schema: AnySchema, value: unknown): Ownership {
  switch (schema.is) {
    case "message":
    case "map":
      return schema.isAtomic ? "whole" : "fields";
    case "list":
      return isMerged(schema) && Array.isArray(value) ? "items" : "whole";
    case "any":
      return isJsonObject(value) ? "fields" : "whole";
    default:
      return "whole";
  }
}

function isMerged({ isAtomic, isSet, isMergedScalars, mapKeys, mergeKey }: ListSchema): boolean {
  if (isAtomic) return false;
  return isSet === true || isMergedScalars === true || mapKeys !== undefined ||
    mergeKey !== undefined;
}

const FREE: AnySchema = { is: "any" };

/** A field that the type declares, as opposed to the key of a map. */
export function declaredField(schema: AnySchema, name: string): Field | undefined {
  if (schema.is !== "message") return undefined;
  return Object.hasOwn(schema.fields, name) ? schema.fields[name] : undefined;
}

/** Of a field, or of an entry of a map. What no declaration knows is free JSON. */
export function schemaBelow(schema: AnySchema, name: string): AnySchema {
  if (schema.is === "map") return schema.value;
  const field = declaredField(schema, name);
  if (field === undefined) return FREE;
  return field.isGranular ? granular(field.schema) : field.schema;
}

const GRANULAR = new WeakMap<AnySchema, AnySchema>();

/** A type that is atomic elsewhere. */
function granular(schema: AnySchema): AnySchema {
  if (schema.is !== "message") return schema;
  const known = GRANULAR.get(schema) ?? { ...schema, isAtomic: false };
  GRANULAR.set(schema, known);
  return known;
}

/** @param step of FieldsV1, in a value of this type */
export function schemaAt(schema: AnySchema, step: string): AnySchema {
  if (step.startsWith("f:")) return schemaBelow(schema, step.slice(2));
  return schema.is === "list" ? schema.item : FREE;
}

export function isDeclared(schema: AnySchema, step: string): boolean {
  return step.startsWith("f:") && declaredField(schema, step.slice(2)) !== undefined;
}

const KEYS = new WeakMap<ListSchema, readonly string[]>();

/** The fields that tell items apart, in the order of their names; [] where items are scalars of a set. */
export function keysOf(list: ListSchema): readonly string[] {
  const known = KEYS.get(list);
  if (known !== undefined) return known;
  const { mapKeys, mergeKey } = list;
  const keys = mapKeys ?? (mergeKey === undefined ? [] : [mergeKey]);
  const sorted = keys.toSorted();
  KEYS.set(list, sorted);
  return sorted;
}

/** The step to an item. A key that is absent counts with its default. @returns undefined without any key */
export function itemStep(list: ListSchema, item: unknown): string | undefined {
  const keys = keysOf(list);
  if (keys.length === 0) return isScalar(item) ? valueStep(item) : undefined;
  if (!isJsonObject(item)) return undefined;
  const said: [string, unknown][] = [];
  for (const key of keys) {
    const value = item[key] ?? declaredField(list.item, key)?.default;
    if (value !== undefined) said.push([key, value]);
  }
  return said.length === 0 ? undefined : keyStep(said);
}

function isScalar(value: unknown): boolean {
  return value !== null && typeof value !== "object" && value !== undefined;
}

/** Items by their steps; the same step may come twice. @returns undefined when an item has none */
export function itemsByStep(
  list: ListSchema,
  items: readonly unknown[],
): Map<string, unknown[]> | undefined {
  const found = new Map<string, unknown[]>();
  for (const item of items) {
    const step = itemStep(list, item);
    if (step === undefined) return undefined;
    const same = found.get(step);
    if (same === undefined) found.set(step, [item]);
    else same.push(item);
  }
  return found;
}
