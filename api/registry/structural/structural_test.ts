import assert from "node:assert/strict";
import { describe } from "../../types/field_errors.ts";
import type { JsonObject } from "../../types/json.ts";
import { parseJsonPath, setAt } from "./json_path.ts";
import { structureReader } from "./read_structure.ts";
import type { Structural } from "./schema_nodes.ts";
import { validateStructural } from "./validate_structural.ts";
import { structureValidator } from "./validate_structure.ts";

const text: Structural = { type: "string" };
const whole: Structural = { type: "integer" };
const OPEN = { "x-kubernetes-preserve-unknown-fields": true };

function object(properties: Record<string, Structural>, more: Structural = {}): Structural {
  return { type: "object", properties, ...more };
}

function list(items: Structural, more: Structural = {}): Structural {
  return { type: "array", items, ...more };
}

interface Reading {
  readonly name: string;
  readonly schema: Structural;
  readonly json: JsonObject;
  readonly want: JsonObject;
  readonly unknown?: readonly string[];
}

// deno-fmt-ignore
const READINGS: readonly Reading[] = [
  { name: "what the schema knows is kept",     schema: object({ a: text }),                         json: { a: "x" },            want: { a: "x" } },
  { name: "an unknown field is named",         schema: object({ a: object({}) }),                   json: { a: { b: 1 } },       want: { a: {} },             unknown: ["a.b"] },
  { name: "an unknown field of an item",       schema: object({ a: list(object({ b: text })) }),    json: { a: [{ c: 1 }] },     want: { a: [{}] },           unknown: ["a[0].c"] },
  { name: "free fields are kept",              schema: object({ a: object({}, OPEN) }),             json: { a: { b: { c: 1 } } }, want: { a: { b: { c: 1 } } } },
  { name: "declared fields of free objects",   schema: object({ a: object({ b: object({}) }, OPEN) }), json: { a: { b: { c: 1 }, d: 1 } }, want: { a: { b: {}, d: 1 } }, unknown: ["a.b.c"] },
  { name: "values of a map",                   schema: object({ a: { type: "object", additionalProperties: object({ b: text }) } }), json: { a: { x: { b: "1", c: 2 } } }, want: { a: { x: { b: "1" } } }, unknown: ["a.x.c"] },
  { name: "an embedded object has its own",    schema: object({ a: object({ spec: object({}) }, { "x-kubernetes-embedded-resource": true }) }), json: { a: { kind: "A", metadata: {}, x: 1 } }, want: { a: { kind: "A", metadata: {} } }, unknown: ["a.x"] },
  { name: "a default",                         schema: object({ a: { ...whole, default: 2 } }),     json: {},                    want: { a: 2 } },
  { name: "a default where null may not be",   schema: object({ a: { ...whole, default: 2 } }),     json: { a: null },           want: { a: 2 } },
  { name: "null where it may be",              schema: object({ a: { ...whole, default: 2, nullable: true } }), json: { a: null }, want: { a: null } },
  { name: "null without a default",            schema: object({ a: whole }),                        json: { a: null },           want: {} },
  { name: "no default without its parent",     schema: object({ a: object({ b: { ...whole, default: 1 } }) }), json: {},         want: {} },
  { name: "defaults inside a default",         schema: object({ a: object({ b: { ...whole, default: 1 } }, { default: {} }) }), json: {}, want: { a: { b: 1 } } },
  { name: "a wrong type is for validation",    schema: object({ a: object({ b: text }) }),          json: { a: "x" },            want: { a: "x" } },
  { name: "kind and apiVersion are known",     schema: object({}),                                  json: { kind: "A", apiVersion: "b/v1" }, want: { kind: "A", apiVersion: "b/v1" } },
];

for (const { name, schema, json, want, unknown = [] } of READINGS) {
  Deno.test(`structure, read: ${name}`, () => {
    const read = structureReader(schema)(json);
    assert.deepEqual(read.object, want);
    assert.deepEqual(read.unknown, unknown);
  });
}

Deno.test("structure, read: a default is not shared between objects", () => {
  const read = structureReader(object({ a: object({}, { default: {} }) }));
  assert.notEqual(read({}).object["a"], read({}).object["a"]);
});

