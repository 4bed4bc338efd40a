import assert from "node:assert/strict";
import type { Node } from "../../api/types/core_v1.ts";
import { startBedCluster, until } from "../fixtures/bed/cluster.ts";
import { OUTSIDE_ADDRESS, runIn } from "../fixtures/bed/place.ts";
import { startSingleton } from "./singleton.ts";
import {
  askFrom,
  CONVERGED_MS_MAX,
  deploy,
  endpointsAre,
  fullSize,
  HOST_PORT,
  loadOf,
  nameIn,
  outsideToNodePort,
  podToPod,
  PORT,
  renewed,
  REQUESTS,
  serviceUrl,
  shell,
  urlOf,
  type World,
} from "./nodes_world.ts";

Deno.test("three nodes: everybody reaches everybody, by their own addresses", async (t) => {
  await using cluster = await startBedCluster({ nodes: 3 });
  console.log(`three nodes are Ready after ${(cluster.startMs / 1000).toFixed(1)} s`);
  const world = await deploy(cluster);

  await t.step("every node has a range of its own", async () => {
    const nodes = await cluster.kubectl.json<{ items: Node[] }>("get", "nodes");
    const ranges = new Set(nodes.items.map(({ spec }) => spec.podCIDR));
    assert.equal(ranges.size, 3);
    for (const range of ranges) assert.match(range ?? "", /^10\.244\.\d+\.0\/24$/);
  });
  await t.step("pod to pod, all pairs", () => podToPod(world));
  await t.step("pod to service", () => podToService(world));
  await t.step("node to pod and to service", () => nodeToPods(world));
  await t.step("pod to node", () => podToNode(world));
  await t.step(
    "outside to the node port of every node",
    () => outsideToNodePort(world, OUTSIDE_ADDRESS),
  );
  await t.step("a packet of full size passes", () => fullSize(world));
  await t.step("agents killed under load: no connection breaks", () => agentsKilled(world));
  await t.step(
    "a node cut off leaves the service, its pod runs elsewhere and once only, and it comes back",
    () => cutOff(world),
  );
  await t.step("down takes the way to other nodes away", () => wayRemoved(world));
});

async function podToService(world: World): Promise<void> {
  const { cluster, pods } = world;
  const url = serviceUrl(world);
  await Promise.all(pods.map(async (from) => {
    const answers = await askFrom(cluster, from, Array.from({ length: REQUESTS }, () => url));
    const names = new Set(pods.map(({ metadata }) => metadata.name));
    assert.deepEqual(new Set(answers.map(nameIn)), names);
  }));
}

async function nodeToPods(world: World): Promise<void> {
  const { cluster, pods, hosts } = world;
  const urls = pods.map(({ status }) => urlOf(status?.podIP ?? "", PORT));
  await Promise.all(hosts.map(async (host, i) => {
    const { address } = cluster.nodes[i]!.place;
    const want = pods.map(({ metadata }) => `${metadata.name} ${address}`);
    assert.deepEqual(await askFrom(cluster, host, urls), want, "the node's own address");
    const answers = await askFrom(cluster, host, Array(REQUESTS).fill(serviceUrl(world)));
    const names = new Set(pods.map(({ metadata }) => metadata.name));
    assert.deepEqual(new Set(answers.map(nameIn)), names);
  }));
}

async function podToNode({ cluster, pods }: World): Promise<void> {
  const urls = cluster.nodes.map(({ place }) => urlOf(place.address, HOST_PORT));
  await Promise.all(pods.map(async (from) => {
    const answers = await askFrom(cluster, from, urls);
    const seen = answers.map((answer) => answer.split(" ").at(-1));
    assert.deepEqual(seen, urls.map(() => from.status?.podIP), "the pod's own address");
  }));
}

/** New connections all the while from a node and a pod, and one that stays open from before to after. */
async function agentsKilled(world: World): Promise<void> {
  const { cluster, pods, hosts } = world;
  const [first, second] = cluster.nodes;
  await shell(cluster, pods[1]!, SLOW);
  // a kubectl exec would end with the agent: what is asked goes on by itself, and is read afterwards
  const ask = `timeout 10 wget -qO- ${serviceUrl(world)} >/dev/null`;
  for (const pod of [hosts[0]!, pods[0]!]) await shell(cluster, pod, loadOf(ask));
  const stream = `wget -qO /tmp/stream http://${pods[1]!.status?.podIP}:${PORT}/cgi-bin/slow`;
  await shell(cluster, pods[0]!, `(${stream}; echo $? > /tmp/streamed) >/dev/null 2>&1 &`);
  for (const node of [first!, second!]) {
    node.killAgent();
    node.startAgent();
  }
  await renewed(cluster, [first!.name, second!.name]);
  const hasEnded = async () => await shell(cluster, pods[0]!, "cat /tmp/streamed || true") !== "";
  await until(hasEnded, () => "the open connection does not end", CONVERGED_MS_MAX);
  assert.equal(await shell(cluster, pods[0]!, "cat /tmp/streamed"), "0");
  assert.equal(await shell(cluster, pods[0]!, "wc -l < /tmp/stream"), "12");
  for (const pod of [hosts[0]!, pods[0]!]) {
    await shell(cluster, pod, "rm /tmp/go");
    await until(
      async () => await shell(cluster, pod, "cat /tmp/load || true") !== "",
      () => "the load does not end",
    );
    const [ok = 0, failed = 0] = (await shell(cluster, pod, "cat /tmp/load")).split(" ").map(
      Number,
    );
    const errors = failed === 0 ? "" : await shell(cluster, pod, "tail -n 5 /tmp/errors");
    assert.equal(failed, 0, `${failed} of ${ok + failed} requests failed: ${errors}`);
    assert.ok(ok >= 20, `${ok} requests were made`);
  }
}

/** Answers a line a second. */
const SLOW = "S=/tmp/www/cgi-bin/slow; printf '#!/bin/sh\\necho\\ni=0; while [ $i -lt 12 ]; do " +
  "echo $i; sleep 1; i=$((i+1)); done\\n' > $S; chmod +x $S";

async function cutOff(world: World): Promise<void> {
  const { cluster, pods, hosts } = world;
  const last = cluster.nodes.at(-1);
  const singleton = await startSingleton(cluster, last!.name);
  await last!.cut();
  await endpointsAre(cluster, 2);
  const answers = await askFrom(cluster, hosts[0]!, Array(REQUESTS).fill(serviceUrl(world)));
  const rest = new Set(pods.slice(0, 2).map(({ metadata }) => metadata.name));
  assert.deepEqual(new Set(answers.map(nameIn)), rest, "nothing goes to who is cut off");
  await singleton.replaced();
  await last!.mend();
  await endpointsAre(cluster, 3);
  await podToPod(world);
  await singleton.ranOnceOnly();
}

async function wayRemoved({ cluster }: World): Promise<void> {
  const [first] = cluster.nodes;
  const { place } = first!;
  assert.match(await runIn(place, "ip", "link", "show", "type", "vxlan"), /vxlan/);
  first!.killAgent();
  await first!.down();
  assert.equal((await runIn(place, "ip", "link", "show", "type", "vxlan")).trim(), "");
  assert.equal((await runIn(place, "ip", "link", "show", "type", "veth")).match(/@if/g)?.length, 1);
  assert.doesNotMatch(await runIn(place, "ip", "rule"), /lookup 1\d{5,}/);
  assert.equal((await runIn(place, "nft", "list", "tables")).trim(), "");
}
