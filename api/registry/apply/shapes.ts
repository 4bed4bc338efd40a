import type { JsonObject } from "../../types/json.ts";
import type { AnySchema, ListSchema, MessageSchema } from "../../types/schema.ts";
import { changedIn, compareObjects } from "./compare.ts";
import { type FieldSet, sorted } from "./field_set.ts";
import { declaredField, keysOf, ownershipOf, schemaBelow } from "./ownership.ts";

/** Steps remembered of one type: templates make far fewer. */
const STEPS_MAX = 20_000;

/** A place in the tree of shapes: what was seen so far of an object, in its order. */
interface Place {
  next: Map<unknown, Place> | undefined;
  /** Where an object ends: its fields. */
  fields: FieldSet | undefined;
}

interface Shapes {
  root: Place;
  steps: number;
  readonly walk: Walk;
}

/** Goes on from `at` by the shape of `value`. */
type Walk = (shapes: Shapes, at: Place, value: unknown) => Place;

const SHAPES = new WeakMap<AnySchema, Shapes>();

/**
 * The fields of a new object. Most objects of a cluster come from few templates: the set depends on the shape
 * alone, not on the values. So shapes are remembered as a tree of names and keys, and objects of one shape share
 * their set.
 */
export function shapeFields(schema: AnySchema, object: object): FieldSet {
  const shapes = shapesOf(schema);
  const place = shapes.walk(shapes, shapes.root, object);
  return place.fields ??= sorted(changedIn(compareObjects(schema, {}, object)));
}

function shapesOf(schema: AnySchema): Shapes {
  const known = SHAPES.get(schema);
  if (known !== undefined && known.steps < STEPS_MAX) return known;
  const fresh = { root: newPlace(), steps: 0, walk: known?.walk ?? walkOf(schema) };
  SHAPES.set(schema, fresh);
  return fresh;
}

const newPlace = (): Place => ({ next: undefined, fields: undefined });

function step(shapes: Shapes, at: Place, by: unknown): Place {
  const next = at.next ??= new Map();
  const known = next.get(by);
  if (known !== undefined) return known;
  const made = newPlace();
  next.set(by, made);
  shapes.steps += 1;
  return made;
}

/** Marks that no name or key can be taken for. */
const END = Symbol("end");
const ABSENT = Symbol("absent");

const asIs: Walk = (_shapes, at) => at;
const WALKS = new WeakMap<AnySchema, Walk>();

function walkOf(schema: AnySchema): Walk {
  const known = WALKS.get(schema);
  if (known !== undefined) return known;
  const walk = buildWalk(schema);
  WALKS.set(schema, walk);
  return walk;
}

function buildWalk(schema: AnySchema): Walk {
  if (schema.is === "any") return freeWalk;
  if (ownershipOf(schema, []) === "whole") return asIs;
  if (schema.is === "message") return messageWalk(schema);
  if (schema.is === "list") return listWalk(schema);
  return schema.is === "map" ? mapWalk(schema.value) : asIs;
}

function messageWalk(schema: MessageSchema): Walk {
  const inside = new Map<string, Walk>();
  const walkIn = (name: string): Walk => {
    if (declaredField(schema, name) === undefined) return freeWalk;
    const walk = walkOf(schemaBelow(schema, name));
    inside.set(name, walk);
    return walk;
  };
  return (shapes, at, value) => {
    for (const name in value as JsonObject) {
      const below = (value as JsonObject)[name];
      if (below === undefined) continue;
      at = step(shapes, at, name);
      if (typeof below === "object") at = (inside.get(name) ?? walkIn(name))(shapes, at, below);
    }
    return step(shapes, at, END);
  };
}

function mapWalk(item: AnySchema): Walk {
  return (shapes, at, value) => {
    for (const name in value as JsonObject) {
      const below = (value as JsonObject)[name];
      if (below === undefined) continue;
      at = step(shapes, at, name);
      if (typeof below === "object") at = walkOf(item)(shapes, at, below);
    }
    return step(shapes, at, END);
  };
}

/** What is an object and what is not looks alike in the tree, so it says which. */
function freeWalk(shapes: Shapes, at: Place, value: unknown): Place {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return at;
  return mapWalk({ is: "any" })(shapes, step(shapes, at, "{"), value);
}

function listWalk(schema: ListSchema): Walk {
  const keys = keysOf(schema).map((key) =>
    [key, declaredField(schema.item, key)?.default ?? ABSENT] as const
  );
  return (shapes, at, value) => {
    if (!Array.isArray(value)) return at;
    for (const item of value) {
      const isObject = typeof item === "object" && item !== null;
      if (!isObject) {
        at = step(shapes, at, item);
        continue;
      }
      for (const [key, zero] of keys) at = step(shapes, at, (item as JsonObject)[key] ?? zero);
      at = walkOf(schema.item)(shapes, at, item);
    }
    return step(shapes, at, END);
  };
}
