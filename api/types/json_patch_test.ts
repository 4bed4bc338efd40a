import assert from "node:assert/strict";
import { applyJsonPatch, OPERATIONS_MAX } from "./json_patch.ts";
import type { StatusReason } from "./status.ts";

const OBJECT = { metadata: { name: "web", labels: { "a/b": "1" } }, list: ["x", "y"] };

// deno-fmt-ignore
const CASES = [
  { name: "add",              patch: [{ op: "add", path: "/metadata/labels/c", value: "2" }],                want: { ...OBJECT, metadata: { name: "web", labels: { "a/b": "1", c: "2" } } } },
  { name: "an escaped path",  patch: [{ op: "replace", path: "/metadata/labels/a~1b", value: "2" }],         want: { ...OBJECT, metadata: { name: "web", labels: { "a/b": "2" } } } },
  { name: "remove",           patch: [{ op: "remove", path: "/metadata" }],                                  want: { list: ["x", "y"] } },
  { name: "at the end",       patch: [{ op: "add", path: "/list/-", value: "z" }],                           want: { ...OBJECT, list: ["x", "y", "z"] } },
  { name: "in the middle",    patch: [{ op: "add", path: "/list/1", value: "z" }],                           want: { ...OBJECT, list: ["x", "z", "y"] } },
  { name: "move",             patch: [{ op: "move", from: "/list/0", path: "/list/1" }],                     want: { ...OBJECT, list: ["y", "x"] } },
  { name: "copy",             patch: [{ op: "copy", from: "/metadata/name", path: "/name" }],                want: { ...OBJECT, name: "web" } },
  { name: "a test that holds", patch: [{ op: "test", path: "/list", value: ["x", "y"] }],                    want: OBJECT },
  { name: "the whole",        patch: [{ op: "replace", path: "", value: { a: 1 } }],                         want: { a: 1 } },
  { name: "nothing",          patch: [],                                                                     want: OBJECT },
];

for (const { name, patch, want } of CASES) {
  Deno.test(`applyJsonPatch: ${name}`, () => {
    const before = JSON.stringify(OBJECT);
    assert.deepEqual(applyJsonPatch(OBJECT, patch), want);
    assert.equal(JSON.stringify(OBJECT), before);
  });
}

const REJECTED = "the server rejected our request due to an error in our request";
const doubling = Array.from({ length: 40 }, (_, i) => ({ op: "copy", from: "", path: `/c${i}` }));

// deno-fmt-ignore
const REFUSED: { name: string; patch: unknown; reason: StatusReason; says: string }[] = [
  { name: "a test that fails",   patch: [{ op: "test", path: "/metadata/name", value: "db" }], reason: "Invalid", says: `${REJECTED}: JSON patch operation 0 (test /metadata/name): testing value failed` },
  { name: "a path that is not",  patch: [{ op: "add", path: "/spec/a", value: 1 }],     reason: "Invalid",    says: `${REJECTED}: JSON patch operation 0 (add /spec/a): path is missing` },
  { name: "a path into a text",  patch: [{ op: "add", path: "/metadata/name/x", value: 1 }], reason: "Invalid", says: `${REJECTED}: JSON patch operation 0 (add /metadata/name/x): path is missing` },
  { name: "a test for what has no text", patch: [{ op: "test", path: "/metadata/name", value: { toString: 1 } }], reason: "Invalid", says: `${REJECTED}: JSON patch operation 0 (test /metadata/name): testing value failed` },
  { name: "a test of nothing",   patch: [{ op: "test", path: "/spec", value: 1 }],      reason: "Invalid",    says: `${REJECTED}: JSON patch operation 0 (test /spec): path is missing` },
  { name: "removing nothing",    patch: [{ op: "remove", path: "/spec" }],              reason: "Invalid",    says: `${REJECTED}: JSON patch operation 0 (remove /spec): path is missing` },
  { name: "no list",             patch: { op: "remove" },                               reason: "BadRequest", says: "a JSON patch is a list of operations" },
  { name: "no object",           patch: [1],                                            reason: "BadRequest", says: "JSON patch operation 0: is not an object" },
  { name: "an unknown op",       patch: [{ op: "drop", path: "/a" }],                   reason: "BadRequest", says: 'JSON patch operation 0: unknown op "drop": add, remove, replace, move, copy or test' },
  { name: "no path",             patch: [{ op: "remove" }],                             reason: "BadRequest", says: "JSON patch operation 0: path undefined is no JSON pointer" },
  { name: "a relative path",     patch: [{ op: "remove", path: "a" }],                  reason: "BadRequest", says: 'JSON patch operation 0: path "a" is no JSON pointer' },
  { name: "no from",             patch: [{ op: "move", path: "/a" }],                   reason: "BadRequest", says: "JSON patch operation 0: from undefined is no JSON pointer" },
  { name: "no value",            patch: [{ op: "add", path: "/a" }],                    reason: "BadRequest", says: "JSON patch operation 0: add needs a value" },
  { name: "the prototype",       patch: [{ op: "add", path: "/__proto__/a", value: 1 }], reason: "BadRequest", says: 'JSON patch operation 0: path "/__proto__/a" is no JSON pointer' },
  { name: "too many operations", patch: Array(OPERATIONS_MAX + 1).fill({}),             reason: "RequestEntityTooLarge", says: "The allowed maximum operations in a JSON patch is 10000, got 10001" },
  { name: "copies without end",  patch: doubling,                                       reason: "RequestEntityTooLarge", says: "copy operations add more than 3145728 bytes" },
];

for (const { name, patch, reason, says } of REFUSED) {
  Deno.test(`applyJsonPatch: refuses ${name}`, () => {
    assert.throws(() => applyJsonPatch(OBJECT, patch), { reason, message: says });
  });
}
