/** A structural schema in the terms of the schema language: what server-side apply reads of it. */
import { ObjectMeta } from "../../types/meta.ts";
import type { AnySchema, Field, ListSchema, MessageSchema } from "../../types/schema.ts";
import { defaultOf, itemsOf, propertiesOf, type Structural, valuesOf } from "./schema_nodes.ts";

const FREE: AnySchema = { is: "any" };

/** @param name in OpenAPI documents */
export function declareObject(name: string, schema: Structural): MessageSchema {
  const { metadata: _, ...properties } = schema.properties ?? {};
  const { fields } = messageOf(name, { ...schema, properties });
  return {
    is: "message",
    name,
    isAtomic: false,
    fields: {
      apiVersion: field({ is: "string" }),
      kind: field({ is: "string" }),
      metadata: { ...field(ObjectMeta), isRequired: true, isAlways: true },
      ...fields,
    },
  };
}

function field(schema: AnySchema): Field {
  return { number: 0, schema, isRequired: false };
}

function messageOf(name: string, schema: Structural): MessageSchema {
  const fields = propertiesOf(schema).map(([property, below]): [string, Field] => {
    const value = defaultOf(below);
    const declared = field(declare(`${name}.${property}`, below));
    return [property, isScalar(value) ? { ...declared, default: value } : declared];
  });
  return { is: "message", name, fields: Object.fromEntries(fields), isAtomic: isWhole(schema) };
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

const isWhole = (schema: Structural) => schema["x-kubernetes-map-type"] === "atomic";

/** Scalars are free: their types are for validation, which says more of them. */
function declare(name: string, schema: Structural): AnySchema {
  const items = itemsOf(schema);
  if (items !== undefined) return listOf(schema, declare(`${name}.items`, items));
  const values = valuesOf(schema);
  if (values !== undefined) {
    return { is: "map", value: declare(`${name}.values`, values), isAtomic: isWhole(schema) };
  }
  const isObject = schema.type === "object" || schema.properties !== undefined;
  return isObject ? messageOf(name, schema) : FREE;
}

function listOf(schema: Structural, item: AnySchema): ListSchema {
  switch (schema["x-kubernetes-list-type"]) {
    case "set":
      return { is: "list", item, isSet: true };
    case "map":
      return { is: "list", item, mapKeys: schema["x-kubernetes-list-map-keys"] ?? [] };
    default:
      return { is: "list", item, isAtomic: true };
  }
}
