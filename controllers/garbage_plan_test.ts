import assert from "node:assert/strict";
import type { KubeObject, ObjectMeta } from "../api/types/meta.ts";
import { CONFIG_MAPS } from "../api/types/resources.ts";
import { type Collection, type OwnerState, planCollection, planEnding } from "./garbage_plan.ts";
import type { Dependent } from "./owner_index.ts";

const COLLECTIONS: {
  name: string;
  metadata?: Partial<ObjectMeta>;
  owners: OwnerState[];
  dependents?: Dependent[];
  want: Collection | undefined;
}[] = [
  { name: "no owner", owners: [], want: undefined },
  { name: "owner there", owners: ["there"], want: undefined },
  { name: "owner gone", owners: ["gone"], want: { deletion: "Background" } },
  { name: "all gone", owners: ["gone", "gone"], want: { deletion: "Background" } },
  { name: "one left", owners: ["gone", "there"], want: { ownerReferences: [referenceTo("1")] } },
  {
    name: "one left of those that wait",
    owners: ["waiting", "there"],
    want: { ownerReferences: [referenceTo("1")] },
  },
  { name: "owner waits, nobody below", owners: ["waiting"], want: { deletion: "Background" } },
  {
    name: "owner waits, some below",
    owners: ["waiting"],
    dependents: [below()],
    want: { deletion: "Foreground" },
  },
  {
    name: "owner waits, and below waits as well: a circle",
    owners: ["waiting"],
    dependents: [below({ ...marked(), finalizers: ["foregroundDeletion"] })],
    want: {
      ownerReferences: [{ ...referenceTo("0"), blockOwnerDeletion: false }],
      deletion: "Foreground",
    },
  },
  { name: "marked already", metadata: marked(), owners: ["gone"], want: undefined },
  {
    name: "asks to orphan",
    metadata: { finalizers: ["orphan"] },
    owners: ["gone"],
    want: { deletion: "Orphan" },
  },
  {
    name: "asks to wait",
    metadata: { finalizers: ["foregroundDeletion"] },
    owners: ["gone"],
    want: { deletion: "Foreground" },
  },
];

for (const { name, metadata, owners, dependents = [], want } of COLLECTIONS) {
  Deno.test(`garbage plan: ${name}`, () => {
    const named = owners.map((state, i) => ({ reference: referenceTo(String(i)), state }));
    assert.deepEqual(planCollection(objectWith(metadata), named, dependents), want);
  });
}

Deno.test("garbage plan: in the foreground an owner waits for those that block it, and wakes them", () => {
  const owner = objectWith({ ...marked(), finalizers: ["foregroundDeletion"] });
  const blocks = { ownerReferences: [{ ...referenceTo("own"), blockOwnerDeletion: true }] };
  const [free, blocking, going] = [below(), below(blocks), below({ ...blocks, ...marked() })];
  assert.deepEqual(planEnding(owner, [free, blocking, going]), { release: [], wake: [blocking] });
  assert.deepEqual(planEnding(owner, [free]), {
    release: [],
    wake: [],
    removes: "foregroundDeletion",
  });
});

Deno.test("garbage plan: an owner that orphans lets all go free, then goes", () => {
  const owner = objectWith({ ...marked(), finalizers: ["orphan"] });
  const all = [below(), below()];
  assert.deepEqual(planEnding(owner, all), { release: all, wake: [], removes: "orphan" });
});

function marked(): Partial<ObjectMeta> {
  return { deletionTimestamp: "2026-01-01T00:00:00Z" };
}

function referenceTo(uid: string) {
  return { apiVersion: "v1", kind: "ConfigMap", name: `owner-${uid}`, uid };
}

function objectWith(metadata: Partial<ObjectMeta> = {}): KubeObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", uid: "own", ...metadata } };
}

function below(metadata: Partial<ObjectMeta> = {}): Dependent {
  return { resource: CONFIG_MAPS, object: objectWith(metadata) };
}