// deno-fmt-ignore
const VALIDATIONS: readonly { name: string; schema: Structural; value: unknown; want: readonly string[] }[] = [
  { name: "all is well",            schema: object({ a: text }),                              value: { a: "x" },  want: [] },
  { name: "a wrong type",           schema: object({ a: text }),                              value: { a: 1 },    want: ['a: Invalid value: "integer": a in body must be of type string: "integer"'] },
  { name: "no whole number",        schema: object({ a: whole }),                             value: { a: 1.5 },  want: ['a: Invalid value: "number": a in body must be of type integer: "number"'] },
  { name: "a whole number is one",  schema: object({ a: { type: "number" } }),                value: { a: 1 },    want: [] },
  { name: "required",               schema: object({ a: text }, { required: ["a"] }),         value: {},          want: ["a: Required value"] },
  { name: "too small",              schema: object({ a: { ...whole, minimum: 1 } }),          value: { a: 0 },    want: ["a: Invalid value: 0: a in body should be greater than or equal to 1"] },
  { name: "not big enough",         schema: object({ a: { ...whole, minimum: 1, exclusiveMinimum: true } }), value: { a: 1 }, want: ["a: Invalid value: 1: a in body should be greater than 1"] },
  { name: "too big",                schema: object({ a: { ...whole, maximum: 5 } }),          value: { a: 6 },    want: ["a: Invalid value: 6: a in body should be less than or equal to 5"] },
  { name: "no multiple",            schema: object({ a: { ...whole, multipleOf: 2 } }),       value: { a: 3 },    want: ["a: Invalid value: 3: a in body should be a multiple of 2"] },
  { name: "another value",          schema: object({ a: { ...text, enum: ["x", "y"] } }),     value: { a: "z" },  want: ['a: Unsupported value: "z": supported values: "x", "y"'] },
  { name: "another form",           schema: object({ a: { ...text, pattern: "^a$" } }),       value: { a: "b" },  want: [`a: Invalid value: "b": a in body should match '^a$'`] },
  { name: "too short",              schema: object({ a: { ...text, minLength: 2 } }),         value: { a: "b" },  want: ['a: Invalid value: "b": a in body should be at least 2 chars long'] },
  { name: "too long",               schema: object({ a: { ...text, maxLength: 1 } }),         value: { a: "bc" }, want: ["a: Too long: may not be more than 1 bytes"] },
  { name: "no date",                schema: object({ a: { ...text, format: "date-time" } }),  value: { a: "b" },  want: ['a: Invalid value: "b": a in body must be of type date-time: "b"'] },
  { name: "an unknown format",      schema: object({ a: { ...text, format: "smell" } }),      value: { a: "b" },  want: [] },
  { name: "too many items",         schema: object({ a: list(text, { maxItems: 1 }) }),       value: { a: ["b", "c"] }, want: ["a: Too many: 2: must have at most 1 items"] },
  { name: "a set",                  schema: object({ a: list(text, { "x-kubernetes-list-type": "set" }) }), value: { a: ["b", "b"] }, want: ['a[1]: Duplicate value: "b"'] },
  { name: "int or string",          schema: object({ a: { "x-kubernetes-int-or-string": true } }), value: { a: "5%" }, want: [] },
  { name: "one of none",            schema: object({ a: { ...whole, oneOf: [{ minimum: 5 }, { maximum: 1 }] } }), value: { a: 3 }, want: ['a: Invalid value: 3: "a" must validate one and only one schema (oneOf). Found none valid'] },
  { name: "any of none",            schema: object({ a: { ...whole, anyOf: [{ minimum: 5 }] } }), value: { a: 3 }, want: ['a: Invalid value: 3: "a" must validate at least one schema (anyOf)'] },
  { name: "not",                    schema: object({ a: { ...whole, not: { enum: [3] } } }),  value: { a: 3 },    want: ['a: Invalid value: 3: "a" must not validate the schema (not)'] },
  { name: "null in a list",         schema: object({ a: list(text) }),                        value: { a: [null] }, want: ['a[0]: Invalid value: "null": a[0] in body must be of type string: "null"'] },
  { name: "several at once",        schema: object({ a: text, b: whole }),                    value: { a: 1, b: "x" }, want: [
    'a: Invalid value: "integer": a in body must be of type string: "integer"',
    'b: Invalid value: "string": b in body must be of type integer: "string"',
  ] },
];

for (const { name, schema, value, want } of VALIDATIONS) {
  Deno.test(`structure, validate: ${name}`, () => {
    assert.deepEqual(structureValidator(schema)(value).map(describe), want);
  });
}

