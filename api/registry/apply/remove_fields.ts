import type { JsonObject } from "../../types/json.ts";
import { setOwn } from "../../types/json.ts";
import type { AnySchema, ListSchema } from "../../types/schema.ts";
import { type FieldSet, isMember } from "./field_set.ts";
import { itemStep, ownershipOf, schemaBelow } from "./ownership.ts";
import { fieldStep } from "./path_element.ts";

/**
 * @returns `value` without the paths of `set`; containers that lose all they had go too
 * Source: structured-merge-diff, typed/remove.go
 */
export function removeFields(schema: AnySchema, value: unknown, set: FieldSet): unknown {
  if (typeof value !== "object" || value === null) return value;
  const ownership = ownershipOf(schema, value);
  if (ownership === "fields") return withoutFields(schema, value as JsonObject, set);
  return ownership === "items"
    ? withoutItems(schema as ListSchema, value as unknown[], set)
    : value;
}

function withoutFields(schema: AnySchema, value: JsonObject, set: FieldSet): unknown {
  const kept: JsonObject = {};
  let isChanged = false;
  for (const name of Object.keys(value)) {
    const node = set[fieldStep(name)];
    const below = node === undefined
      ? value[name]
      : isMember(node)
      ? undefined
      : removeFields(schemaBelow(schema, name), value[name], node);
    if (below !== undefined) setOwn(kept, name, below);
    isChanged ||= below !== value[name];
  }
  if (!isChanged) return value;
  return Object.keys(kept).length === 0 ? undefined : kept;
}

function withoutItems(schema: ListSchema, items: readonly unknown[], set: FieldSet): unknown {
  const kept = items.flatMap((item) => {
    const step = itemStep(schema, item);
    const node = step === undefined ? undefined : set[step];
    if (node === undefined) return [item];
    const below = isMember(node) ? undefined : removeFields(schema.item, item, node);
    return below === undefined ? [] : [below];
  });
  return kept.length === 0 && items.length > 0 ? undefined : kept;
}
