import assert from "node:assert/strict";
import { LEASES } from "../api/types/coordination_v1.ts";
import type { Node } from "../api/types/core_v1.ts";
import { NODE_LEASE_NAMESPACE } from "../api/types/drain_barrier.ts";
import { EVENTS, NODES, PODS, REPLICATION_CONTROLLERS } from "../api/types/resources.ts";
import { controllerWith, nodeNamed, podNamed, startCluster } from "./fake_cluster.ts";

type Cluster = Awaited<ReturnType<typeof startCluster>>;

Deno.test("row 29: a silent node is Unknown after its lease, and its pods are not ready", async () => {
  const cluster = await startCluster();
  await addNode(cluster, "node-1");
  await addPod(cluster, "web", "node-1");
  await beat(cluster, ["node-1"], 60);
  await cluster.clock.advance(9_900);
  assert.equal((await ready(cluster, "node-1")).status, "True");
  await cluster.clock.advance(200);
  const { status, reason, message } = await ready(cluster, "node-1");
  assert.deepEqual([status, reason, message], [
    "Unknown",
    "NodeStatusUnknown",
    "Kubelet stopped posting node status.",
  ]);
  const [pod] = await cluster.pods();
  assert.deepEqual(pod?.status?.conditions?.map(({ type, status }) => `${type} ${status}`), [
    "Ready False",
  ]);
  const events = (await cluster.api.list(EVENTS)).items.map(({ message }) => message);
  assert.deepEqual(events, ["Node node-1 status is now: NodeNotReady"]);
  cluster.stop();
});

Deno.test("row 29: a clock that is an hour off on the node changes nothing", async () => {
  for (const skewMs of [-3_600_000, 3_600_000]) {
    const cluster = await startCluster();
    await addNode(cluster, "node-1");
    await beat(cluster, ["node-1"], 60, skewMs);
    assert.equal((await ready(cluster, "node-1")).status, "True");
    await cluster.clock.advance(10_100);
    assert.equal((await ready(cluster, "node-1")).status, "Unknown");
    cluster.stop();
  }
});

// deno-fmt-ignore
const LEASES_HOLD: { name: string; says: number; seconds: number }[] = [
  { name: "a lease that says so holds for longer",         says: 57,     seconds: 57 },
  { name: "none holds for shorter than the setting",       says: 1,      seconds: 10 },
  { name: "none holds for ever",                           says: 86_400, seconds: 60 },
];
for (const { name, says, seconds } of LEASES_HOLD) {
  Deno.test(`node lifecycle: ${name}`, async () => {
    const cluster = await startCluster();
    await addNode(cluster, "node-1");
    await beat(cluster, ["node-1"], 60);
    await cluster.renewLease("node-1", cluster.clock.now(), says);
    await cluster.clock.advance(seconds * 1000 - 100);
    assert.equal((await ready(cluster, "node-1")).status, "True");
    await cluster.clock.advance(200);
    assert.equal((await ready(cluster, "node-1")).status, "Unknown");
    cluster.stop();
  });
}

Deno.test("node lifecycle: a lease that an API server has forgotten may have been the longest", async () => {
  const cluster = await startCluster();
  await addNode(cluster, "node-1");
  await beat(cluster, ["node-1"], 60);
  await cluster.api.delete(LEASES, NODE_LEASE_NAMESPACE, "node-1");
  await cluster.clock.advance(59_000);
  assert.equal((await ready(cluster, "node-1")).status, "True");
  await cluster.clock.advance(1_100);
  assert.equal((await ready(cluster, "node-1")).status, "Unknown");
  cluster.stop();
});

Deno.test("node lifecycle: heartbeats cost no writes and no requests", async () => {
  const cluster = await startCluster();
  await addNode(cluster, "node-1");
  await beat(cluster, ["node-1"], 10);
  const before = cluster.api.calls.length;
  await beat(cluster, ["node-1"], 200);
  const asked = cluster.api.calls.slice(before).filter(({ resource }) => resource !== "leases");
  assert.deepEqual(asked, []);
  cluster.stop();
});

