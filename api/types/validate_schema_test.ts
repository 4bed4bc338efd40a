import assert from "node:assert/strict";
import { Node, Pod, ReplicationController } from "./core_v1.ts";
import { decode } from "./decode.ts";
import { describe } from "./field_errors.ts";
import type { MessageSchema, Schema } from "./schema.ts";
import { validateSchema } from "./validate_schema.ts";

const containers = (...list: object[]) => ({ spec: { containers: list } });

// deno-fmt-ignore
const CASES: { name: string; schema: MessageSchema; json: object; want: string[] }[] = [
  { name: "nothing wrong",                     schema: Pod,  json: containers({ name: "a" }),              want: [] },
  { name: "a missing list",                    schema: Pod,  json: {},                                     want: ["spec.containers: Required value"] },
  { name: "an empty list",                     schema: Pod,  json: containers(),                           want: ["spec.containers: Required value"] },
  { name: "a missing name in a list",          schema: Pod,  json: containers({ name: "a" }, {}),          want: ["spec.containers[1].name: Required value"] },
  { name: "an empty name",                     schema: Pod,  json: containers({ name: "" }),               want: ["spec.containers[0].name: Required value"] },
  { name: "a missing message",                 schema: ReplicationController, json: {},                    want: ["spec.template: Required value"] },
  { name: "a missing number",                  schema: Pod,  json: containers({ name: "a", ports: [{}] }), want: ["spec.containers[0].ports[0].containerPort: Required value"] },
  { name: "zero is there",                     schema: Pod,  json: containers({ name: "a", ports: [{ containerPort: 0 }] }), want: [] },
  { name: "another value",                     schema: Pod,  json: { spec: { restartPolicy: "Often", containers: [{ name: "a" }] } }, want: ['spec.restartPolicy: Unsupported value: "Often": supported values: "Always", "OnFailure", "Never"'] },
  { name: "every error at once",               schema: Pod,  json: { spec: { restartPolicy: "Often" } },   want: ["spec.containers: Required value", 'spec.restartPolicy: Unsupported value: "Often": supported values: "Always", "OnFailure", "Never"'] },
  { name: "a header may be empty",             schema: Pod,  json: containers({ name: "a", livenessProbe: { httpGet: { port: 1, httpHeaders: [{ name: "x", value: "" }] } } }), want: [] },
  { name: "status may say what is not known",  schema: Pod,  json: { ...containers({ name: "a" }), status: { containerStatuses: [{ name: "a", image: "", imageID: "", ready: false, restartCount: 0 }] } }, want: [] },
  { name: "status must not leave it out",      schema: Node, json: { status: { conditions: [{ type: "Ready" }] } }, want: ["status.conditions[0].status: Required value"] },
];

for (const { name, schema, json, want } of CASES) {
  Deno.test(`validateSchema: ${name}`, () => {
    const typed = schema as Schema<unknown> & MessageSchema;
    const { object, errors } = decode(typed, json);
    assert.deepEqual(errors, []);
    assert.deepEqual(validateSchema(typed, object).map(describe), want);
  });
}
