import assert from "node:assert/strict";
import { ConfigMap, Event, Pod, ReplicationController, Secret } from "./core_v1.ts";
import { decode, MISTAKES_MAX, rejectUndecoded } from "./decode.ts";
import { ManagedFieldsEntry } from "./meta.ts";
import type { MessageSchema, Schema } from "./schema.ts";
import { hasReason } from "./status.ts";

const pod = (spec: unknown) => ({ metadata: { name: "web" }, spec });
const container = (fields: object) => pod({ containers: [{ name: "a", ...fields }] });

// deno-fmt-ignore
const UNKNOWN: { name: string; json: unknown; want: string[] }[] = [
  { name: "at the top",       json: { foo: 1 },                                   want: ["foo"] },
  { name: "in a message",     json: pod({ containers: [], foo: 1 }),              want: ["spec.foo"] },
  { name: "in a list",        json: container({ imag: "x" }),                     want: ["spec.containers[0].imag"] },
  { name: "below a list",     json: container({ resources: { limit: {} } }),      want: ["spec.containers[0].resources.limit"] },
  { name: "all of them",      json: { a: 1, metadata: { b: 2 } },                 want: ["a", "metadata.b"] },
  { name: "case counts",      json: { Spec: {} },                                 want: ["Spec"] },
  { name: "inherited names",  json: { toString: 1, constructor: 2 },              want: ["toString", "constructor"] },
  { name: "a null is absent", json: { metadata: { name: "web" }, status: null },  want: [] },
  { name: "labels are free",  json: { metadata: { labels: { anything: "x" } } },  want: [] },
];

for (const { name, json, want } of UNKNOWN) {
  Deno.test(`decode: unknown fields: ${name}`, () => {
    const { unknown, errors } = decode(Pod, json);
    assert.deepEqual(unknown, want.map((path) => `unknown field "${path}"`));
    assert.deepEqual(errors, []);
  });
}

const cannot = (what: string, field: string, type: string) =>
  `json: cannot unmarshal ${what} into Go struct field ${field} of type ${type}`;
const QUANTITY = "quantities must match the regular expression " +
  "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

// deno-fmt-ignore
const WRONG = [
  { name: "a list is text",        json: pod({ containers: "x" }),                             want: cannot("string", "PodSpec.spec.containers", "[]v1.Container") },
  { name: "a message is a list",   json: pod([]),                                              want: cannot("array", "Pod.spec", "v1.PodSpec") },
  { name: "an item is a number",   json: pod({ containers: [1] }),                             want: cannot("number", "PodSpec.spec.containers[0]", "v1.Container") },
  { name: "text is a flag",        json: container({ image: true }),                           want: cannot("bool", "Container.spec.containers[0].image", "string") },
  { name: "a flag is text",        json: container({ tty: "yes" }),                            want: cannot("string", "Container.spec.containers[0].tty", "bool") },
  { name: "a map is a list",       json: { metadata: { labels: [] } },                         want: cannot("array", "ObjectMeta.metadata.labels", "map[string]string") },
  { name: "a label is a number",   json: { metadata: { labels: { a: 1 } } },                   want: cannot("number", "ObjectMeta.metadata.labels.a", "string") },
  { name: "a port is text",        json: container({ ports: [{ containerPort: "80" }] }),      want: cannot("string", "ContainerPort.spec.containers[0].ports[0].containerPort", "int32") },
  { name: "an int has a fraction", json: pod({ priority: 1.5 }),                               want: "spec.priority: number 1.5 is no int32: a whole number from -2147483648 to 2147483647 is wanted" },
  { name: "an int32 is too large", json: pod({ priority: 2147483648 }),                        want: "spec.priority: number 2147483648 is no int32: a whole number from -2147483648 to 2147483647 is wanted" },
  { name: "beyond exact integers", json: pod({ activeDeadlineSeconds: 2 ** 53 }),              want: "spec.activeDeadlineSeconds: number 9007199254740992 is no int64: a whole number from -9007199254740991 to 9007199254740991 is wanted" },
  { name: "no quantity",           json: container({ resources: { limits: { cpu: "1 core" } } }), want: `spec.containers[0].resources.limits.cpu: ${QUANTITY}` },
  { name: "no time",               json: { metadata: { creationTimestamp: "today" } },         want: 'metadata.creationTimestamp: parsing time "today": 2006-01-02T15:04:05Z07:00, such as 2006-01-02T15:04:05Z, is wanted' },
  { name: "a day too many",        json: { metadata: { creationTimestamp: "2023-02-29T00:00:00Z" } }, want: 'metadata.creationTimestamp: parsing time "2023-02-29T00:00:00Z": 2006-01-02T15:04:05Z07:00, such as 2006-01-02T15:04:05Z, is wanted' },
  { name: "no object at all",      json: 3,                                                    want: "json: cannot unmarshal number into Go value of type v1.Pod" },
];

for (const { name, json, want } of WRONG) {
  Deno.test(`decode: wrong types: ${name}`, () =>
    assert.deepEqual(decode(Pod, json).errors, [want]));
}