Deno.test("node lifecycle: a node that takes Unknown back lives, and nobody argues about it", async () => {
  const cluster = await startCluster();
  await addNode(cluster, "node-1");
  await beat(cluster, ["node-1"], 60);
  await cluster.clock.advance(10_100);
  assert.equal((await ready(cluster, "node-1")).status, "Unknown");
  const before = cluster.api.count("updateStatus", NODES);
  await makeReady(cluster, "node-1");
  await cluster.clock.advance(3_000);
  assert.equal((await ready(cluster, "node-1")).status, "True");
  assert.equal(cluster.api.count("updateStatus", NODES) - before, 1);
  await cluster.clock.advance(7_100);
  assert.equal((await ready(cluster, "node-1")).status, "Unknown");
  cluster.stop();
});

Deno.test("row 29: a node that was never heard of has a minute", async () => {
  const cluster = await startCluster();
  await cluster.api.create(NODES, { ...nodeNamed("node-1"), status: {} });
  await cluster.clock.advance(59_000);
  assert.deepEqual((await node(cluster, "node-1")).status?.conditions, undefined);
  await cluster.clock.advance(1_100);
  const { reason, message } = await ready(cluster, "node-1");
  assert.deepEqual([reason, message], [
    "NodeStatusNeverUpdated",
    "Kubelet never posted node status.",
  ]);
  cluster.stop();
});

// deno-fmt-ignore
const RETURNS = [
  { name: "back after 4:59",  silentSeconds: 299, wantPods: 1 },
  { name: "away for 5:01",    silentSeconds: 301, wantPods: 0 },
];

for (const { name, silentSeconds, wantPods } of RETURNS) {
  Deno.test(`row 31: a node is ${name}: ${wantPods} pods stay`, async () => {
    const cluster = await startCluster();
    await addNode(cluster, "node-1");
    await addPod(cluster, "web", "node-1");
    await beat(cluster, ["node-1"], 6);
    await cluster.clock.advance(10_000 + silentSeconds * 1000);
    await cluster.renewLease("node-1");
    await makeReady(cluster, "node-1");
    await beat(cluster, ["node-1"], 600);
    assert.equal((await cluster.pods()).length, wantPods);
    cluster.stop();
  });
}

Deno.test("node lifecycle: pods of a silent node go at once, those of a failing one are asked to", async () => {
  const cluster = await startCluster();
  for (const name of ["silent", "failing"]) {
    await addNode(cluster, name);
    await addPod(cluster, `on-${name}`, name);
    await cluster.renewLease(name);
  }
  const failing = await node(cluster, "failing");
  const conditions = [{ type: "Ready", status: "False" as const }];
  await cluster.api.updateStatus(NODES, { ...failing, status: { conditions } });
  await beat(cluster, ["failing"], 330);
  const pods = await cluster.pods();
  assert.deepEqual(pods.map(({ metadata }) => metadata.name), ["on-failing"]);
  assert.ok(pods[0]?.metadata.deletionTimestamp !== undefined);
  cluster.stop();
});

Deno.test("node lifecycle: a node that is heard of as its pods are given away keeps them", async () => {
  const cluster = await startCluster();
  await addNode(cluster, "node-1");
  await addPod(cluster, "web", "node-1");
  await beat(cluster, ["node-1"], 6);
  let isBack = false;
  cluster.api.intercept = async ({ verb, resource }) => {
    if (isBack || verb !== "delete" || resource !== "pods") return;
    isBack = true;
    await cluster.renewLease("node-1");
  };
  await cluster.clock.advance(315_000);
  assert.ok(isBack);
  await makeReady(cluster, "node-1");
  await beat(cluster, ["node-1"], 60);
  assert.equal((await cluster.pods()).length, 1);
  cluster.stop();
});

