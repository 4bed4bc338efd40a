import assert from "node:assert/strict";
import type { Pod, Service } from "../../api/types/core_v1.ts";
import { EXAMPLE_IMAGE } from "../../cmd/example.ts";
import { NGINX } from "../../images/recipes.ts";
import { BED_IMAGE, type BedCluster, startBedCluster } from "../fixtures/bed/cluster.ts";
import { loadFromBedPod, loadFromOutside, loadFromPlace } from "./bed_load.ts";
import type { Load } from "./load.ts";
import { deploymentOf } from "./rollout_deployment.ts";

const REPLICAS = 10;
/** Rollouts go on until so many requests of all clients are answered; 200000 for docs/rollouts.md. */
const REQUESTS = Number(Deno.env.get("WHERRY_ROLLOUT_REQUESTS") ?? 10_000);
/** Of the counters that tell before the end, those of hosts and of outside. */
const ROLLOUTS_MAX = 500;

Deno.test("two nodes: no request fails while all pods of a service are replaced", async () => {
  const images = [{ ...NGINX, name: EXAMPLE_IMAGE }];
  await using cluster = await startBedCluster({ nodes: 2, images });
  const { kubectl, nodes: [first, second], bed } = cluster;
  await kubectl.apply(deploymentOf("web", REPLICAS));
  await kubectl.run("expose", "deployment", "web", "--port=80", "--type=NodePort");
  for (const { name } of cluster.nodes) await kubectl.apply(clientOn(name));
  await kubectl.run("wait", "--for=condition=Ready", "pod", "-l", "app=load", "--timeout=90s");
  await rolledOut(cluster);
  await areOnBoth(cluster);
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
});

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
      containers: [{ name: "load", image: BED_IMAGE.name, command: ["sleep", "36000"] }],
    },
  };
}
