import { MISTAKES_MAX } from "../../types/decode.ts";
import { FieldPath } from "../../types/field_path.ts";
import {
  isDeeperThan,
  isJsonObject,
  JSON_DEPTH_MAX,
  type JsonObject,
  setOwn,
} from "../../types/json.ts";
import {
  defaultOf,
  isEmbedded,
  isNullable,
  isOpen,
  itemsOf,
  OBJECT_FIELDS,
  propertiesOf,
  type Structural,
  valuesOf,
} from "./schema_nodes.ts";

/** What was read. Values of wrong types are in `object`: validation names them. */
export interface ReadStructure {
  readonly object: JsonObject;
  /** Full paths of fields that the schema does not know, in the order of the input. */
  readonly unknown: readonly string[];
  readonly isTooDeep: boolean;
}

interface Walk {
  readonly path: FieldPath;
  readonly unknown: string[];
}

/** @returns a value that shares with the given one what the schema leaves free */
type Reader = (value: unknown, walk: Walk) => unknown;

/**
 * Reads everything but metadata: unknown fields are left out, nulls that may not be are absent, and defaults are
 * filled in.
 * Source: apiextensions-apiserver, pkg/apiserver/schema/pruning and defaulting
 */
export function structureReader(schema: Structural): (json: JsonObject) => ReadStructure {
  const { metadata: _, ...properties } = schema.properties ?? {};
  const read = objectReader({
    ...schema,
    properties: { apiVersion: TEXT, kind: TEXT, ...properties },
  });
  return (json) => {
    if (isDeeperThan(JSON_DEPTH_MAX, json)) return { object: {}, unknown: [], isTooDeep: true };
    const walk: Walk = { path: new FieldPath(), unknown: [] };
    const { metadata: _, ...rest } = json;
    const object = read(rest, walk) as JsonObject;
    return { object, unknown: walk.unknown, isTooDeep: false };
  };
}

const TEXT: Structural = { type: "string" };

function readerOf(schema: Structural): Reader {
  const items = itemsOf(schema);
  if (items !== undefined) return listReader(readerOf(items));
  const isObject = schema.type === "object" || schema.properties !== undefined ||
    valuesOf(schema) !== undefined;
  return isObject ? objectReader(schema) : (value) => value;
}

function listReader(read: Reader): Reader {
  return (value, walk) => {
    if (!Array.isArray(value)) return value;
    return value.map((item, i) => {
      walk.path.enter(i);
      const found = read(item, walk);
      walk.path.leave();
      return found;
    });
  };
}

interface Property {
  readonly read: Reader;
  readonly isNullable: boolean;
}

interface ObjectPlan {
  readonly properties: ReadonlyMap<string, Property>;
  readonly defaults: readonly (readonly [string, unknown])[];
  readonly values: Property | undefined;
  /** Names that are kept though nothing declares them. */
  readonly keeps: (name: string) => boolean;
}

function objectReader(schema: Structural): Reader {
  const plan = planOf(schema);
  return (value, walk) => isJsonObject(value) ? readObject(plan, value, walk) : value;
}

function planOf(schema: Structural): ObjectPlan {
  const properties = new Map(
    propertiesOf(schema).map(([name, below]) => [name, propertyOf(below)] as const),
  );
  const values = valuesOf(schema);
  return {
    properties,
    defaults: propertiesOf(schema).flatMap(([name, below]) => {
      const value = defaultOf(below);
      return value === undefined ? [] : [[name, filled(properties.get(name)!, value)] as const];
    }),
    values: values && propertyOf(values),
    keeps: isOpen(schema)
      ? () => true
      : isEmbedded(schema)
      ? (name) => OBJECT_FIELDS.includes(name)
      : () => false,
  };
}

function propertyOf(schema: Structural): Property {
  return { read: readerOf(schema), isNullable: isNullable(schema) };
}

/** Defaults inside a default are filled in once, here. */
function filled({ read }: Property, value: unknown): unknown {
  return read(value, { path: new FieldPath(), unknown: [] });
}

function readObject(plan: ObjectPlan, value: JsonObject, walk: Walk): JsonObject {
  const object: JsonObject = {};
  for (const name of Object.keys(value)) {
    const found = value[name];
    const property = plan.properties.get(name) ?? plan.values;
    if (property !== undefined) {
      if (found === undefined || found === null && !property.isNullable) continue;
      walk.path.enter(name);
      setOwn(object, name, property.read(found, walk));
      walk.path.leave();
    } else if (plan.keeps(name)) setOwn(object, name, found);
    else if (walk.unknown.length < MISTAKES_MAX) walk.unknown.push(walk.path.toString(name));
  }
  for (const [name, wanted] of plan.defaults) {
    if (!Object.hasOwn(object, name)) setOwn(object, name, copyOf(wanted));
  }
  return object;
}

function copyOf(value: unknown): unknown {
  return typeof value === "object" ? structuredClone(value) : value;
}
