import assert from "node:assert/strict";
import { isSameJson } from "./same_json.ts";

const CASES: readonly [a: unknown, b: unknown, want: boolean][] = [
  [1, 1, true],
  [1, "1", false],
  [null, undefined, false],
  [{ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 }, true],
  [{ a: 1 }, { a: 1, b: undefined }, true],
  [{ a: 1, b: undefined }, { a: 1 }, true],
  [{ a: 1 }, { a: 1, b: null }, false],
  [[1, 2], [2, 1], false],
  [[1], { 0: 1 }, false],
  [{}, { constructor: "x" }, false],
  [{ toString: "x" }, {}, false],
];

for (const [a, b, want] of CASES) {
  Deno.test(`same json: ${JSON.stringify(a)} and ${JSON.stringify(b)}: ${want}`, () => {
    assert.equal(isSameJson(a, b), want);
  });
}
