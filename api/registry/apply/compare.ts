import { isJsonObject, type JsonObject } from "../../types/json.ts";
import type { AnySchema, ListSchema } from "../../types/schema.ts";
import { isSameJson } from "../same_json.ts";
import { difference, EMPTY, type FieldSet, insert, union } from "./field_set.ts";
import { declaredField, itemsByStep, ownershipOf, schemaBelow } from "./ownership.ts";
import { fieldStep } from "./path_element.ts";

/** Paths that differ between two versions of an object. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const NOTHING: Comparison = { added: EMPTY, modified: EMPTY, removed: EMPTY };

/** What the server says of an object belongs to nobody. Source: apimachinery, managedfields, stripmeta.go. */
export const UNOWNED: FieldSet = {
  "f:apiVersion": EMPTY,
  "f:kind": EMPTY,
  "f:metadata": {
    ".": EMPTY,
    "f:name": EMPTY,
    "f:namespace": EMPTY,
    "f:creationTimestamp": EMPTY,
    "f:selfLink": EMPTY,
    "f:uid": EMPTY,
    "f:generation": EMPTY,
    "f:managedFields": EMPTY,
    "f:resourceVersion": EMPTY,
  },
};

export const withoutUnowned = (set: FieldSet): FieldSet => difference(set, UNOWNED);

/** Containers that are new are in `added` themselves, as are those that are gone in `removed`. */
export function compareObjects(schema: AnySchema, live: object, next: object): Comparison {
  if (live === next) return NOTHING;
  const walk: Walk = { path: [], added: {}, modified: {}, removed: {} };
  compareBelow(walk, schema, live as JsonObject, next as JsonObject);
  const { added, modified, removed } = walk;
  return {
    added: withoutUnowned(added),
    modified: withoutUnowned(modified),
    removed: withoutUnowned(removed),
  };
}

export function changedIn({ added, modified }: Comparison): FieldSet {
  return union(added, modified);
}

interface Walk extends Comparison {
  /** Where the walk stands; it changes all the time. */
  readonly path: string[];
}

/** `undefined` is what is not there. */
function compare(walk: Walk, schema: AnySchema, live: unknown, next: unknown): void {
  if (live === next) return;
  const ownership = ownershipOf(schema, next ?? live);
  const isContainer = ownership !== "whole" && hasSameShape(live, next) &&
    !(isBare(live) && isBare(next));
  if (!isContainer) return compareWhole(walk, live, next);
  if (ownership === "fields") {
    compareBelow(walk, schema, live as JsonObject | undefined, next as JsonObject | undefined);
  } else {
    const isKnown = compareItems(
      walk,
      schema as ListSchema,
      live as unknown[] | undefined,
      next as unknown[] | undefined,
    );
    if (!isKnown) return compareWhole(walk, live, next);
  }
  if (live === undefined) insert(walk.added, walk.path);
  else if (next === undefined) insert(walk.removed, walk.path);
}

function hasSameShape(live: unknown, next: unknown): boolean {
  if (live === undefined || next === undefined) return true;
  return Array.isArray(live) === Array.isArray(next) && isJsonObject(live) === isJsonObject(next);
}

/** Absent or without content: an empty container counts as a value of its own. */
function isBare(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  for (const _ in value) return false;
  return true;
}

function compareWhole(walk: Walk, live: unknown, next: unknown): void {
  if (live === undefined) insert(walk.added, walk.path);
  else if (next === undefined) insert(walk.removed, walk.path);
  else if (!isSameJson(live, next)) insert(walk.modified, walk.path);
}

function compareBelow(
  walk: Walk,
  schema: AnySchema,
  live: JsonObject | undefined,
  next: JsonObject | undefined,
): void {
  for (const name in next) compareField(walk, schema, name, live, next);
  for (const name in live) {
    if (next === undefined || !Object.hasOwn(next, name)) {
      compareField(walk, schema, name, live, next);
    }
  }
}

function compareField(
  walk: Walk,
  schema: AnySchema,
  name: string,
  live: JsonObject | undefined,
  next: JsonObject | undefined,
): void {
  const [before, after] = [own(live, name), own(next, name)];
  if (before === after) return;
  const { path } = walk;
  const zero = zeroOf(schema, name, path.length === 0);
  path.push(fieldStep(name));
  const below = schemaBelow(schema, name);
  compare(walk, below, before ?? (live && zero), after ?? (next && zero));
  path.pop();
}

function own(object: JsonObject | undefined, name: string): unknown {
  return object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Structs of Kubernetes are there, empty, in every object that could hold them, as required lists are. */
function zeroOf(schema: AnySchema, name: string, isTop: boolean): object | undefined {
  const field = declaredField(schema, name);
  if (field === undefined) return undefined;
  const { is } = field.schema;
  if (is === "message" && (isTop || field.isRequired)) return {};
  return is === "list" && field.isRequired ? [] : undefined;
}

/** Items that come twice are compared together. @returns false when an item can't be told from others */
function compareItems(
  walk: Walk,
  schema: ListSchema,
  live: readonly unknown[] = [],
  next: readonly unknown[] = [],
): boolean {
  const [before, after] = [itemsByStep(schema, live), itemsByStep(schema, next)];
  if (before === undefined || after === undefined) return false;
  const { path } = walk;
  for (const step of new Set([...after.keys(), ...before.keys()])) {
    const [old = [], now = []] = [before.get(step), after.get(step)];
    path.push(step);
    const isDouble = old.length > 1 || now.length > 1;
    if (isDouble) compareWhole(walk, orAbsent(old), orAbsent(now));
    else compare(walk, schema.item, old[0], now[0]);
    path.pop();
  }
  return true;
}

const orAbsent = (items: readonly unknown[]) => items.length === 0 ? undefined : items;
