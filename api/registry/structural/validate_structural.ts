import { describe, forbidden, invalid, notSupported, required } from "../../types/field_errors.ts";
import type { FieldError } from "../../types/status.ts";
import { isSameJson } from "../same_json.ts";
import { structureReader } from "./read_structure.ts";
import {
  defaultOf,
  isEmbedded,
  isIntOrString,
  isOpen,
  itemsOf,
  propertiesOf,
  type Structural,
  valuesOf,
} from "./schema_nodes.ts";
import { expressionOf, structureValidator } from "./validate_structure.ts";

type Level = "root" | "field" | "item";

const TYPES = ["array", "boolean", "integer", "number", "object", "string"];
/** Deeper schemas are nobody's. */
const SCHEMA_DEPTH_MAX = 100;

/**
 * What makes a schema structural, and whatever else a schema of objects must hold to.
 * Source: apiextensions-apiserver, pkg/apiserver/schema/validation.go and pkg/apis/apiextensions/validation
 */
export function validateStructural(schema: Structural, at: string): FieldError[] {
  const shape = validateNode(schema, { at, level: "root", depth: 0 });
  if (shape.length > 0) return shape;
  return validateDefaults(schema, at);
}

interface Place {
  readonly at: string;
  readonly level: Level;
  readonly depth: number;
}

function validateNode(schema: Structural, place: Place): FieldError[] {
  const { at, depth } = place;
  if (depth > SCHEMA_DEPTH_MAX) return [forbidden(at, `nested more than ${SCHEMA_DEPTH_MAX} deep`)];
  const below = (path: string, level: Level, inner: Structural) =>
    validateNode(inner, { at: `${at}.${path}`, level, depth: depth + 1 });
  const items = itemsOf(schema);
  const values = typeof schema.additionalProperties === "object"
    ? schema.additionalProperties
    : undefined;
  return [
    ...validateUnsupported(schema, at),
    ...validateType(schema, place),
    ...validateObjectParts(schema, at),
    ...validateList(schema, at),
    ...validateExtensions(schema, at),
    ...validateJunctions(schema, at),
    ...(place.level === "root" ? validateRoot(schema, at) : []),
    ...propertiesOf(schema).flatMap(([name, inner]) =>
      below(`properties[${name}]`, "field", inner)
    ),
    ...(items === undefined ? [] : below("items", "item", items)),
    ...(values === undefined ? [] : below("additionalProperties", "field", values)),
  ];
}

const UNSUPPORTED = ["$ref", "definitions", "dependencies", "id", "patternProperties"] as const;

function validateUnsupported(schema: Structural, at: string): FieldError[] {
  const errors = UNSUPPORTED.flatMap((field) => {
    const value = schema[field];
    const isSaid = value !== undefined && value !== "" && Object.keys(value).length > 0;
    return isSaid ? [forbidden(`${at}.${field}`, `${field} is not supported`)] : [];
  });
  if (schema.additionalItems !== undefined) {
    errors.push(forbidden(`${at}.additionalItems`, "additionalItems is not supported"));
  }
  if (schema.uniqueItems) {
    const why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
    errors.push(forbidden(`${at}.uniqueItems`, why));
  }
  if (schema.pattern !== undefined && expressionOf(schema.pattern) === undefined) {
    const why = "must be a valid regular expression, but isn't";
    errors.push(invalid(`${at}.pattern`, schema.pattern, why));
  }
  return errors;
}

const EMPTY_TYPE: Readonly<Record<Level, string>> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};

function validateType(schema: Structural, { at, level }: Place): FieldError[] {
  const { type = "" } = schema;
  if (isIntOrString(schema)) {
    if (type === "") return [];
    return [invalid(`${at}.type`, type, "must be empty if x-kubernetes-int-or-string is true")];
  }
  if (type === "") {
    return isOpen(schema) && level !== "root" ? [] : [required(`${at}.type`, EMPTY_TYPE[level])];
  }
  if (!TYPES.includes(type)) return [notSupported(`${at}.type`, type, TYPES)];
  if (level !== "root" || type === "object") return [];
  return [invalid(`${at}.type`, type, "must be object at the root")];
}

