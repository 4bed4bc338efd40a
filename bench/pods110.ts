import type { Pod } from "../api/types/core_v1.ts";
import type { Row } from "./run.ts";
import { type Cluster, startCluster } from "../tests/e2e/cluster.ts";
import { docker, eventually } from "../tests/e2e/pods.ts";
import { usageOf } from "../tests/fixtures/usage.ts";

/** What a node takes at the most. */
const PODS = 110;
const SETTLE_MS = 15_000;
const IDLE_MS = 30_000;

/** A full node: its pods start, stay, and go; what the agent takes meanwhile. */
export async function run(): Promise<Row[]> {
  await using cluster = await startCluster({});
  const items = Array.from({ length: PODS }, (_, i) => podNamed(`full-${i}`));
  const began = performance.now();
  await cluster.kubectl.apply({ apiVersion: "v1", kind: "List", items });
  await running(cluster, PODS);
  const startedMs = performance.now() - began;
  await sleep(SETTLE_MS);
  const agent = await cluster.pid("agent");
  const before = await usageOf(agent);
  await sleep(IDLE_MS);
  const after = await usageOf(agent);
  const ending = performance.now();
  await cluster.kubectl.run("delete", "pods", "--all", "--wait=false");
  await running(cluster, 0);
  // the API forgets a pod without a grace period at once: the node has to end it still
  await eventually(async () => {
    const left = (await containersOf(cluster)).length;
    return left === 0 ? "" : `${left} containers are left`;
  });
  const endedMs = performance.now() - ending;
  const cpu = (after.cpuMs - before.cpuMs) / IDLE_MS;
  return [
    { what: `${PODS} pods at once, all running`, figure: `${(startedMs / 1000).toFixed(1)} s` },
    { what: `${PODS} pods at once, gone again`, figure: `${(endedMs / 1000).toFixed(1)} s` },
    {
      what: `agent, ${PODS} idle pods`,
      figure: `${(100 * cpu).toFixed(2)} % of a core, ${(after.rssBytes / 1e6).toFixed(0)} MB RSS`,
      goal: "≤ 2 %, ≤ 100 MB",
    },
  ];
}

function podNamed(name: string): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "main", image: "busybox:1.35", command: ["sleep", "3600"] }],
    },
  };
}

/** Waits until just so many pods are there, each of them running. */
async function running({ kubectl }: Cluster, count: number): Promise<void> {
  await eventually(async () => {
    const { items } = await kubectl.json<{ items: Pod[] }>("get", "pods");
    const up = items.filter(({ status }) => status?.phase === "Running").length;
    const isThere = items.length === count && up === count;
    return isThere ? "" : `${items.length} pods, ${up} of them running, instead of ${count}`;
  });
}

/** Names of the containers of the pods, their sandboxes among them. */
async function containersOf({ settings }: Cluster): Promise<string[]> {
  const filter = `label=dev.wherry.cluster=${settings.clusterName}`;
  const names = await docker("ps", "-a", "--filter", filter, "--format", "{{.Names}}");
  return names.split("\n").filter((name) => name.includes("_full-"));
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
