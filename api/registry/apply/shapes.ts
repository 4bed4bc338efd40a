import { isJsonObject, type JsonObject } from "../../types/json.ts";
import type { AnySchema, ListSchema } from "../../types/schema.ts";
import { changedIn, compareObjects } from "./compare.ts";
import { type FieldSet, sorted } from "./field_set.ts";
import { itemStep, ownershipOf, schemaBelow } from "./ownership.ts";

/** Shapes remembered of one type; templates make far fewer. */
const SHAPES_MAX = 500;
const SHAPES = new WeakMap<AnySchema, Map<string, FieldSet>>();

/**
 * The fields of a new object. Most objects of a cluster come from few templates: the set depends on the shape
 * alone, not on the values, and objects of one shape share it.
 */
export function shapeFields(schema: AnySchema, object: object): FieldSet {
  const known = SHAPES.get(schema) ?? new Map<string, FieldSet>();
  const shape = shapeOf(schema, object);
  const found = known.get(shape);
  if (found !== undefined) return found;
  const fields = sorted(changedIn(compareObjects(schema, {}, object)));
  if (known.size >= SHAPES_MAX) known.clear();
  known.set(shape, fields);
  SHAPES.set(schema, known);
  return fields;
}

/** Equal for two objects exactly when they have the same paths in the same order. */
export function shapeOf(schema: AnySchema, value: unknown): string {
  if (typeof value !== "object" || value === null) return "";
  const ownership = ownershipOf(schema, value);
  if (ownership === "fields") return fieldsShape(schema, value as JsonObject);
  if (ownership === "items") return itemsShape(schema as ListSchema, value as unknown[]);
  return "";
}

function fieldsShape(schema: AnySchema, value: JsonObject): string {
  const isDeclared = schema.is === "message";
  let shape = "{";
  for (const name in value) {
    const below = value[name];
    if (below === undefined) continue;
    shape += isDeclared ? name : JSON.stringify(name);
    if (typeof below === "object") shape += shapeOf(schemaBelow(schema, name), below);
    shape += ",";
  }
  return `${shape}}`;
}

function itemsShape(schema: ListSchema, items: readonly unknown[]): string {
  let shape = "[";
  for (const item of items) {
    shape += itemStep(schema, item) ?? "?";
    if (isJsonObject(item)) shape += shapeOf(schema.item, item);
    shape += ",";
  }
  return `${shape}]`;
}