function validateObjectParts(schema: Structural, at: string): FieldError[] {
  const { properties, additionalProperties: more } = schema;
  const errors: FieldError[] = [];
  if (more === false) {
    errors.push(forbidden(`${at}.additionalProperties`, "must not be false"));
  }
  if (more !== undefined && properties !== undefined && Object.keys(properties).length > 0) {
    const why = "additionalProperties and properties are mutual exclusive";
    errors.push(forbidden(`${at}.additionalProperties`, why));
  }
  const isObject = schema.type === "object" || schema.type === undefined;
  if (properties !== undefined && !isObject && Object.keys(properties).length > 0) {
    errors.push(forbidden(`${at}.properties`, "must be empty unless type is object"));
  }
  return errors;
}

function validateRoot(schema: Structural, at: string): FieldError[] {
  const { properties = {} } = schema;
  const errors: FieldError[] = [];
  if (schema.nullable) {
    errors.push(forbidden(`${at}.nullable`, "nullable cannot be true at the root"));
  }
  for (const name of ["apiVersion", "kind"]) {
    const type = properties[name]?.type;
    if (properties[name] === undefined || type === "string") continue;
    errors.push(invalid(`${at}.properties[${name}].type`, type ?? "", "must be string"));
  }
  const { metadata } = properties;
  if (metadata === undefined) return errors;
  if (metadata.type !== "object") {
    errors.push(invalid(`${at}.properties[metadata].type`, metadata.type ?? "", "must be object"));
  }
  const names = Object.keys(metadata.properties ?? {});
  if (names.every((name) => name === "name" || name === "generateName")) return errors;
  const why = "must not specify anything other than name and generateName, but metadata is " +
    "implicitly specified";
  return [...errors, forbidden(`${at}.properties[metadata]`, why)];
}

const LIST_TYPE = "x-kubernetes-list-type";
const MAP_KEYS = "x-kubernetes-list-map-keys";

function validateList(schema: Structural, at: string): FieldError[] {
  const type = schema[LIST_TYPE];
  const keys = schema[MAP_KEYS];
  if (Array.isArray(schema.items)) {
    return [forbidden(`${at}.items`, "items must be a schema object and not an array")];
  }
  if (schema.type === "array" && schema.items === undefined && !isOpen(schema)) {
    return [required(`${at}.items`, "must be specified")];
  }
  if (type === undefined) {
    if (keys === undefined) return [];
    return [
      invalid(`${at}.${LIST_TYPE}`, "", "must be map if x-kubernetes-list-map-keys is non-empty"),
    ];
  }
  if (!["atomic", "set", "map"].includes(type)) {
    return [notSupported(`${at}.${LIST_TYPE}`, type, ["atomic", "set", "map"])];
  }
  if (schema.type !== "array") {
    return [invalid(`${at}.type`, schema.type ?? "", `must be array if ${LIST_TYPE} is specified`)];
  }
  return type === "map" ? validateListMap(schema, at) : validateSet(schema, at);
}

function validateSet(schema: Structural, at: string): FieldError[] {
  const item = itemsOf(schema) ?? {};
  const isOwned = item.type === "object" && item["x-kubernetes-map-type"] !== "atomic" ||
    item.type === "array" && (item[LIST_TYPE] ?? "atomic") !== "atomic";
  if (schema[LIST_TYPE] !== "set" || !isOwned) return [];
  const why = "must be atomic as item of a list with x-kubernetes-list-type=set";
  return [invalid(`${at}.items`, item.type ?? "", why)];
}

function validateListMap(schema: Structural, at: string): FieldError[] {
  const { [MAP_KEYS]: keys = [] } = schema;
  const item = itemsOf(schema) ?? {};
  if (keys.length === 0) {
    return [required(`${at}.${MAP_KEYS}`, `must not be empty if ${LIST_TYPE} is map`)];
  }
  if (item.type !== "object") {
    return [
      invalid(
        `${at}.items.type`,
        item.type ?? "",
        `must be object if parent array's ${LIST_TYPE} is map`,
      ),
    ];
  }
  return keys.flatMap((key, i) => {
    const property = item.properties?.[key];
    if (property === undefined) {
      return [
        invalid(`${at}.${MAP_KEYS}[${i}]`, key, "entries must all be names of item properties"),
      ];
    }
    if (property.type === "array" || property.type === "object") {
      const why = `must be a scalar type if parent array's ${LIST_TYPE} is map`;
      return [invalid(`${at}.items.properties[${key}].type`, property.type, why)];
    }
    if (property.default !== undefined || item.required?.includes(key)) return [];
    const why =
      `this property is in ${MAP_KEYS}, so it must have a default or be a required property`;
    return [required(`${at}.items.properties[${key}].default`, why)];
  });
}

