import assert from "node:assert/strict";
import { fromStatus, StatusError, type StatusReason, toStatus } from "./status.ts";

/** Source: k8s.io/apimachinery, pkg/api/errors. */
const CODES: readonly [StatusReason, number][] = [
  ["BadRequest", 400],
  ["Unauthorized", 401],
  ["Forbidden", 403],
  ["NotFound", 404],
  ["MethodNotAllowed", 405],
  ["NotAcceptable", 406],
  ["AlreadyExists", 409],
  ["Conflict", 409],
  ["Gone", 410],
  ["Expired", 410],
  ["RequestEntityTooLarge", 413],
  ["UnsupportedMediaType", 415],
  ["Invalid", 422],
  ["TooManyRequests", 429],
  ["InternalError", 500],
  ["ServerTimeout", 500],
  ["ServiceUnavailable", 503],
  ["Timeout", 504],
];

for (const [reason, code] of CODES) {
  Deno.test(`status: ${reason} is ${code}, and comes back from its wire form`, () => {
    const error = new StatusError(reason, "why", [], { name: "x" });
    assert.equal(error.code, code);
    assert.deepEqual(fromStatus(toStatus(error)), error);
  });
}
