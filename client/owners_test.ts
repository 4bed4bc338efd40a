import assert from "node:assert/strict";
import type { KubeObject } from "../api/types/meta.ts";
import { adopted, controllerOf, isControlledBy, released } from "./owners.ts";

const OWNER: KubeObject = {
  apiVersion: "v1",
  kind: "ReplicationController",
  metadata: { name: "web", uid: "u1" },
};
const POD: KubeObject = { apiVersion: "v1", kind: "Pod", metadata: { name: "a" } };
const OTHER = { apiVersion: "v1", kind: "Job", name: "b", uid: "u2" };

Deno.test("owners: an adopted pod is released into what it was", () => {
  const mine = adopted(POD, OWNER);
  assert.equal(isControlledBy(mine, OWNER), true);
  assert.deepEqual(released(mine, OWNER), POD);
});

Deno.test("owners: others that are named stay", () => {
  const shared = { ...POD, metadata: { ...POD.metadata, ownerReferences: [OTHER] } };
  assert.equal(controllerOf(shared), undefined);
  assert.deepEqual(released(adopted(shared, OWNER), OWNER), shared);
});
