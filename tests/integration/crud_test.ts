import assert from "node:assert/strict";
import { podNamed, startApi } from "./harness.ts";

const PODS = "/api/v1/namespaces/default/pods";

Deno.test("api: a pod is created, read, listed and deleted", async () => {
  await using api = await startApi();
  const created = await api.call("POST", PODS, podNamed("web"));
  assert.equal(created.code, 201, JSON.stringify(created.body));
  assert.equal(created.body.metadata.namespace, "default");
  const read = await api.call("GET", `${PODS}/web`);
  assert.deepEqual(read.body, created.body);
  const list = await api.call("GET", PODS);
  assert.equal(list.body.kind, "PodList");
  assert.deepEqual(list.body.items, [created.body]);
  const deleted = await api.call("DELETE", `${PODS}/web`);
  assert.equal(deleted.code, 200);
  assert.equal((await api.call("GET", `${PODS}/web`)).body.message, 'pods "web" not found');
});
