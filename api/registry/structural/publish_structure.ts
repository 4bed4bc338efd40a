/** A structural schema as OpenAPI documents show it. */
import { isJsonObject, type JsonObject } from "../../types/json.ts";
import { isIntOrString, isNullable, isOpen, type Structural } from "./schema_nodes.ts";

type Json = Record<string, unknown>;

/** What version 2 has no word for. Source: apiextensions-apiserver, pkg/controller/openapi/v2/conversion.go. */
const NOT_IN_V2 = ["allOf", "anyOf", "oneOf", "not", "nullable"];
const META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

export function publishObject(schema: Structural, version: 2 | 3): Json {
  const { properties, ...published } = version === 2 ? inV2(schema) : inV3(schema);
  const ref = `#/${version === 2 ? "definitions" : "components/schemas"}/${META}`;
  const metadata = version === 2 ? { $ref: ref } : { allOf: [{ $ref: ref }], default: {} };
  return {
    ...published,
    type: "object",
    properties: {
      ...(isJsonObject(properties) ? properties : {}),
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata,
    },
  };
}

function inV3(schema: Structural): Json {
  const { "x-kubernetes-validations": rules, ...rest } = schema as JsonObject;
  return rules === undefined ? rest : { ...rest, "x-kubernetes-validations": rules };
}

function inV2(schema: Structural): Json {
  const published: Json = {};
  for (const [name, value] of Object.entries(schema)) {
    if (!NOT_IN_V2.includes(name)) published[name] = below(name, value);
  }
  if (isNullable(schema) || isIntOrString(schema)) delete published["type"];
  if (isOpen(schema)) {
    delete published["properties"];
    delete published["items"];
  }
  return published;
}

function below(name: string, value: unknown): unknown {
  if (name === "properties" && isJsonObject(value)) {
    const entries = Object.entries(value).map(([key, one]) => [key, inV2(one as Structural)]);
    return Object.fromEntries(entries);
  }
  const isSchema = (name === "items" || name === "additionalProperties") && isJsonObject(value);
  return isSchema ? inV2(value as Structural) : value;
}
