import assert from "node:assert/strict";
import { JSONSchemaProps } from "./apiextensions_schema.ts";
import { decode } from "./decode.ts";
import { applyDefaults } from "./defaults.ts";
import { readMessage } from "./protobuf/decode.ts";
import { writeMessage } from "./protobuf/encode.ts";
import { WireReader } from "./protobuf/reader.ts";
import { validateSchema } from "./validate_schema.ts";

const NESTED = {
  type: "object",
  required: ["replicas"],
  properties: {
    replicas: { type: "integer", minimum: 0, default: 1 },
    tree: { items: { properties: { leaf: { type: "string" } } } },
    pair: { items: [{ type: "string" }, { not: { type: "integer" } }] },
    free: { additionalProperties: false },
    open: { additionalProperties: { nullable: true } },
  },
  dependencies: { a: ["b", "c"], d: { type: "array" } },
};

Deno.test("JSONSchemaProps: schemas inside schemas, and what stands in their place", () => {
  assert.deepEqual(decode(JSONSchemaProps, NESTED), { object: NESTED, errors: [], unknown: [] });
});

Deno.test("JSONSchemaProps: the same by way of protobuf", () => {
  const bytes = writeMessage(JSONSchemaProps, NESTED);
  assert.deepEqual(readMessage(JSONSchemaProps, new WireReader(bytes)), NESTED);
});

Deno.test("JSONSchemaProps: mistakes are found at any depth", () => {
  const wrong = { items: { properties: { a: { typ: "string", type: 3 } } }, not: { items: 1 } };
  const { errors, unknown } = decode(JSONSchemaProps, wrong);
  assert.deepEqual(unknown, ['unknown field "items.properties.a.typ"']);
  assert.equal(errors.length, 2);
  const ruleless = { properties: { a: { items: { "x-kubernetes-validations": [{ rule: "" }] } } } };
  const { object } = decode(JSONSchemaProps, ruleless);
  assert.deepEqual(
    validateSchema(JSONSchemaProps, applyDefaults(JSONSchemaProps, object)).map(({ field }) =>
      field
    ),
    ["properties.a.items.x-kubernetes-validations[0].rule"],
  );
});
