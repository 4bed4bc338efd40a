import assert from "node:assert/strict";
import { mergePatch } from "./merge_patch.ts";

/** The examples of RFC 7386, appendix A. */
// deno-fmt-ignore
const CASES = [
  { target: { a: "b" },               patch: { a: "c" },                    want: { a: "c" } },
  { target: { a: "b" },               patch: { b: "c" },                    want: { a: "b", b: "c" } },
  { target: { a: "b" },               patch: { a: null },                   want: {} },
  { target: { a: "b", b: "c" },       patch: { a: null },                   want: { b: "c" } },
  { target: { a: ["b"] },             patch: { a: "c" },                    want: { a: "c" } },
  { target: { a: "c" },               patch: { a: ["b"] },                  want: { a: ["b"] } },
  { target: { a: { b: "c" } },        patch: { a: { b: "d", c: null } },    want: { a: { b: "d" } } },
  { target: { a: [{ b: "c" }] },      patch: { a: [1] },                    want: { a: [1] } },
  { target: ["a", "b"],               patch: ["c", "d"],                    want: ["c", "d"] },
  { target: { a: "b" },               patch: ["c"],                         want: ["c"] },
  { target: { a: "foo" },             patch: null,                          want: null },
  { target: { a: "foo" },             patch: "bar",                         want: "bar" },
  { target: { e: null },              patch: { a: 1 },                      want: { e: null, a: 1 } },
  { target: [1, 2],                   patch: { a: "b", c: null },           want: { a: "b" } },
  { target: {},                       patch: { a: { bb: { ccc: null } } },  want: { a: { bb: {} } } },
];

for (const { target, patch, want } of CASES) {
  Deno.test(`mergePatch: ${JSON.stringify(target)} with ${JSON.stringify(patch)}`, () => {
    const before = JSON.stringify([target, patch]);
    assert.deepEqual(mergePatch(target, patch), want);
    assert.equal(JSON.stringify([target, patch]), before);
  });
}

Deno.test("mergePatch: names that Object has are names like others", () => {
  const patch = JSON.parse('{"__proto__":{"a":1},"toString":{"b":2}}');
  const merged = mergePatch({}, patch) as object;
  assert.equal(Object.getPrototypeOf(merged), Object.prototype);
  assert.equal(JSON.stringify(merged), '{"__proto__":{"a":1},"toString":{"b":2}}');
});

Deno.test("mergePatch: nesting without end is refused", () => {
  const deep = JSON.parse('{"a":'.repeat(50_000) + "1" + "}".repeat(50_000));
  assert.throws(() => mergePatch({}, deep), { reason: "BadRequest" });
});
