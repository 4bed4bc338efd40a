import assert from "node:assert/strict";
import type { Pod } from "../api/types/core_v1.ts";
import { NODES, PODS } from "../api/types/resources.ts";
import { nodeNamed, podNamed, startCluster } from "./fake_cluster.ts";

Deno.test("row 27: pods of a deleted node go at once, those of others stay", async () => {
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

Deno.test("row 34: a node that comes back under its name has no old pods", async () => {
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