Deno.test("decode: every mistake is named, and the rest is read", () => {
  const { object, errors } = decode(
    Pod,
    pod({ containers: [{ name: 1, image: "a" }], hostNetwork: 1 }),
  );
  assert.equal(errors.length, 2);
  assert.deepEqual(object.spec.containers, [{ image: "a" }]);
});

// deno-fmt-ignore
const VALUES: { name: string; schema: MessageSchema; json: unknown; want: unknown }[] = [
  { name: "messages that are always there", schema: Pod,                   json: {},                              want: { metadata: {}, spec: {} } },
  { name: "also in templates",              schema: ReplicationController, json: { spec: { template: {} } },      want: { metadata: {}, spec: { template: { metadata: {}, spec: {} } } } },
  { name: "optional messages are not",      schema: ReplicationController, json: { spec: {} },                    want: { metadata: {}, spec: {} } },
  { name: "nulls are absent",               schema: Pod,                   json: { metadata: null, spec: { containers: null } }, want: { metadata: {}, spec: {} } },
  { name: "null in a map is empty",         schema: ConfigMap,             json: { data: { a: null } },           want: { metadata: {}, data: { a: "" } } },
  { name: "null in a list is zero",         schema: Pod,                   json: pod({ containers: [null] }),     want: pod({ containers: [{}] }) },
  { name: "a quantity may be a number",     schema: Pod,                   json: pod({ overhead: { cpu: 0.5 } }), want: pod({ overhead: { cpu: "500m" } }) },
  { name: "quantities are canonical",       schema: Pod,                   json: pod({ overhead: { cpu: "1000m", memory: "2048Mi" } }), want: pod({ overhead: { cpu: "1", memory: "2Gi" } }) },
  { name: "times are UTC",                  schema: Pod,                   json: { metadata: { creationTimestamp: "2024-01-01T01:00:00.7+01:00" } }, want: { metadata: { creationTimestamp: "2024-01-01T00:00:00Z" }, spec: {} } },
  { name: "microseconds have six digits",   schema: Event,                 json: { eventTime: "2024-01-01T00:00:00.25Z" }, want: { metadata: {}, eventTime: "2024-01-01T00:00:00.250000Z" } },
  { name: "base64 in lines",                schema: Secret,                json: { data: { a: "aGVs\nbG8=" } },   want: { metadata: {}, data: { a: "aGVsbG8=" } } },
];

for (const { name, schema, json, want } of VALUES) {
  Deno.test(`decode: ${name}`, () => {
    const { object, errors } = decode(schema as Schema<unknown> & MessageSchema, json);
    assert.deepEqual(errors, []);
    assert.deepEqual(object, want);
  });
}

Deno.test("decode: bytes must be base64", () => {
  const { errors } = decode(Secret, { data: { a: "aGVsbG8" } });
  assert.deepEqual(errors, ["data.a: illegal base64 data at input byte 4"]);
});

Deno.test("decode: a key __proto__ is a key", () => {
  const { object } = decode(
    ConfigMap,
    JSON.parse('{"data":{"__proto__":"x"},"__proto__":{"a":1}}'),
  );
  assert.deepEqual(Object.keys(object.data ?? {}), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(object), Object.prototype);
});

Deno.test("decode: changes nothing in its input", () => {
  const json = container({ resources: { limits: { cpu: "1000m" } }, image: null });
  const before = JSON.stringify(json);
  decode(Pod, json);
  assert.equal(JSON.stringify(json), before);
});

Deno.test("decode: mistakes are bounded", () => {
  const json = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`field${i}`, i]));
  assert.equal(decode(Pod, json).unknown.length, MISTAKES_MAX);
});

Deno.test("decode: nesting without end is a mistake, not a crash", () => {
  const deep = JSON.parse("[".repeat(50_000) + "]".repeat(50_000));
  const { errors } = decode(ManagedFieldsEntry, { fieldsV1: deep });
  assert.deepEqual(errors, ["fieldsV1: nested more than 1000 deep"]);
});

Deno.test("decode: whatever comes, it answers", () => {
  const values = [null, 1, -1, 1e300, "", "x", true, [], {}, [[]], [null], { name: {} }, { "": 1 }];
  for (const a of values) {
    for (const b of values) {
      decode(Pod, { metadata: a, spec: { containers: [b], volumes: b, overhead: { cpu: a } } });
      decode(Pod, { metadata: { name: a, labels: b, managedFields: a }, spec: a, status: b });
    }
  }
});

const TARGET = { apiVersion: "v1", kind: "Pod" };

Deno.test("decode: unknown fields are refused in strict requests alone", () => {
  const decoded = decode(Pod, { spec: { foo: 1, bar: 2 } });
  rejectUndecoded(TARGET, decoded, false);
  assert.throws(() => rejectUndecoded(TARGET, decoded, true), {
    reason: "BadRequest",
    message: 'Pod in version "v1" cannot be handled as a Pod: strict decoding error: ' +
      'unknown field "spec.foo", unknown field "spec.bar"',
  });
});

Deno.test("decode: wrong types are refused always", () => {
  const decoded = decode(Pod, { spec: 1 });
  assert.throws(
    () => rejectUndecoded(TARGET, decoded, false),
    (error) => hasReason(error, "BadRequest"),
  );
});
