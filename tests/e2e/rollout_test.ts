import assert from "node:assert/strict";
import type { Service } from "../../api/types/core_v1.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { loadFromHost, loadFromPod } from "./load.ts";
import { podsOf, readyPods } from "./pods.ts";
import { deploymentOf } from "./rollout_deployment.ts";

const REPLICAS = 10;
/** Rollouts go on until so many requests have been answered; 200000 for the record in docs/rollouts.md. */
const REQUESTS = Number(Deno.env.get("WHERRY_ROLLOUT_REQUESTS") ?? 20_000);

Deno.test("no request fails while pods of a service are replaced, scaled and drained", async (t) => {
  await using cluster = await startCluster({});
  const { kubectl } = cluster;
  await kubectl.apply(deploymentOf("web", REPLICAS));
  await kubectl.run("expose", "deployment", "web", "--port=80");
  await readyPods(cluster, "web", REPLICAS);
  const service = await kubectl.json<Service>("get", "service", "web");
  const ip = service.spec.clusterIP ?? "";
  const rolloutDone = () => kubectl.run("rollout", "status", "deployment/web", "--timeout=180s");
  await rolloutDone();

  const steps: [string, (answered: () => number) => Promise<void>][] = [
    [`rollouts under ${REQUESTS} requests`, async (answered) => {
      do {
        await kubectl.run("rollout", "restart", "deployment/web");
        await rolloutDone();
      } while (answered() < REQUESTS);
    }],
    ["another template", async () => {
      await kubectl.run("set", "env", "deployment/web", "COLOUR=blue");
      await rolloutDone();
    }],
    ["down to two, up to ten", async () => {
      for (const replicas of [2, REPLICAS]) {
        await kubectl.run("scale", "deployment/web", `--replicas=${replicas}`);
        await readyPods(cluster, "web", replicas);
      }
    }],
    ["a drain that leaves three", () => drain(cluster)],
  ];
  for (const [name, act] of steps) {
    await t.step(name, async () => {
      const [host, pod] = [loadFromHost(ip), await loadFromPod(cluster, ip)];
      const began = Date.now();
      const acted = await act(() => host.answered).then(() => undefined, (error) => error);
      const results = [await host.stop(), await pod.stop()];
      if (acted !== undefined) throw acted;
      console.log(name, JSON.stringify(results), `${(Date.now() - began) / 1000} s`);
      assert.deepEqual(results.map(({ failures }) => failures), [{}, {}]);
      assert.ok(results.every(({ answered }) => answered > 0));
    });
  }
});

/** What stays is held by a budget: this cluster has no other node to go to. */
async function drain(cluster: Cluster): Promise<void> {
  const { kubectl } = cluster;
  await kubectl.run("create", "pdb", "web", "--selector=app=web", "--min-available=3");
  await kubectl.run("cordon", "e2e-node");
  const { stderr } = await kubectl.try([
    ...["drain", "e2e-node", "--ignore-daemonsets", "--force", "--delete-emptydir-data"],
    ...["--pod-selector=app=web", "--timeout=8s"],
  ]);
  assert.match(stderr, /Cannot evict pod as it would violate the pod's disruption budget/);
  const ready = (await podsOf(cluster, "web")).filter(({ status }) => status?.phase === "Running");
  assert.ok(ready.length >= 3);
  await kubectl.run("uncordon", "e2e-node");
  await readyPods(cluster, "web", REPLICAS);
}
