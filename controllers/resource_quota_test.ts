import assert from "node:assert/strict";
import type { ResourceQuota } from "../api/types/core_v1.ts";
import { PODS, RESOURCE_QUOTAS } from "../api/types/resources.ts";
import { podNamed, startCluster } from "./fake_cluster.ts";

function quotaWith(status: ResourceQuota["status"]): ResourceQuota {
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "q", namespace: "default" },
    spec: { hard: { pods: "5", resourcequotas: "1" } },
    ...(status && { status }),
  };
}

const USED = { pods: "2", resourcequotas: "1" };

Deno.test("resource quota: a quota that came without a count gets one at once", async () => {
  const { api, clock, stop } = await startCluster();
  for (const name of ["a", "b"]) await api.create(PODS, podNamed(name));
  await api.create(RESOURCE_QUOTAS, quotaWith(undefined));
  await clock.settle();
  const { spec, status } = await api.get(RESOURCE_QUOTAS, "default", "q");
  assert.deepEqual(status, { hard: spec.hard, used: USED });
  stop();
});

Deno.test("row 99: a count of a quota that is wrong is found, though not at once", async () => {
  const { api, clock, stop } = await startCluster();
  for (const name of ["a", "b"]) await api.create(PODS, podNamed(name));
  const used = { pods: "4", resourcequotas: "1" };
  const { spec } = await api.create(RESOURCE_QUOTAS, quotaWith({ used }));
  await api.updateStatus(RESOURCE_QUOTAS, {
    ...await api.get(RESOURCE_QUOTAS, "default", "q"),
    status: { hard: { ...spec.hard }, used },
  });
  await clock.settle();
  const usedNow = async () => (await api.get(RESOURCE_QUOTAS, "default", "q")).status?.used;
  for (let minute = 0; minute < 12; minute += 1) await clock.advance(60_000);
  assert.deepEqual(await usedNow(), USED);
  stop();
});
