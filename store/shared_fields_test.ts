import assert from "node:assert/strict";
import { SharedFields } from "./shared_fields.ts";

const entryOf = (manager: string, fieldsV1: unknown) => ({ manager, fieldsV1 });

Deno.test("shared fields: equal sets become one, whoever holds them", () => {
  const shared = new SharedFields();
  const [first] = shared.shared([entryOf("kubectl", { "f:spec": {} })]);
  const [second] = shared.shared([entryOf("agent", { "f:spec": {} })]);
  assert.deepEqual(second, entryOf("agent", { "f:spec": {} }));
  assert.equal(second?.fieldsV1, first?.fieldsV1);
});

Deno.test("shared fields: a list that has nothing to share stays itself, and a given one is left alone", () => {
  const shared = new SharedFields();
  const entries = [entryOf("a", { "f:data": {} }), entryOf("b", undefined), entryOf("c", "text")];
  assert.equal(shared.shared(entries), entries);
  const again = [entryOf("a", { "f:data": {} })];
  const [{ fieldsV1 } = entryOf("", 0)] = again;
  assert.notEqual(shared.shared(again), again);
  assert.equal(again[0]?.fieldsV1, fieldsV1);
});

Deno.test("shared fields: sets that were not met for long are forgotten, others are kept", () => {
  const shared = new SharedFields();
  const setOf = (n: number) => ({ [`f:${n}`]: {} });
  const shareOne = (set: object) => shared.shared([entryOf("a", set)])[0]?.fieldsV1;
  const [often, once] = [shareOne(setOf(-1)), shareOne(setOf(-2))];
  for (let n = 0; n < 5_000; n += 1) {
    shareOne(setOf(n));
    assert.equal(shareOne(setOf(-1)), often);
  }
  assert.notEqual(shareOne(setOf(-2)), once);
});
