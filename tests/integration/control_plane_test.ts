import assert from "node:assert/strict";
import type { KubeObject } from "../../api/types/meta.ts";
import {
  ENDPOINTS,
  NAMESPACES,
  NODES,
  PODS,
  REPLICATION_CONTROLLERS,
  type Resource,
  SERVICES,
} from "../../api/types/resources.ts";
import type { Api } from "../../client/api.ts";
import { LocalApi } from "../../cmd/local_api.ts";
import { Informers } from "../../client/informer.ts";
import { runControllers } from "../../controllers/manager.ts";
import { controllerWith, serviceNamed } from "../../controllers/fake_cluster.ts";
import { nodeWith } from "../../scheduler/fake_world.ts";
import { runScheduler } from "../../scheduler/loop.ts";
import { ADMIN_TOKEN, CLOCK, startApi } from "./harness.ts";

Deno.test("control plane: a controller's pods are made, placed, published and taken away again", async () => {
  const { api, cache, stop } = await startControlPlane();
  await api.create(NODES, nodeWith("node-1"));
  await api.create(NODES, nodeWith("node-2"));
  await api.create(SERVICES, serviceNamed("web", { clusterIP: "" }));
  await api.create(REPLICATION_CONTROLLERS, controllerWith("web", 6));
  const pods = () => cache.list(PODS, "default");
  await until(cache, PODS, () => pods().filter(({ spec }) => spec.nodeName).length === 6);
  const nodes = pods().map(({ spec }) => spec.nodeName).sort();
  assert.deepEqual(new Set(nodes), new Set(["node-1", "node-2"]));
  for (const [i, { metadata }] of pods().entries()) {
    await run(api, metadata.name, `10.1.0.${i + 1}`);
  }
  await until(cache, ENDPOINTS, () => {
    const { subsets } = cache.get(ENDPOINTS, "default", "web") ?? {};
    return subsets?.[0]?.addresses?.length === 6;
  });
  await until(cache, REPLICATION_CONTROLLERS, () => {
    const { status } = cache.get(REPLICATION_CONTROLLERS, "default", "web") ?? {};
    return status?.readyReplicas === 6;
  });
  const propagationPolicy = "Background";
  await api.delete(REPLICATION_CONTROLLERS, "default", "web", { propagationPolicy });
  await until(cache, PODS, () => pods().every(({ metadata }) => metadata.deletionTimestamp));
  await until(cache, ENDPOINTS, () => {
    return cache.get(ENDPOINTS, "default", "web")?.subsets === undefined;
  });
  await stop();
});

Deno.test("control plane: a deleted namespace is emptied and goes", async () => {
  const { api, cache, stop } = await startControlPlane();
  await api.create(NAMESPACES, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "team" },
    spec: {},
  });
  const controller = controllerWith("web", 3);
  controller.metadata = { name: "web", namespace: "team" };
  await api.create(REPLICATION_CONTROLLERS, controller);
  await until(cache, PODS, () => cache.list(PODS, "team").length === 3);
  await api.delete(NAMESPACES, "", "team");
  await until(cache, NAMESPACES, () => cache.get(NAMESPACES, "", "team") === undefined);
  assert.deepEqual((await api.list(PODS, { namespace: "team" })).items, []);
  await stop();
});

async function startControlPlane() {
  const server = await startApi();
  const controller = new AbortController();
  const api = new LocalApi(server.api, ADMIN_TOKEN, "control-plane");
  const shared = {
    api,
    clock: CLOCK,
    random: Math.random,
    log: () => {},
    signal: controller.signal,
  };
  const cache = new Informers(shared);
  const running = Promise.all([
    runControllers({ ...shared, cache }),
    runScheduler({ ...shared, cache }),
  ]);
  await cache.synced();
  return {
    api,
    cache,
    async stop() {
      controller.abort();
      await running;
      await server[Symbol.asyncDispose]();
    },
  };
}

async function until(
  cache: Informers,
  resource: Resource<KubeObject>,
  holds: () => boolean,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = cache.onChange(resource, () => holds() && resolve());
  if (!holds()) await promise;
  end();
}

/** As the pod's agent reports it. */
async function run(api: Api, name: string, podIP: string): Promise<void> {
  const target = { namespace: "default", name, subresource: "status" };
  const conditions = [{
    type: "Ready",
    status: "True",
    lastTransitionTime: "2026-01-01T00:00:00Z",
  }];
  const status = { phase: "Running", podIP, podIPs: [{ ip: podIP }], conditions };
  await api.patch(PODS, target, "strategic", { status });
}
