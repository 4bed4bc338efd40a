import assert from "node:assert/strict";
import type { ConfigMap } from "../api/types/core_v1.ts";
import { LEASES } from "../api/types/coordination_v1.ts";
import { CONFIG_MAPS } from "../api/types/resources.ts";
import { FakeApi } from "./fake_api.ts";
import { FakeClock } from "./fake_clock.ts";
import { namespacedResources, perform, resourceOf, toward, towardStatus } from "./writes.ts";

const WANT: ConfigMap = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "default" },
  data: { key: "1" },
};

Deno.test("writes: toward creates, rests and updates", async () => {
  const api = new FakeApi(new FakeClock());
  assert.deepEqual(toward(undefined, WANT), [{ verb: "create", object: WANT }]);
  const have = await api.create(CONFIG_MAPS, WANT);
  assert.deepEqual(toward(have, WANT), []);
  const [write] = toward(have, { ...WANT, data: { key: "2" } } as ConfigMap);
  const written = await perform(api, write!);
  assert.deepEqual((written as ConfigMap).data, { key: "2" });
  assert.equal(written?.metadata.uid, have.metadata.uid);
});

Deno.test("writes: towardStatus looks at the status alone", () => {
  const have = { ...WANT, status: { replicas: 1 } };
  assert.deepEqual(towardStatus(have, { replicas: 1 }), []);
  assert.equal(towardStatus(have, { replicas: 2 })[0]?.verb, "updateStatus");
});

Deno.test("writes: what is gone already counts as deleted, another object of its name does not", async () => {
  const api = new FakeApi(new FakeClock());
  const old = await api.create(CONFIG_MAPS, WANT);
  await perform(api, { verb: "delete", object: old });
  await perform(api, { verb: "delete", object: old });
  await api.create(CONFIG_MAPS, WANT);
  await assert.rejects(perform(api, { verb: "delete", object: old }));
});

Deno.test("writes: every kind is found by its objects", () => {
  assert.equal(resourceOf(WANT), CONFIG_MAPS);
  assert.ok(namespacedResources().includes(LEASES));
  assert.ok(namespacedResources().every(({ isNamespaced }) => isNamespaced));
});
