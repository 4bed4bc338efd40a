import assert from "node:assert/strict";
import { indexesIn, textOfIndexes } from "./indexes.ts";

for (const text of ["", "0", "0,1", "0-2", "0,2-4,7,8"]) {
  Deno.test(`indexes: "${text}" is read and written`, () => {
    assert.equal(textOfIndexes(indexesIn(text)), text);
  });
}

Deno.test("indexes: what is no index counts as nothing", () => {
  assert.deepEqual([...indexesIn("a,1,-2,3-x")], [1]);
});
