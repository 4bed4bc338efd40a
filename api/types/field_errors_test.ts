import assert from "node:assert/strict";
import * as fields from "./field_errors.ts";
import { toStatus } from "./status.ts";

// deno-fmt-ignore
const CASES = [
  { error: fields.required("a"),                             reason: "FieldValueRequired",     message: "Required value" },
  { error: fields.required("a", "name or generateName"),     reason: "FieldValueRequired",     message: "Required value: name or generateName" },
  { error: fields.invalid("a", "x\n", "must be short"),      reason: "FieldValueInvalid",      message: 'Invalid value: "x\\n": must be short' },
  { error: fields.invalid("a", -1, "must be positive"),      reason: "FieldValueInvalid",      message: "Invalid value: -1: must be positive" },
  { error: fields.invalid("a", { b: 1 }, "no"),              reason: "FieldValueInvalid",      message: 'Invalid value: {"b":1}: no' },
  { error: fields.invalid("a", undefined, "no"),             reason: "FieldValueInvalid",      message: "Invalid value: null: no" },
  { error: fields.notSupported("a", "x", ["TCP", "UDP"]),    reason: "FieldValueNotSupported", message: 'Unsupported value: "x": supported values: "TCP", "UDP"' },
  { error: fields.duplicate("a", "x"),                       reason: "FieldValueDuplicate",    message: 'Duplicate value: "x"' },
  { error: fields.notFound("a", "x"),                        reason: "FieldValueNotFound",     message: 'Not found: "x"' },
  { error: fields.forbidden("a", "no"),                      reason: "FieldValueForbidden",    message: "Forbidden: no" },
  { error: fields.tooLong("a", 10),                          reason: "FieldValueTooLong",      message: "Too long: may not be more than 10 bytes" },
  { error: fields.tooMany("a", 11, 10),                      reason: "FieldValueTooMany",      message: "Too many: 11: must have at most 10 items" },
];

for (const { error, reason, message } of CASES) {
  Deno.test(`field errors: ${message}`, () =>
    assert.deepEqual(error, { field: "a", reason, message }));
}

const one = fields.required("spec.containers[0].image");
const two = fields.duplicate("spec.volumes[1].name", "v");
const DEPLOYMENT = { apiVersion: "apps/v1", kind: "Deployment" };

// deno-fmt-ignore
const MESSAGES = [
  { kind: "Pod",      errors: [one],           want: 'Pod "web" is invalid: spec.containers[0].image: Required value' },
  { kind: "Pod",      errors: [one, two],      want: 'Pod "web" is invalid: [spec.containers[0].image: Required value, spec.volumes[1].name: Duplicate value: "v"]' },
  { kind: "Pod",      errors: [one, one],      want: 'Pod "web" is invalid: spec.containers[0].image: Required value' },
  { kind: DEPLOYMENT, errors: [one],           want: 'Deployment.apps "web" is invalid: spec.containers[0].image: Required value' },
];

for (const { kind, errors, want } of MESSAGES) {
  Deno.test(`invalidStatus: ${want}`, () => {
    assert.equal(fields.invalidStatus(kind, "web", errors).message, want);
  });
}

Deno.test("invalidStatus: the status names the object and every cause", () => {
  const { code, details } = toStatus(fields.invalidStatus(DEPLOYMENT, "web", [one]));
  assert.equal(code, 422);
  assert.deepEqual(details, { name: "web", group: "apps", kind: "Deployment", causes: [one] });
});
