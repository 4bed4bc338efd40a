/**
 * The definitions of OpenAPI 2 in the form in which Go clients read them: kubectl's
 * `explain --output=plaintext-openapiv2`, and clients that take lists apart. Paths are left out: nobody reads them.
 * Source of names and numbers: github.com/google/gnostic, openapiv2/OpenAPIv2.proto.
 */
import { isJsonObject, type JsonObject } from "../types/json.ts";
import { encodeProtobuf } from "../types/protobuf.ts";
import {
  boolean,
  double,
  int64,
  list,
  type MessageSchema,
  messagesOf,
  optional,
  recursive,
  type Schema as Typed,
  string,
} from "../types/schema.ts";

const message = messagesOf("openapi.v2");

const Any = message("Any", { yaml: optional(2, string) });
const NamedAny = message("NamedAny", { name: optional(1, string), value: optional(2, Any) });
const TypeItem = message("TypeItem", { value: optional(1, list(string)) });

const SCALARS = {
  format: optional(2, string),
  title: optional(3, string),
  description: optional(4, string),
  multipleOf: optional(6, double),
  maximum: optional(7, double),
  exclusiveMaximum: optional(8, boolean),
  minimum: optional(9, double),
  exclusiveMinimum: optional(10, boolean),
  maxLength: optional(11, int64),
  minLength: optional(12, int64),
  pattern: optional(13, string),
  maxItems: optional(14, int64),
  minItems: optional(15, int64),
  uniqueItems: optional(16, boolean),
  maxProperties: optional(17, int64),
  minProperties: optional(18, int64),
  required: optional(19, list(string)),
};

/** Named schemas: of a document its definitions, of a schema its properties. */
const namedSchemas = (schema: Recursive) => {
  const one = message("NamedSchema", { name: optional(1, string), value: optional(2, schema) });
  return message("Definitions", { all: optional(1, list(one)) });
};
const itemsOf = (schema: Recursive) => message("ItemsItem", { schema: optional(1, list(schema)) });
const additionalOf = (schema: Recursive) =>
  message("AdditionalPropertiesItem", {
    schema: optional(1, schema),
    boolean: optional(2, boolean),
  });

type Recursive = Typed<JsonObject> & MessageSchema;

const Schema: Recursive = recursive("openapi.v2.Schema", (self: Recursive) => ({
  _ref: optional(1, string),
  ...SCALARS,
  default: optional(5, Any),
  enum: optional(20, list(Any)),
  additionalProperties: optional(21, additionalOf(self)),
  type: optional(22, TypeItem),
  items: optional(23, itemsOf(self)),
  properties: optional(25, namedSchemas(self)),
  vendorExtension: optional(31, list(NamedAny)),
}));
const Info = message("Info", { title: optional(1, string), version: optional(2, string) });
const Document = message("Document", {
  swagger: optional(1, string),
  info: optional(2, Info),
  definitions: optional(9, namedSchemas(Schema)),
});

/** Deeper schemas of custom kinds are cut off: an object of anything. */
const DEPTH_MAX = 24;

/** @param document as `openApiV2` makes it */
export function openApiV2Protobuf(document: JsonObject): Uint8Array {
  const { swagger, info, definitions } = document;
  return encodeProtobuf(Document, { swagger, info, definitions: namedIn(definitions, 0) });
}

function namedIn(definitions: unknown, depth: number): JsonObject {
  if (!isJsonObject(definitions)) return {};
  const all = Object.entries(definitions).map(([name, value]) => ({
    name,
    value: schemaOf(value, depth),
  }));
  return { all };
}

function schemaOf(json: unknown, depth: number): JsonObject {
  if (!isJsonObject(json)) return {};
  const { $ref, type, items, properties, additionalProperties } = json;
  if (typeof $ref === "string") return { _ref: $ref, ...describedBy(json) };
  return {
    ...scalarsIn(json),
    ...(json["default"] !== undefined && { default: anyOf(json["default"]) }),
    ...(Array.isArray(json["enum"]) && { enum: json["enum"].map(anyOf) }),
    ...(typeof type === "string" && { type: { value: [type] } }),
    ...(depth < DEPTH_MAX && {
      ...(isJsonObject(items) && { items: { schema: [schemaOf(items, depth + 1)] } }),
      ...(isJsonObject(properties) && { properties: namedIn(properties, depth + 1) }),
      ...(isJsonObject(additionalProperties) &&
        { additionalProperties: { schema: schemaOf(additionalProperties, depth + 1) } }),
    }),
    ...(additionalProperties === true && { additionalProperties: { boolean: true } }),
    vendorExtension: extensionsOf(json),
  };
}

/** What may stand beside a reference. */
function describedBy(json: JsonObject): JsonObject {
  const { description } = json;
  return {
    ...(typeof description === "string" && { description }),
    vendorExtension: extensionsOf(json),
  };
}

function scalarsIn(json: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.keys(SCALARS).filter((name) => json[name] !== undefined)
      .map((name) => [name, json[name]]),
  );
}

function extensionsOf(json: JsonObject): JsonObject[] {
  return Object.entries(json).filter(([name]) => name.startsWith("x-"))
    .map(([name, value]) => ({ name, value: anyOf(value) }));
}

/** JSON is YAML too. */
const anyOf = (value: unknown): JsonObject => ({ yaml: JSON.stringify(value) });
