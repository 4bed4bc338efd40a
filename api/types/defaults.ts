import type { JsonObject } from "./json.ts";
import type { AnySchema, Fields, MessageSchema, Schema } from "./schema.ts";

/**
 * Fills the `defaulted` fields of the schema in every message that is present, in place. An empty text
 * counts as absent, as in Kubernetes. Twice is the same as once.
 * @returns `object`, which must be fresh from `decode`: stored objects are shared
 */
export function applyDefaults<T>(schema: Schema<T> & MessageSchema, object: T): T {
  fillerOf(schema)?.(object);
  return object;
}

type Filler = (value: unknown) => void;

/** undefined: nothing under this schema has a default. */
const FILLERS = new WeakMap<AnySchema, Filler | undefined>();

/** A message inside itself is reached through the map, once the outer one is built. */
function fillerOf(schema: AnySchema): Filler | undefined {
  if (FILLERS.has(schema)) return FILLERS.get(schema);
  if (schema.is === "message") FILLERS.set(schema, (value) => FILLERS.get(schema)?.(value));
  const built = build(schema);
  FILLERS.set(schema, built);
  return built;
}

function build(schema: AnySchema): Filler | undefined {
  if (schema.is === "message") {
    return schema.structure === undefined ? messageFiller(schema.fields) : undefined;
  }
  if (schema.is === "list") {
    const fill = fillerOf(schema.item);
    return fill && ((list) => (list as unknown[]).forEach(fill));
  }
  if (schema.is === "map") {
    const fill = fillerOf(schema.value);
    return fill && ((map) => Object.values(map as JsonObject).forEach(fill));
  }
  return undefined;
}

function messageFiller(fields: Fields): Filler | undefined {
  const defaults = Object.entries(fields).flatMap(([name, field]) =>
    field.default === undefined ? [] : [{ name, value: field.default }]
  );
  const inner = Object.entries(fields).flatMap(([name, { schema }]) => {
    const fill = fillerOf(schema);
    return fill === undefined ? [] : [{ name, fill }];
  });
  if (defaults.length + inner.length === 0) return undefined;
  return (message) => {
    const object = message as JsonObject;
    for (const { name, value } of defaults) {
      if (object[name] === undefined || object[name] === "") object[name] = value;
    }
    for (const { name, fill } of inner) if (object[name] !== undefined) fill(object[name]);
  };
}
