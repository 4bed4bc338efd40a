import type { JsonObject } from "../../types/json.ts";
import type { AnySchema, ListSchema } from "../../types/schema.ts";
import { withoutUnowned } from "./compare.ts";
import { type FieldSet, insert, withMembers } from "./field_set.ts";
import {
  declaredField,
  isDeclared,
  itemStep,
  ownershipOf,
  schemaAt,
  schemaBelow,
} from "./ownership.ts";
import { fieldStep } from "./path_element.ts";

/**
 * The paths that a configuration names. Declared fields that hold others are not in it themselves, but items of
 * lists and entries of maps are: who names one keeps it there.
 */
export function fieldsOf(schema: AnySchema, config: JsonObject): FieldSet {
  return withoutUnowned(allFieldsOf(schema, config));
}

/** With what belongs to nobody. */
export function allFieldsOf(schema: AnySchema, value: unknown): FieldSet {
  const set: FieldSet = {};
  collect({ set, path: [] }, schema, value);
  return set;
}

interface Walk {
  readonly set: FieldSet;
  readonly path: string[];
}

function collect(walk: Walk, schema: AnySchema, value: unknown): void {
  const ownership = ownershipOf(schema, value);
  if (ownership === "whole" || value === null || typeof value !== "object") {
    if (walk.path.length > 0) insert(walk.set, walk.path);
  } else if (ownership === "fields") collectFields(walk, schema, value as JsonObject);
  else collectItems(walk, schema as ListSchema, value as unknown[]);
}

function collectFields(walk: Walk, schema: AnySchema, value: JsonObject): void {
  for (const name of Object.keys(value)) {
    const below = value[name];
    if (below === undefined) continue;
    walk.path.push(fieldStep(name));
    collect(walk, schemaBelow(schema, name), below);
    const isEntry = declaredField(schema, name) === undefined;
    if (isEntry || isBareObject(below)) insert(walk.set, walk.path);
    walk.path.pop();
  }
}

function isBareObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.keys(value).length === 0;
}

function collectItems(walk: Walk, schema: ListSchema, items: readonly unknown[]): void {
  for (const item of items) {
    const step = itemStep(schema, item);
    if (step === undefined) continue;
    walk.path.push(step);
    collect(walk, schema.item, item);
    insert(walk.set, walk.path);
    walk.path.pop();
  }
}

/** The set with every declared field in it that holds one of its paths: what goes when nobody needs it. */
export function withNamedMembers(schema: AnySchema, set: FieldSet): FieldSet {
  return withMembers(set, schema, { isNamed: isDeclared, enter: schemaAt });
}