function validateExtensions(schema: Structural, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const { type = "" } = schema;
  if (schema["x-kubernetes-preserve-unknown-fields"] === false) {
    errors.push(
      invalid(`${at}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined"),
    );
  }
  const mapType = schema["x-kubernetes-map-type"];
  if (mapType !== undefined && mapType !== "atomic" && mapType !== "granular") {
    errors.push(notSupported(`${at}.x-kubernetes-map-type`, mapType, ["atomic", "granular"]));
  }
  if (!isEmbedded(schema)) return errors;
  if (type !== "object") {
    errors.push(
      invalid(`${at}.type`, type, "must be object if x-kubernetes-embedded-resource is true"),
    );
  }
  if (valuesOf(schema) !== undefined) {
    const why = "must not be used if x-kubernetes-embedded-resource is set";
    errors.push(forbidden(`${at}.additionalProperties`, why));
  }
  if (!isOpen(schema) && propertiesOf(schema).length === 0) {
    const why = "must not be empty if x-kubernetes-embedded-resource is true without " +
      "x-kubernetes-preserve-unknown-fields";
    errors.push(required(`${at}.properties`, why));
  }
  return errors;
}

/** Fields that say what a value is, which the schema itself must say and not one of its alternatives. */
const SAID_OUTSIDE = [
  "additionalProperties",
  "default",
  "description",
  "nullable",
  "title",
  "type",
] as const;

function validateJunctions(schema: Structural, at: string): FieldError[] {
  const lists = (["allOf", "anyOf", "oneOf"] as const).flatMap((name) =>
    (schema[name] ?? []).map((inner, i) => [`${name}[${i}]`, inner] as const)
  );
  const all = schema.not === undefined ? lists : [...lists, ["not", schema.not] as const];
  return all.flatMap(([path, inner]) =>
    validateAlternative(inner, { schema, where: `${at}.${path}`, outer: at })
  );
}

interface Outside {
  readonly schema: Structural | undefined;
  readonly where: string;
  readonly outer: string;
}

function validateAlternative(inner: Structural, { schema, where, outer }: Outside): FieldError[] {
  if (schema === undefined) {
    return [required(outer, `because it is defined in ${where}`)];
  }
  const isTyped = isIntOrString(schema);
  const errors = SAID_OUTSIDE.flatMap((field) =>
    inner[field] === undefined || field === "type" && isTyped
      ? []
      : [forbidden(`${where}.${field}`, "must be undefined to be structural")]
  );
  const properties = propertiesOf(inner).flatMap(([name, below]) =>
    validateAlternative(below, {
      schema: isOpen(schema) ? below : schema.properties?.[name],
      where: `${where}.properties[${name}]`,
      outer: `${outer}.properties[${name}]`,
    })
  );
  const items = itemsOf(inner);
  const ofItems = items === undefined ? [] : validateAlternative(items, {
    schema: itemsOf(schema),
    where: `${where}.items`,
    outer: `${outer}.items`,
  });
  return [...errors, ...properties, ...ofItems];
}

/** Defaults must be what their schema allows, to the last field. */
function validateDefaults(schema: Structural, at: string): FieldError[] {
  const value = defaultOf(schema);
  const own = value === undefined ? [] : validateDefault(schema, value, `${at}.default`);
  const items = itemsOf(schema);
  const values = valuesOf(schema);
  return [
    ...own,
    ...propertiesOf(schema).flatMap(([name, below]) =>
      validateDefaults(below, `${at}.properties[${name}]`)
    ),
    ...(items === undefined ? [] : validateDefaults(items, `${at}.items`)),
    ...(values === undefined ? [] : validateDefaults(values, `${at}.additionalProperties`)),
  ];
}

function validateDefault(schema: Structural, value: unknown, at: string): FieldError[] {
  const read = structureReader({ type: "object", properties: { value: schema } });
  const { object, unknown } = read({ value });
  if (unknown.length > 0) {
    return [invalid(at, value, "must not have unknown fields")];
  }
  const wrong = structureValidator(schema)(object["value"]);
  return wrong.map((error) => {
    const { reason, message } = error;
    if (error.field === "" || error.field === "<nil>") return { field: at, reason, message };
    return isSameJson(value, object["value"])
      ? { field: `${at}.${error.field}`, reason, message }
      : invalid(at, value, describe(error));
  });
}
