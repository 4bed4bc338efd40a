import assert from "node:assert/strict";
import type { ObjectMeta } from "../types/meta.ts";
import { configMaps } from "./configmaps.ts";
import type { AnyKind, Moment } from "./kind.ts";
import { planDelete } from "./plan_delete.ts";

const NOW = "2026-01-01T00:00:00Z";
const MOMENT: Moment = { now: NOW, newUid: () => "u", random: () => 0 };

function objectWith(metadata: Partial<ObjectMeta>) {
  const base = { name: "a", namespace: "default", uid: "u1", resourceVersion: "7" };
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { ...base, ...metadata } };
}

Deno.test("delete: an object that nothing holds goes, with what it had allocated", () => {
  const freed = { key: "allocations/x", object: undefined };
  const kind: AnyKind = { ...configMaps, release: () => [freed] };
  const { isRemoved, writes } = planDelete(kind, objectWith({}), {}, MOMENT);
  assert.equal(isRemoved, true);
  assert.deepEqual(writes, [{ key: "configmaps/default/a", object: undefined }, freed]);
});

Deno.test("delete: a finalizer keeps it, marked, and a second deletion changes nothing", () => {
  const first = planDelete(configMaps, objectWith({ finalizers: ["x/y"] }), {}, MOMENT);
  const { deletionTimestamp, deletionGracePeriodSeconds } = first.object.metadata;
  assert.deepEqual([first.isRemoved, deletionTimestamp, deletionGracePeriodSeconds], [
    false,
    NOW,
    0,
  ]);
  const second = planDelete(configMaps, first.object, {}, MOMENT);
  assert.deepEqual([second.isRemoved, second.writes], [false, []]);
});

Deno.test("delete: a mark counts as a change of the object", () => {
  const kind: AnyKind = { ...configMaps, hasGeneration: true };
  const old = objectWith({ finalizers: ["x/y"], generation: 3 });
  assert.equal(planDelete(kind, old, {}, MOMENT).object.metadata.generation, 4);
});

for (const deletion of [{ uid: "u2" }, { resourceVersion: "6" }]) {
  Deno.test(`delete: ${JSON.stringify(deletion)} is another object`, () => {
    const plan = () => planDelete(configMaps, objectWith({}), deletion, MOMENT);
    assert.throws(plan, { reason: "Conflict" });
  });
}