// deno-fmt-ignore
const SCHEMAS: readonly { name: string; schema: Structural; want: readonly string[] }[] = [
  { name: "structural",                 schema: object({ a: list(text) }),                      want: [] },
  { name: "no type at the root",        schema: {},                                             want: ["s.type: Required value: must not be empty at the root"] },
  { name: "another type at the root",   schema: text,                                           want: ['s.type: Invalid value: "string": must be object at the root'] },
  { name: "a field without a type",     schema: object({ a: {} }),                              want: ["s.properties[a].type: Required value: must not be empty for specified object fields"] },
  { name: "an item without a type",     schema: object({ a: list({}) }),                        want: ["s.properties[a].items.type: Required value: must not be empty for specified array items"] },
  { name: "a list without items",       schema: object({ a: { type: "array" } }),               want: ["s.properties[a].items: Required value: must be specified"] },
  { name: "a reference",                schema: object({ a: { ...text, $ref: "#/x" } }),        want: ["s.properties[a].$ref: Forbidden: $ref is not supported"] },
  { name: "free fields without a type", schema: object({ a: OPEN }),                            want: [] },
  { name: "both sorts of fields",       schema: object({ a: text }, { additionalProperties: text }), want: ["s.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"] },
  { name: "metadata of its own",        schema: object({ metadata: object({ labels: object({}) }) }), want: ["s.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified"] },
  { name: "keys that items lack",       schema: object({ a: list(object({ b: text }), { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["c"] }) }), want: ['s.properties[a].x-kubernetes-list-map-keys[0]: Invalid value: "c": entries must all be names of item properties'] },
  { name: "keys that may be absent",    schema: object({ a: list(object({ b: text }), { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["b"] }) }), want: ["s.properties[a].items.properties[b].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"] },
  { name: "a type in an alternative",   schema: object({ a: { ...text, anyOf: [{ type: "string" }] } }), want: ["s.properties[a].anyOf[0].type: Forbidden: must be undefined to be structural"] },
  { name: "an int or string",           schema: object({ a: { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] } }), want: [] },
  { name: "a field in an alternative",  schema: object({}, { anyOf: [{ properties: { a: { minimum: 1 } } }] }), want: ["s.properties[a]: Required value: because it is defined in s.anyOf[0].properties[a]"] },
  { name: "a default of another type",  schema: object({ a: { ...text, default: 1 } }),         want: ['s.properties[a].default: Invalid value: "integer": in body must be of type string: "integer"'] },
  { name: "an unknown field in one",    schema: object({ a: object({}, { default: { b: 1 } }) }), want: ['s.properties[a].default: Invalid value: {"b":1}: must not have unknown fields'] },
  { name: "no expression",              schema: object({ a: { ...text, pattern: "(" } }),       want: [`s.properties[a].pattern: Invalid value: "(": must be a valid regular expression, but isn't`] },
];

for (const { name, schema, want } of SCHEMAS) {
  Deno.test(`structure, schema: ${name}`, () => {
    assert.deepEqual(validateStructural(schema, "s").map(describe), want);
  });
}

const BOAT = {
  metadata: { labels: { "a.b": "x" } },
  spec: { crew: [{ name: "ann" }, { name: "bob" }] },
  status: { conditions: [{ type: "Up", status: "False" }, { type: "Ready", status: "True" }] },
};

// deno-fmt-ignore
const PATHS: readonly { path: string; want: readonly unknown[] | undefined }[] = [
  { path: ".spec.crew[0].name",                            want: ["ann"] },
  { path: ".spec.crew[-1].name",                           want: ["bob"] },
  { path: ".spec.crew[*].name",                            want: ["ann", "bob"] },
  { path: ".metadata.labels['a.b']",                       want: ["x"] },
  { path: ".metadata.labels.a\\.b",                        want: ["x"] },
  { path: '.status.conditions[?(@.type=="Ready")].status', want: ["True"] },
  { path: ".status.conditions[?(@.type != 'Ready')].type", want: ["Up"] },
  { path: ".spec.none.more",                               want: [] },
  { path: ".spec[",                                        want: undefined },
  { path: "spec",                                          want: undefined },
];

for (const { path, want } of PATHS) {
  Deno.test(`json path: ${path}`, () => assert.deepEqual(parseJsonPath(path)?.find(BOAT), want));
}

Deno.test("json path: a value is set on the way that the names say", () => {
  assert.deepEqual(setAt({ a: 1, b: { c: 2 } }, ["b", "d"], 3), { a: 1, b: { c: 2, d: 3 } });
  assert.deepEqual(setAt({}, ["a", "b"], 1), { a: { b: 1 } });
});
