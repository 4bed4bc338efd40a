import assert from "node:assert/strict";
import {
  ApiextensionsV1Api,
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
} from "@kubernetes/client-node";
import { startMaster } from "../fixtures/master.ts";

const GROUP = { group: "example.com", version: "v1", plural: "widgets", namespace: "default" };

Deno.test("the official JavaScript client defines a kind and uses its objects", async () => {
  const master = await startMaster();
  try {
    const config = new KubeConfig();
    config.loadFromFile(master.kubeconfig);
    await define(config.makeApiClient(ApiextensionsV1Api));
    await useObjects(config.makeApiClient(CustomObjectsApi));
    const definitions = config.makeApiClient(ApiextensionsV1Api);
    await definitions.deleteCustomResourceDefinition({ name: "widgets.example.com" });
  } finally {
    await master.kill(); // the client's HTTP/2 ends its process when it is told to go away
  }
});

async function define(api: ApiextensionsV1Api): Promise<void> {
  const spec = { type: "object", properties: { size: { type: "integer", _default: 1 } } };
  const openAPIV3Schema = { type: "object", properties: { spec } };
  const created = await api.createCustomResourceDefinition({
    body: {
      metadata: { name: "widgets.example.com" },
      spec: {
        group: "example.com",
        scope: "Namespaced",
        names: { plural: "widgets", kind: "Widget" },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema } }],
      },
    },
  });
  const established = created.status?.conditions?.find(({ type }) => type === "Established");
  assert.equal(established?.status, "True");
}

async function useObjects(api: CustomObjectsApi): Promise<void> {
  const body = { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "a" }, spec: {} };
  const created = await api.createNamespacedCustomObject({ ...GROUP, body });
  assert.deepEqual(created.spec, { size: 1 });
  const patched = await api.patchNamespacedCustomObject(
    { ...GROUP, name: "a", body: { spec: { size: 2 } } },
    setHeaderOptions("Content-Type", PatchStrategy.MergePatch),
  );
  assert.deepEqual(patched.spec, { size: 2 });
  const list = await api.listNamespacedCustomObject(GROUP);
  assert.equal(list.items.length, 1);
  await api.deleteNamespacedCustomObject({ ...GROUP, name: "a" });
  await assert.rejects(api.getNamespacedCustomObject({ ...GROUP, name: "a" }), { code: 404 });
}
