import assert from "node:assert/strict";
import {
  CONTROLLER_REVISIONS,
  DAEMON_SETS,
  type DaemonSet,
  type DaemonSetSpec,
} from "../../api/types/apps_v1.ts";
import type { Node, Pod, Taint } from "../../api/types/core_v1.ts";
import { NODES, PODS } from "../../api/types/resources.ts";
import { nodeNamed, refuseUntilDeleted, startCluster } from "../fake_cluster.ts";
import { isReady } from "../pods.ts";
import { fitOf, nodeNameOf } from "./node_fit.ts";

type Cluster = Awaited<ReturnType<typeof startCluster>>;

function setOf(more: Partial<DaemonSetSpec> = {}): DaemonSet {
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "log", namespace: "default" },
    spec: {
      selector: { matchLabels: { app: "log" } },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      template: templateOf("log:1"),
      ...more,
    },
  };
}

function templateOf(image: string, nodeSelector?: Record<string, string>) {
  return {
    metadata: { name: "", labels: { app: "log" } },
    spec: { containers: [{ name: "main", image }], ...(nodeSelector && { nodeSelector }) },
  };
}

function labelled(name: string, labels: Record<string, string>, taints: Taint[] = []): Node {
  const node = nodeNamed(name);
  return { ...node, metadata: { ...node.metadata, labels }, spec: { taints } };
}

// deno-fmt-ignore
const FITS: readonly { name: string; node: Node; selector?: Record<string, string>; want: [boolean, boolean] }[] = [
  { name: "a node with the labels",          node: labelled("n1", { disk: "ssd" }), selector: { disk: "ssd" }, want: [true, true] },
  { name: "a node without them",             node: labelled("n1", {}), selector: { disk: "ssd" },              want: [false, false] },
  { name: "a cordoned node",                 node: labelled("n1", {}, [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }]), want: [true, true] },
  { name: "a silent node",                   node: labelled("n1", {}, [{ key: "node.kubernetes.io/unreachable", effect: "NoExecute" }]),    want: [true, true] },
  { name: "a node that wants no new pods",   node: labelled("n1", {}, [{ key: "gpu", effect: "NoSchedule" }]), want: [false, true] },
  { name: "a node that wants none",          node: labelled("n1", {}, [{ key: "gpu", effect: "NoExecute" }]),  want: [false, false] },
];

for (const { name, node, selector, want } of FITS) {
  Deno.test(`daemon set: fits ${name}: ${want[0]}, may stay: ${want[1]}`, () => {
    const fit = fitOf(setOf({ template: templateOf("log:1", selector) }), node);
    assert.deepEqual([fit.shouldRun, fit.mayStay], want);
  });
}

/** Binds pods and makes them ready, as scheduler and agents do. */
async function settle(cluster: Cluster, rounds = 12): Promise<{ leastReady: number }> {
  let leastReady = Infinity;
  for (let round = 0; round < rounds; round += 1) {
    const pods = await living(cluster);
    leastReady = Math.min(leastReady, new Set(pods.filter(isReady).map(nodeNameOf)).size);
    const next = pods.find((pod) => !isReady(pod) && pod.spec.containers[0]?.image !== "log:bad");
    if (next !== undefined) await cluster.run(next, `10.0.0.${round}`);
    await cluster.clock.advance(1_000);
  }
  return { leastReady };
}

const living = async (cluster: Cluster): Promise<Pod[]> =>
  (await cluster.pods()).filter(({ metadata }) => metadata.deletionTimestamp === undefined);

const placed = async (cluster: Cluster) =>
  (await living(cluster)).map((pod) => `${nodeNameOf(pod)} ${pod.spec.containers[0]?.image}`)
    .sort();

async function started(more: Partial<DaemonSetSpec> = {}): Promise<Cluster> {
  const cluster = await startCluster({ startupSeconds: 100_000 });
  for (const name of ["n1", "n2", "n3"]) await cluster.api.create(NODES, nodeNamed(name));
  await cluster.api.create(DAEMON_SETS, setOf(more));
  await settle(cluster, 5);
  return cluster;
}

async function change(cluster: Cluster, spec: Partial<DaemonSetSpec>): Promise<void> {
  const now = await cluster.api.get(DAEMON_SETS, "default", "log");
  await cluster.api.update(DAEMON_SETS, { ...now, spec: { ...now.spec, ...spec } });
}

