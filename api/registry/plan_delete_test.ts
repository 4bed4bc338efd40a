import assert from "node:assert/strict";
import type { ObjectMeta } from "../types/meta.ts";
import { configMaps } from "./configmaps.ts";
import type { AnyKind, Moment } from "./kind.ts";
import { planDelete } from "./plan_delete.ts";
import type { PropagationPolicy } from "./propagation.ts";

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

const POLICY_CASES: {
  name: string;
  dependents?: NonNullable<AnyKind["dependents"]>;
  policy?: PropagationPolicy;
  has?: string[];
  want: string[];
}[] = [
  { name: "nothing said", want: [] },
  { name: "nothing said, of a kind that orphans", dependents: "orphan", want: ["orphan"] },
  {
    name: "Background of a kind that orphans",
    dependents: "orphan",
    policy: "Background",
    want: [],
  },
  { name: "Orphan", policy: "Orphan", want: ["orphan"] },
  {
    name: "Orphan, where nothing may depend on it",
    dependents: "none",
    policy: "Orphan",
    want: [],
  },
  { name: "Foreground", policy: "Foreground", want: ["foregroundDeletion"] },
  {
    name: "nothing said, finalizer there",
    has: ["foregroundDeletion"],
    want: ["foregroundDeletion"],
  },
  { name: "Background undoes it", has: ["orphan", "x/y"], policy: "Background", want: ["x/y"] },
  {
    name: "Foreground after Orphan",
    has: ["orphan"],
    policy: "Foreground",
    want: ["foregroundDeletion"],
  },
  { name: "others stay", has: ["x/y"], policy: "Orphan", want: ["x/y", "orphan"] },
];

for (const { name, dependents = "delete", policy, has = [], want } of POLICY_CASES) {
  Deno.test(`delete: ${name} leaves finalizers [${want}]`, () => {
    const kind: AnyKind = { ...configMaps, dependents };
    const old = objectWith(has.length > 0 ? { finalizers: has } : {});
    const deletion = policy === undefined ? {} : { propagationPolicy: policy };
    const { object, isRemoved } = planDelete(kind, old, deletion, MOMENT);
    assert.equal(isRemoved, want.length === 0);
    if (!isRemoved) assert.deepEqual(object.metadata.finalizers, want);
  });
}

Deno.test("delete: a second deletion may say something else of the dependents, at the same time", () => {
  const old = objectWith({
    finalizers: ["foregroundDeletion", "x/y"],
    deletionTimestamp: "2025-01-01T00:00:00Z",
    deletionGracePeriodSeconds: 0,
    generation: 2,
  });
  const { object } = planDelete(configMaps, old, { propagationPolicy: "Orphan" }, MOMENT);
  assert.deepEqual(object.metadata, { ...old.metadata, finalizers: ["x/y", "orphan"] });
});
