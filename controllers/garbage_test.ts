import assert from "node:assert/strict";
import type { Pod } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { NODES, PODS, REPLICATION_CONTROLLERS } from "../api/types/resources.ts";
import { controllerReferenceTo } from "../client/owners.ts";
import { controllerWith, nodeNamed, podNamed, startCluster, worldOf } from "./fake_cluster.ts";
import { garbageCollector } from "./garbage_collector.ts";

Deno.test("garbage: pods go with their ReplicationController, strangers stay", async () => {
  const cluster = await startCluster();
  await cluster.api.create(REPLICATION_CONTROLLERS, controllerWith("web", 5));
  await cluster.api.create(PODS, podNamed("alone", { labels: { app: "other" } }));
  await cluster.clock.advance(100);
  assert.equal((await cluster.pods()).length, 6);
  await cluster.api.delete(REPLICATION_CONTROLLERS, "default", "web");
  await cluster.clock.advance(100);
  assert.deepEqual((await cluster.pods()).map(({ metadata }) => metadata.name), ["alone"]);
  cluster.stop();
});

Deno.test("garbage: pods of an owner that was made again under its name go", async () => {
  const cluster = await startCluster();
  const { metadata } = await cluster.api.create(REPLICATION_CONTROLLERS, controllerWith("web", 2));
  await cluster.clock.advance(100);
  await cluster.api.delete(REPLICATION_CONTROLLERS, "default", "web");
  await cluster.api.create(REPLICATION_CONTROLLERS, controllerWith("web", 2));
  await cluster.clock.advance(1_000);
  const owners = (await cluster.pods()).map((pod) => pod.metadata.ownerReferences?.[0]?.uid);
  assert.equal(owners.length, 2);
  assert.ok(!owners.includes(metadata.uid));
  cluster.stop();
});

Deno.test("garbage: a pod that names an owner which never was goes", async () => {
  const cluster = await startCluster();
  const owner = controllerWith("ghost", 1);
  await cluster.api.create(
    PODS,
    podNamed("a", { ownerReferences: [controllerReferenceTo(owner)] }),
  );
  await cluster.clock.advance(100);
  assert.deepEqual(await cluster.pods(), []);
  cluster.stop();
});

Deno.test("garbage: an owner that the watch is late to show keeps its pods", () => {
  const owner = controllerWith("web", 1);
  const pod = podNamed("a", { ownerReferences: [controllerReferenceTo(owner)] });
  const key = { namespace: "default", name: "web" };
  const plan = (read: readonly KubeObject[]) =>
    garbageCollector.planGone!(key, worldOf([pod], { read: () => read as never }));
  assert.deepEqual(plan([owner]).writes, []);
  assert.deepEqual(plan([]).writes, [{ verb: "delete", object: pod }]);
});

Deno.test("garbage: finalizer orphan lets the pods go before the owner goes", async () => {
  const cluster = await startCluster();
  const object = controllerWith("web", 2);
  object.metadata.finalizers = ["orphan"];
  await cluster.api.create(REPLICATION_CONTROLLERS, object);
  await cluster.clock.advance(100);
  await cluster.api.delete(REPLICATION_CONTROLLERS, "default", "web");
  await cluster.clock.advance(1_000);
  const pods = await cluster.pods();
  assert.deepEqual(pods.map(({ metadata }) => metadata.ownerReferences), [undefined, undefined]);
  const { metadata } = await cluster.api.get(REPLICATION_CONTROLLERS, "default", "web");
  assert.deepEqual(metadata.finalizers, []);
  cluster.stop();
});

Deno.test("garbage: pods of a deleted node go at once, those of others stay", async () => {
  const cluster = await startCluster();
  for (const name of ["node-1", "node-2"]) {
    await cluster.api.create(NODES, nodeNamed(name));
    await bound(cluster, `on-${name}`, name);
  }
  await cluster.clock.advance(1_000);
  await cluster.api.delete(NODES, "", "node-1");
  await cluster.clock.advance(100);
  assert.deepEqual((await cluster.pods()).map(({ metadata }) => metadata.name), ["on-node-2"]);
  cluster.stop();
});

Deno.test("garbage: a node that comes back under its name has no old pods", async () => {
  const cluster = await startCluster();
  await cluster.api.create(NODES, nodeNamed("node-1"));
  await bound(cluster, "old", "node-1");
  await cluster.clock.advance(2_000);
  await cluster.api.delete(NODES, "", "node-1");
  await cluster.api.create(NODES, nodeNamed("node-1"));
  await cluster.clock.advance(100);
  assert.deepEqual(await cluster.pods(), []);
  await bound(cluster, "new", "node-1");
  await cluster.clock.advance(100_000);
  assert.equal((await cluster.pods()).length, 1);
  cluster.stop();
});

Deno.test("garbage: a pod made for a node that is still to come waits 40 s for it", async () => {
  const cluster = await startCluster();
  for (const name of ["early", "lost"]) {
    const pod = podNamed(name);
    await cluster.api.create(PODS, { ...pod, spec: { ...pod.spec, nodeName: `node-of-${name}` } });
  }
  await cluster.clock.advance(30_000);
  await cluster.api.create(NODES, nodeNamed("node-of-early"));
  await cluster.clock.advance(30_000);
  assert.deepEqual((await cluster.pods()).map(({ metadata }) => metadata.name), ["early"]);
  cluster.stop();
});

async function bound(
  { api, clock }: Awaited<ReturnType<typeof startCluster>>,
  name: string,
  nodeName: string,
): Promise<void> {
  const pod: Pod = podNamed(name);
  const lastTransitionTime = new Date(clock.now()).toISOString().replace(".000Z", "Z");
  await api.create(PODS, {
    ...pod,
    spec: { ...pod.spec, nodeName },
    status: { conditions: [{ type: "PodScheduled", status: "True", lastTransitionTime }] },
  });
}
