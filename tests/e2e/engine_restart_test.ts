import assert from "node:assert/strict";
import type { Pod } from "../../api/types/core_v1.ts";
import { ownEngine } from "../fixtures/own_engine.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { eventually, readyPods } from "./pods.ts";

const PODS = 20;
/** From the engine's answer to what the API says of its containers. */
const TRUTH_MS_MAX = 10_000;
const POLICIES = ["Always", "OnFailure", "Never", "Always"] as const;

Deno.test("an engine that restarts takes its containers along, and pods come back by their policy", async () => {
  await using engine = await ownEngine({ isLive: false });
  await using cluster = await startCluster({ dockerHost: engine.host });
  await startPods(cluster);
  await engine.stop();
  await engine.start();
  const began = Date.now();
  await eventually(() => complaint(cluster, ({ spec }) => spec.restartPolicy === "Never"));
  const took = Date.now() - began;
  assert.ok(took <= TRUTH_MS_MAX, `the API knew of the pods' end after ${took} ms`);
  await eventually(() => complaint(cluster, () => true));
});

Deno.test("an engine that keeps its containers over a restart keeps the pods", async () => {
  await using engine = await ownEngine({ isLive: true });
  await using cluster = await startCluster({ dockerHost: engine.host });
  await startPods(cluster);
  const before = (await podsOf(cluster)).map(shown);
  await engine.stop();
  await engine.start();
  await eventually(async () => {
    const path = "jsonpath={.items[0].status.conditions[?(@.type=='Ready')].status}";
    const ready = await cluster.kubectl.run("get", "nodes", "-o", path);
    return ready === "True" ? "" : `the node's Ready is ${ready}`;
  });
  assert.deepEqual((await podsOf(cluster)).map(shown), before);
});

const shown = ({ metadata, spec, status }: Pod) => ({
  name: metadata.name,
  policy: spec.restartPolicy,
  phase: status?.phase,
  container: status?.containerStatuses?.[0]?.containerID,
  restarts: status?.containerStatuses?.[0]?.restartCount,
});

/** Of these pods, those that are not what their policy makes of a container that was killed. */
async function complaint(cluster: Cluster, isMeant: (pod: Pod) => boolean): Promise<string> {
  const wrong = (await podsOf(cluster)).filter(isMeant).map(shown).filter((pod) => {
    const { phase, restarts, policy } = pod;
    return policy === "Never" ? phase !== "Failed" : phase !== "Running" || restarts !== 1;
  });
  return wrong.length === 0 ? "" : `not as their policy says: ${JSON.stringify(wrong)}`;
}

async function startPods(cluster: Cluster): Promise<void> {
  const items = Array.from({ length: PODS }, (_, i): Pod => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `pod-${i}`, labels: { app: "many" } },
    spec: {
      restartPolicy: POLICIES[i % POLICIES.length] ?? "Always",
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "main", image: "busybox:1.35", command: ["sleep", "3600"] }],
    },
  }));
  await cluster.kubectl.apply({ apiVersion: "v1", kind: "List", items });
  await readyPods(cluster, "many", PODS);
}

async function podsOf({ kubectl }: Cluster): Promise<Pod[]> {
  const { items } = await kubectl.json<{ items: Pod[] }>("get", "pods", "-l", "app=many");
  return items;
}
