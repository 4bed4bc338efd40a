import assert from "node:assert/strict";
import type { Namespace } from "../types/core_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import { hasReason } from "../types/status.ts";
import type { ViewSubresource } from "./kind.ts";
import { openCluster, prepared, refusals, WRITE } from "./kinds_fixture.ts";
import { namespaces as kind } from "./namespaces.ts";

Deno.test("namespaces: a new one is active, labelled with its name, and held by its controller", () => {
  const { metadata, spec, status } = prepared<Namespace>(kind, { metadata: { name: "x" } });
  assert.deepEqual(metadata.labels, { "kubernetes.io/metadata.name": "x" });
  assert.deepEqual(spec, { finalizers: ["kubernetes"] });
  assert.deepEqual(status, { phase: "Active" });
});

Deno.test("row 17: the name of a namespace is a DNS label", () => {
  const [why] = refusals(kind, { metadata: { name: "a.b" } });
  assert.match(why ?? "", /^metadata.name: Invalid value: "a.b": a lowercase RFC 1123 label/);
});

Deno.test("namespaces: a generated name is in the label too", async () => {
  const { registry, store } = await openCluster();
  const json = { apiVersion: "v1", kind: "Namespace", metadata: { generateName: "x-" } };
  const { object: { metadata } } = await registry("namespaces").create("", json, WRITE);
  assert.deepEqual(metadata.labels, { "kubernetes.io/metadata.name": metadata.name });
  await store.close();
});

Deno.test("row 96: a deleted namespace stays, terminating, until its last finalizer goes", async () => {
  const { registry, store } = await openCluster();
  const [all, place] = [registry("namespaces"), { namespace: "", name: "x" }];
  await all.create("", { apiVersion: "v1", kind: "Namespace", metadata: { name: "x" } }, WRITE);
  const { object, isRemoved } = await all.delete(place, {}, WRITE);
  const going = object as Namespace;
  assert.equal(isRemoved, false);
  assert.equal(going.status?.phase, "Terminating");
  assert.equal(going.metadata.deletionTimestamp, "2026-01-01T12:00:00Z");

  const again = await all.delete(place, {}, WRITE);
  assert.equal(again.object.metadata.resourceVersion, going.metadata.resourceVersion);

  const finalize = kind.subresources?.["finalize"] as ViewSubresource<KubeObject>;
  await all.updateView(finalize, place, { ...going, spec: {} }, WRITE);
  assert.throws(() => all.get(place), (error) => hasReason(error, "NotFound"));
  await store.close();
});

Deno.test("namespaces: an update does not touch the finalizers", async () => {
  const { registry, store } = await openCluster();
  const [all, place] = [registry("namespaces"), { namespace: "", name: "x" }];
  const json = { apiVersion: "v1", kind: "Namespace", metadata: { name: "x" } };
  await all.create("", json, WRITE);
  const { object } = await all.update(place, { ...json, spec: { finalizers: [] } }, WRITE);
  assert.deepEqual((object as Namespace).spec.finalizers, ["kubernetes"]);
  await store.close();
});

for (const name of ["default", "kube-system", "kube-public"]) {
  Deno.test(`namespaces: ${name} may not be deleted`, async () => {
    const { registry, store } = await openCluster();
    const all = registry("namespaces");
    await all.create("", { apiVersion: "v1", kind: "Namespace", metadata: { name } }, WRITE);
    await assert.rejects(all.delete({ namespace: "", name }, {}, WRITE), (error) => {
      assert.ok(hasReason(error, "Forbidden") && error instanceof Error);
      const want = `namespaces "${name}" is forbidden: this namespace may not be deleted`;
      assert.equal(error.message, want);
      return true;
    });
    await store.close();
  });
}
