import assert from "node:assert/strict";
import type { Pod, PodCondition, Service } from "../../api/types/core_v1.ts";
import { DRAINED_CONDITION, PROGRAMMED_CONDITION } from "../../api/types/drain_barrier.ts";
import { EXAMPLE_IMAGE } from "../../cmd/example.ts";
import { NGINX } from "../../images/recipes.ts";
import { BED_IMAGE, type BedCluster, startBedCluster, until } from "../fixtures/bed/cluster.ts";
import { loadFromBedPod, loadFromOutside, loadFromPlace } from "./bed_load.ts";
import type { Load } from "./load.ts";
import { deploymentOf } from "./rollout_deployment.ts";

const REPLICAS = 10;
/** Rollouts go on until so many requests of all clients are answered; 200000 for docs/rollouts.md. */
const REQUESTS = Number(Deno.env.get("WHERRY_ROLLOUT_REQUESTS") ?? 10_000);
/** Of the counters that tell before the end, those of hosts and of outside. */
const ROLLOUTS_MAX = 500;

/** A shell waits for what the load leaves behind; `sleep` would keep each of its processes until the host has no more. */
const REAPER = ["sh", "-c", "while :; do sleep 3600; done"];

Deno.test("two nodes: pods of a service are replaced", async (t) => {
  const images = [{ ...NGINX, name: EXAMPLE_IMAGE }];
  await using cluster = await startBedCluster({ nodes: 2, images });
  const { kubectl } = cluster;
  await kubectl.apply(deploymentOf("web", REPLICAS));
  await kubectl.run("expose", "deployment", "web", "--port=80", "--type=NodePort");
  for (const { name } of cluster.nodes) await kubectl.apply(clientOn(name));
  await kubectl.run("wait", "--for=condition=Ready", "pod", "-l", "app=load", "--timeout=90s");
  await rolledOut(cluster);
  await areOnBoth(cluster);
  await t.step("no request fails meanwhile", () => underLoad(cluster));
  await t.step(
    "a node that says nothing holds a pod up for the bound alone",
    () => frozenNode(cluster),
  );
});

async function underLoad(cluster: BedCluster): Promise<void> {
  const { kubectl, nodes: [first, second], bed } = cluster;
  const { spec } = await kubectl.json<Service>("get", "service", "web");
  const { clusterIP: ip = "", ports: [{ nodePort = 0 } = {}] = [] } = spec;

  const loads: Record<string, Load> = {
    "process of the first node": loadFromPlace(first!.place, ip, 80),
    "process of the second node": loadFromPlace(second!.place, ip, 80),
    "pod of the first node": loadFromBedPod(cluster, `load-${first!.name}`, ip),
    "pod of the second node": loadFromBedPod(cluster, `load-${second!.name}`, ip),
    "outside, by a node port": loadFromOutside(bed, second!.place.address, nodePort),
  };
  const answered = () => Object.values(loads).reduce((sum, load) => sum + load.answered, 0);
  const began = performance.now();
  let rollouts = 0;
  do {
    await kubectl.run("rollout", "restart", "deployment/web");
    await rolledOut(cluster);
    rollouts++;
  } while (answered() < REQUESTS && rollouts < ROLLOUTS_MAX);
  const results = await Promise.all(
    Object.entries(loads).map(async ([from, load]) => ({ from, ...await load.stop() })),
  );
  const seconds = Math.round((performance.now() - began) / 1000);
  const total = results.reduce((sum, result) => sum + result.answered, 0);
  console.log(`${rollouts} rollouts, ${total} requests, ${seconds} s`, JSON.stringify(results));
  for (const { from, answered, failures } of results) {
    assert.deepEqual(failures, {}, from);
    assert.ok(answered > 0, `${from} asked`);
  }
  assert.ok(total >= REQUESTS);
  const { items } = await kubectl.json<{ items: Pod[] }>("get", "pods", "-l", "app=web");
  for (const pod of items.filter(({ metadata }) => !metadata.deletionTimestamp)) {
    assert.equal(conditionOf(pod, PROGRAMMED_CONDITION)?.status, "True", pod.metadata.name);
  }
}

/** Until its lease has run out it counts as ready: it is waited for, but not without end. */
async function frozenNode({ kubectl, nodes: [first, second] }: BedCluster): Promise<void> {
  const { items } = await kubectl.json<{ items: Pod[] }>("get", "pods", "-l", "app=web");
  const name = items.find(({ spec }) => spec.nodeName === first!.name)?.metadata.name ?? "";
  const holdFor = (...finalizers: string[]) => {
    const patch = JSON.stringify({ metadata: { finalizers } });
    return kubectl.run("patch", "pod", name, "--type=merge", "-p", patch);
  };
  let seen: PodCondition | undefined;
  // the object outlives its processes, for its last word to be read
  await holdFor("tests.wherry.dev/read");
  second!.freezeAgent();
  try {
    await kubectl.run("delete", "pod", name, "--wait=false");
    await until(async () => {
      const pod = await kubectl.json<Pod>("get", "pod", name);
      seen = conditionOf(pod, DRAINED_CONDITION);
      return seen !== undefined;
    }, () => `${name} does not say who held it up`);
  } finally {
    second!.thawAgent();
    await holdFor();
  }
  await kubectl.run("wait", "--for=delete", `pod/${name}`, "--timeout=60s");
  assert.deepEqual([seen?.status, seen?.reason], ["False", "TimedOut"]);
  assert.match(seen?.message ?? "", new RegExp(`after 4 s: ${second!.name} at endpoints before`));
}

const conditionOf = ({ status }: Pod, wanted: string) =>
  status?.conditions?.find(({ type }) => type === wanted);

async function rolledOut({ kubectl }: BedCluster): Promise<void> {
  await kubectl.run("rollout", "status", "deployment/web", "--timeout=180s");
}

async function areOnBoth({ kubectl, nodes }: BedCluster): Promise<void> {
  const { items } = await kubectl.json<{ items: Pod[] }>("get", "pods", "-l", "app=web");
  assert.deepEqual(new Set(items.map(({ spec }) => spec.nodeName)).size, nodes.length);
}

function clientOn(nodeName: string): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `load-${nodeName}`, namespace: "default", labels: { app: "load" } },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 1,
      containers: [{ name: "load", image: BED_IMAGE.name, command: REAPER }],
    },
  };
}
