/** The schema declarations as OpenAPI writes them: `definitions` of version 2, `components` of version 3. */
import type { AnySchema, Field, ListSchema, MessageSchema, ScalarName } from "../types/schema.ts";

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** A message that stands at the top of requests and answers, with the kind it is known by. */
export interface RootMessage {
  readonly message: MessageSchema;
  readonly kinds: readonly GroupVersionKind[];
}

/** Version 2 writes descriptions beside a reference; version 3 wraps the reference to have room for them. */
export type OpenApiVersion = 2 | 3;

type Json = Record<string, unknown>;

const RESOURCE = "io.k8s.apimachinery.pkg.api.resource";
const META = "io.k8s.apimachinery.pkg.apis.meta.v1";
const INTSTR = "io.k8s.apimachinery.pkg.util.intstr";

/** Scalars that OpenAPI knows by a name of their own, and what the name means in versions 2 and 3. */
const NAMED: Partial<Record<ScalarName, { name: string; in2: Json; in3: Json }>> = {
  quantity: {
    name: `${RESOURCE}.Quantity`,
    in2: { type: "string" },
    in3: { oneOf: [{ type: "string" }, { type: "number" }] },
  },
  intOrString: {
    name: `${INTSTR}.IntOrString`,
    in2: { type: "string", format: "int-or-string" },
    in3: { oneOf: [{ type: "integer" }, { type: "string" }], format: "int-or-string" },
  },
  time: {
    name: `${META}.Time`,
    in2: { type: "string", format: "date-time" },
    in3: { type: "string", format: "date-time" },
  },
  microTime: {
    name: `${META}.MicroTime`,
    in2: { type: "string", format: "date-time" },
    in3: { type: "string", format: "date-time" },
  },
};

const PLAIN: Partial<Record<ScalarName, Json>> = {
  string: { type: "string" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  double: { type: "number", format: "double" },
  boolean: { type: "boolean" },
  bytes: { type: "string", format: "byte" },
  any: { type: "object" },
};

/** Where schemas are found in a document, as references name it. */
export function referenceTo(name: string, version: OpenApiVersion): Json {
  return { $ref: `#/${version === 2 ? "definitions" : "components/schemas"}/${name}` };
}

/** Every message that the roots reach, by name, in the order of names. */
export function definitionsOf(
  roots: readonly RootMessage[],
  version: OpenApiVersion,
): Record<string, Json> {
  const found = new Map<string, Json>();
  for (const { message } of roots) collect(message, version, found);
  for (const { message, kinds } of roots) {
    const definition = found.get(message.name);
    if (definition === undefined || kinds.length === 0) continue;
    definition["x-kubernetes-group-version-kind"] = kinds;
  }
  return Object.fromEntries([...found].toSorted(([a], [b]) => a < b ? -1 : 1));
}

function collect(schema: AnySchema, version: OpenApiVersion, found: Map<string, Json>): void {
  if (schema.is === "list") return collect(schema.item, version, found);
  if (schema.is === "map") return collect(schema.value, version, found);
  if (schema.is === "enum") return;
  if (schema.is === "either") {
    found.set(schema.name, {});
    return collect(schema.message, version, found);
  }
  if (schema.is !== "message") {
    const named = NAMED[schema.is];
    if (named !== undefined) found.set(named.name, version === 2 ? named.in2 : named.in3);
    return;
  }
  if (found.has(schema.name)) return;
  if (schema.structure !== undefined) {
    found.set(schema.name, schema.structure.publish(version));
    return collect(schema.fields["metadata"]!.schema, version, found);
  }
  found.set(schema.name, definitionOf(schema, version));
  for (const { schema: inner } of Object.values(schema.fields)) collect(inner, version, found);
}

function definitionOf(message: MessageSchema, version: OpenApiVersion): Json {
  const fields = Object.entries(message.fields);
  const required = fields.filter(([, field]) => mustBeSent(field)).map(([name]) => name);
  return {
    ...(message.description !== undefined && { description: message.description }),
    type: "object",
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(
      fields.map(([name, field]) => [name, propertyOf(field, version)]),
    ),
    ...(message.isAtomic && { "x-kubernetes-map-type": "atomic" }),
  };
}

/** Clients may leave out what the server fills in, and kind and apiVersion (number 0), as in Kubernetes. */
function mustBeSent({ number, isRequired, isAlways }: Field): boolean {
  return isRequired && isAlways !== true && number !== 0;
}

function propertyOf(field: Field, version: OpenApiVersion): Json {
  const { schema, description } = field;
  const beside = {
    ...(description !== undefined && { description }),
    ...defaultOf(field),
    ...(field.patchStrategy && { "x-kubernetes-patch-strategy": field.patchStrategy }),
  };
  const value = valueOf(schema, version);
  const isReference = "$ref" in value;
  if (!isReference || version === 2) return { ...beside, ...value };
  return Object.keys(beside).length === 0 ? value : { allOf: [value], ...beside };
}

function defaultOf(field: Field): Json {
  if (field.default !== undefined) return { default: field.default };
  return field.isAlways === true && field.schema.is === "message" ? { default: {} } : {};
}

function valueOf(schema: AnySchema, version: OpenApiVersion): Json {
  switch (schema.is) {
    case "message":
      return referenceTo(schema.name, version);
    case "list":
      return { type: "array", items: valueOf(schema.item, version), ...mergingOf(schema) };
    case "map":
      return {
        type: "object",
        additionalProperties: valueOf(schema.value, version),
        ...(schema.isAtomic && { "x-kubernetes-map-type": "atomic" }),
      };
    case "either":
      return referenceTo(schema.name, version);
    case "enum":
      return { type: "string", enum: schema.values };
    default: {
      const named = NAMED[schema.is];
      return named === undefined ? PLAIN[schema.is] ?? {} : referenceTo(named.name, version);
    }
  }
}

/** How clients must merge the list: what `kubectl apply` computes its patches from. */
function mergingOf(list: ListSchema): Json {
  const { mergeKey, retainKeys, mapKeys, isSet, isMergedScalars } = list;
  const isMerged = mergeKey !== undefined || isSet || isMergedScalars;
  return {
    ...listTypeOf(list),
    ...(mapKeys !== undefined && { "x-kubernetes-list-map-keys": mapKeys }),
    ...(mergeKey !== undefined && { "x-kubernetes-patch-merge-key": mergeKey }),
    ...(isMerged && { "x-kubernetes-patch-strategy": retainKeys ? "merge,retainKeys" : "merge" }),
  };
}

/** Lists that have a merge key alone are told apart by it, and need no type. */
function listTypeOf({ mergeKey, mapKeys, isSet, isAtomic }: ListSchema): Json {
  if (isAtomic) return { "x-kubernetes-list-type": "atomic" };
  if (mapKeys !== undefined) return { "x-kubernetes-list-type": "map" };
  if (isSet) return { "x-kubernetes-list-type": "set" };
  return mergeKey === undefined ? { "x-kubernetes-list-type": "atomic" } : {};
}
