import assert from "node:assert/strict";
import { linkNameOf, namesOf } from "./names.ts";

Deno.test("namesOf: two clusters share nothing", () => {
  const [one, two] = [namesOf("wherry"), namesOf("wherry-2")];
  for (const key of Object.keys(one) as (keyof typeof one)[]) assert.notEqual(one[key], two[key]);
});

Deno.test("linkNameOf: fits the kernel, belongs to the cluster and is the same each time", () => {
  const names = namesOf("wherry");
  const link = linkNameOf(names, "6c1f3f0e-7f0e-4a53-9d6a-0f7c3a1d5f11");
  assert.equal(link.length, 15);
  assert(link.startsWith(names.linkPrefix));
  assert.equal(link, linkNameOf(names, "6c1f3f0e-7f0e-4a53-9d6a-0f7c3a1d5f11"));
  assert.notEqual(link, linkNameOf(names, "another"));
});

for (const name of ["", "Wherry", "1st", "a/b", "-a", "a-", "a".repeat(33), "../x"]) {
  Deno.test(`namesOf: refuses ${JSON.stringify(name)}`, () => {
    assert.throws(() => namesOf(name), /Cannot use cluster name/);
  });
}
