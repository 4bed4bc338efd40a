import assert from "node:assert/strict";
import type { ConfigMap, Namespace } from "../api/types/core_v1.ts";
import {
  CONFIG_MAPS,
  NAMESPACES,
  PODS,
  SERVICE_ACCOUNTS,
  SERVICES,
} from "../api/types/resources.ts";
import { hasReason, StatusError } from "../api/types/status.ts";
import { podNamed, serviceNamed, startCluster } from "./fake_cluster.ts";

const TEAM: Namespace = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "team" },
  spec: { finalizers: ["kubernetes"] },
};
const SETTINGS: ConfigMap = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "settings", namespace: "team" },
};

Deno.test("namespace: each gets an account `default`, again when it is deleted", async () => {
  const cluster = await startCluster();
  await cluster.api.create(NAMESPACES, TEAM);
  await cluster.clock.advance(100);
  await cluster.api.delete(SERVICE_ACCOUNTS, "team", "default");
  await cluster.clock.advance(100);
  assert.equal(
    (await cluster.api.get(SERVICE_ACCOUNTS, "team", "default")).metadata.name,
    "default",
  );
  cluster.stop();
});

Deno.test("row 96: a deleted namespace loses all its kinds, then goes; others stay", async () => {
  const cluster = await startCluster();
  await cluster.api.create(NAMESPACES, TEAM);
  await cluster.api.create(CONFIG_MAPS, SETTINGS);
  await cluster.api.create(SERVICES, {
    ...serviceNamed("web"),
    metadata: { name: "web", namespace: "team" },
  });
  await cluster.api.create(PODS, podNamed("a", { namespace: "team" }));
  await cluster.api.create(PODS, podNamed("a"));
  await cluster.api.delete(NAMESPACES, "", "team");
  await cluster.clock.advance(1_000);
  await assert.rejects(cluster.api.get(NAMESPACES, "", "team"), (e) => hasReason(e, "NotFound"));
  assert.deepEqual((await cluster.api.list(CONFIG_MAPS)).items, []);
  assert.deepEqual((await cluster.api.list(PODS)).items.map((p) => p.metadata.namespace), [
    "default",
  ]);
  cluster.stop();
});

Deno.test("namespace: waits for pods that end gracefully, and goes right after the last", async () => {
  const cluster = await startCluster();
  await cluster.api.create(NAMESPACES, TEAM);
  const pod = podNamed("a", { namespace: "team" });
  await cluster.api.create(PODS, { ...pod, spec: { ...pod.spec, nodeName: "node-1" } });
  await cluster.api.delete(NAMESPACES, "", "team");
  await cluster.clock.advance(25_000);
  assert.equal((await cluster.api.get(NAMESPACES, "", "team")).status?.phase, "Terminating");
  await cluster.api.delete(PODS, "team", "a", { gracePeriodSeconds: 0 });
  await cluster.clock.advance(100);
  await assert.rejects(cluster.api.get(NAMESPACES, "", "team"), (e) => hasReason(e, "NotFound"));
  cluster.stop();
});

Deno.test("namespace: an apiserver that fails in between is asked again", async () => {
  const cluster = await startCluster();
  await cluster.api.create(NAMESPACES, TEAM);
  await cluster.api.create(CONFIG_MAPS, SETTINGS);
  let failures = 3;
  cluster.api.intercept = ({ verb, resource }) => {
    if (verb === "deleteCollection" && resource === "configmaps" && (failures -= 1) >= 0) {
      throw new StatusError("ServiceUnavailable", "away");
    }
  };
  await cluster.api.delete(NAMESPACES, "", "team");
  await cluster.clock.advance(10_000);
  assert.deepEqual((await cluster.api.list(NAMESPACES)).items, []);
  cluster.stop();
});