Deno.test("row 30: of 30 dead nodes ten lose their pods at once, then one each 10 s", async () => {
  const cluster = await startCluster();
  for (let i = 0; i < 30; i += 1) {
    await addNode(cluster, `node-${i}`);
    await addPod(cluster, `pod-${i}`, `node-${i}`);
    await cluster.renewLease(`node-${i}`);
  }
  await cluster.clock.advance(309_900);
  const left: number[] = [(await cluster.pods()).length];
  await cluster.clock.advance(200);
  for (let i = 0; i < 21; i += 1) {
    left.push((await cluster.pods()).length);
    await cluster.clock.advance(10_000);
  }
  assert.deepEqual(left.slice(0, 5), [30, 20, 19, 18, 17]);
  assert.equal(left.at(-1), 0);
  cluster.stop();
});

Deno.test("row 78: pods of a dead node are made anew five minutes after it, and those of others stay", async () => {
  const cluster = await startCluster();
  await addNode(cluster, "dead");
  await addNode(cluster, "alive");
  for (const name of ["dead", "alive"]) await cluster.renewLease(name);
  await cluster.api.create(REPLICATION_CONTROLLERS, controllerWith("web", 4));
  await cluster.clock.settle();
  for (const [i, pod] of (await cluster.pods()).entries()) {
    const nodeName = i < 2 ? "dead" : "alive";
    const { namespace = "", name, uid = "" } = pod.metadata;
    await cluster.api.bind(namespace, name, uid, nodeName);
    await cluster.run(pod, `10.1.0.${i}`);
  }
  const names = async () => (await cluster.pods()).map(({ metadata }) => metadata.name);
  const before = await names();
  await beat(cluster, ["alive"], 300);
  assert.deepEqual(await names(), before);
  await beat(cluster, ["alive"], 30);
  const pods = await cluster.pods();
  const stayed = pods.filter(({ metadata }) => before.includes(metadata.name));
  assert.deepEqual(stayed.map(({ spec }) => spec.nodeName), ["alive", "alive"]);
  assert.deepEqual(pods.filter(({ spec }) => !spec.nodeName).length, 2);
  cluster.stop();
});

Deno.test("node lifecycle: a pod that comes to a given-up node goes as well", async () => {
  const cluster = await startCluster();
  await addNode(cluster, "node-1");
  await cluster.renewLease("node-1");
  await cluster.clock.advance(400_000);
  await addPod(cluster, "late", "node-1");
  await cluster.clock.advance(1_000);
  assert.deepEqual(await cluster.pods(), []);
  cluster.stop();
});

async function addNode({ api }: Cluster, name: string): Promise<void> {
  await api.create(NODES, nodeNamed(name));
}

async function addPod(cluster: Cluster, name: string, nodeName: string): Promise<void> {
  const pod = podNamed(name);
  const made = await cluster.api.create(PODS, { ...pod, spec: { ...pod.spec, nodeName } });
  await cluster.run(made, "10.1.0.1");
}

async function beat(cluster: Cluster, names: string[], seconds: number, skewMs = 0): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 3) {
    for (const name of names) await cluster.renewLease(name, cluster.clock.now() + skewMs);
    await cluster.clock.advance(3_000);
  }
  for (const name of names) await cluster.renewLease(name, cluster.clock.now() + skewMs);
  await cluster.clock.settle();
}

async function makeReady(cluster: Cluster, name: string): Promise<void> {
  const { status: _, ...rest } = await node(cluster, name);
  await cluster.api.updateStatus(NODES, { ...rest, status: nodeNamed(name).status! });
}

function node({ api }: Cluster, name: string): Promise<Node> {
  return api.get(NODES, "", name);
}

async function ready(cluster: Cluster, name: string) {
  const { status } = await node(cluster, name);
  const condition = status?.conditions?.find(({ type }) => type === "Ready");
  assert.ok(condition !== undefined);
  return condition;
}