Deno.test("daemon set: one pod on each node, and on each that comes", async () => {
  const cluster = await started();
  assert.deepEqual(await placed(cluster), ["n1 log:1", "n2 log:1", "n3 log:1"]);
  await cluster.api.create(NODES, nodeNamed("n4"));
  await cluster.api.delete(NODES, "", "n1");
  await settle(cluster, 4);
  assert.deepEqual(await placed(cluster), ["n2 log:1", "n3 log:1", "n4 log:1"]);
  const { status } = await cluster.api.get(DAEMON_SETS, "default", "log");
  assert.deepEqual(status, {
    currentNumberScheduled: 3,
    numberMisscheduled: 0,
    desiredNumberScheduled: 3,
    numberReady: 3,
    updatedNumberScheduled: 3,
    numberAvailable: 3,
    observedGeneration: 1,
  });
  cluster.stop();
});

Deno.test("daemon set: a label that goes takes the pod along", async () => {
  const cluster = await started({ template: templateOf("log:1", { disk: "ssd" }) });
  assert.deepEqual(await placed(cluster), []);
  const node = await cluster.api.get(NODES, "", "n2");
  const labels = { disk: "ssd" };
  await cluster.api.update(NODES, { ...node, metadata: { ...node.metadata, labels } });
  await settle(cluster, 3);
  assert.deepEqual(await placed(cluster), ["n2 log:1"]);
  const now = await cluster.api.get(NODES, "", "n2");
  await cluster.api.update(NODES, { ...now, metadata: { ...now.metadata, labels: {} } });
  await settle(cluster, 3);
  assert.deepEqual(await placed(cluster), []);
  cluster.stop();
});

Deno.test("daemon set: rolls node by node, and can be taken back", async () => {
  const cluster = await started();
  await change(cluster, { template: templateOf("log:2") });
  const { leastReady } = await settle(cluster);
  assert.deepEqual(await placed(cluster), ["n1 log:2", "n2 log:2", "n3 log:2"]);
  assert.equal(leastReady, 2);
  const revisions = (await cluster.api.list(CONTROLLER_REVISIONS)).items;
  assert.deepEqual(revisions.map(({ revision }) => revision).sort(), [1, 2]);
  await change(cluster, { template: templateOf("log:1") });
  await settle(cluster);
  assert.deepEqual(await placed(cluster), ["n1 log:1", "n2 log:1", "n3 log:1"]);
  const after = (await cluster.api.list(CONTROLLER_REVISIONS)).items;
  assert.deepEqual(after.map(({ revision }) => revision).sort(), [2, 3]);
  cluster.stop();
});

Deno.test("daemon set: a bad image takes one node down and no more", async () => {
  const cluster = await started();
  await change(cluster, { template: templateOf("log:bad") });
  await settle(cluster);
  const images = (await placed(cluster)).map((one) => one.split(" ")[1]);
  assert.deepEqual(images.sort(), ["log:1", "log:1", "log:bad"]);
  cluster.stop();
});

Deno.test("daemon set: with a surge the new pod is there before the old one goes", async () => {
  const updateStrategy = {
    type: "RollingUpdate",
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
  };
  const cluster = await started({ updateStrategy });
  await change(cluster, { template: templateOf("log:2") });
  const { leastReady } = await settle(cluster);
  assert.deepEqual(await placed(cluster), ["n1 log:2", "n2 log:2", "n3 log:2"]);
  assert.equal(leastReady, 3);
  cluster.stop();
});

Deno.test("daemon set: OnDelete waits for somebody to delete", async () => {
  const cluster = await started({ updateStrategy: { type: "OnDelete" } });
  await change(cluster, { template: templateOf("log:2") });
  await settle(cluster, 3);
  assert.deepEqual(await placed(cluster), ["n1 log:1", "n2 log:1", "n3 log:1"]);
  const [pod] = await cluster.pods();
  await cluster.api.delete(PODS, "default", pod!.metadata.name);
  await settle(cluster, 3);
  assert.equal((await placed(cluster)).filter((one) => one.endsWith("log:2")).length, 1);
  cluster.stop();
});

Deno.test("daemon set: pods that make room go before others are asked for", async () => {
  const cluster = await started({ template: templateOf("log:1", { zone: "a" }) });
  for (const [name, zone] of [["n1", "a"], ["n2", "b"]] as const) {
    const node = await cluster.api.get(NODES, "", name);
    await cluster.api.update(NODES, { ...node, metadata: { ...node.metadata, labels: { zone } } });
  }
  await settle(cluster, 3);
  assert.deepEqual(await placed(cluster), ["n1 log:1"]);
  refuseUntilDeleted(cluster, "pods");
  await change(cluster, { template: templateOf("log:1", { zone: "b" }) });
  await settle(cluster, 3);
  assert.deepEqual(await placed(cluster), ["n2 log:1"]);
  cluster.stop();
});
