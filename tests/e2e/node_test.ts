import assert from "node:assert/strict";
import type { Pod } from "../../api/types/core_v1.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { eventually } from "./pods.ts";

const IMAGE = "busybox:1.35";

Deno.test("a node tells what it is and what its pods use, and gives them up in order", async (t) => {
  await using cluster = await startCluster({});
  await cluster.kubectl.apply(sleeper("busy", "while true; do :; done"));
  await cluster.kubectl.apply(sleeper("idle", "sleep 3600"));
  await running(cluster, "busy");
  await running(cluster, "idle");
  await t.step("kubectl top node and pods", () => top(cluster));
  await t.step("metrics of the agent, through its node", () => metrics(cluster));
});

function sleeper(name: string, script: string, spec: object = {}) {
  const container = { name: "main", image: IMAGE, command: ["sh", "-c", script] };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: { terminationGracePeriodSeconds: 1, containers: [container], ...spec },
  };
}

async function running({ kubectl }: Cluster, name: string): Promise<void> {
  await eventually(async () => {
    const pod = await kubectl.json<Pod>("get", "pod", name);
    return pod.status?.phase === "Running" ? "" : `${name}: ${JSON.stringify(pod.status)}`;
  });
}

async function top({ kubectl }: Cluster): Promise<void> {
  await eventually(async () => {
    const { stdout, stderr } = await kubectl.try(["top", "node"]);
    return /^e2e-node +\d+m +\d+% +\d+Mi +\d+% *$/m.test(stdout) ? "" : stdout + stderr;
  });
  await eventually(async () => {
    const args = ["top", "pod", "--containers", "-A", "--sort-by=cpu"];
    const { stdout, stderr } = await kubectl.try(args);
    const rows = stdout.trim().split("\n").slice(1).map((line) => line.split(/ +/));
    const [first, second] = rows;
    const isRight = first?.[1] === "busy" && first[2] === "main" && parseInt(first[3] ?? "") > 100;
    return isRight && second?.[1] === "idle" ? "" : stdout + stderr;
  });
  const selected = await kubectl.run("top", "pod", "-l", "app=idle", "--no-headers");
  assert.match(selected, /^idle +\d+m +\d+Mi *\n$/);
  const missing = await kubectl.try(["top", "pod", "nobody"]);
  assert.match(missing.stderr, /pods "nobody" not found|podmetrics.* not found/);
}

async function metrics({ kubectl }: Cluster): Promise<void> {
  const page = (path: string) =>
    kubectl.run("get", "--raw", `/api/v1/nodes/e2e-node/proxy/${path}`);
  assert.match(await page("metrics/resource"), /^node_memory_working_set_bytes \d+$/m);
  const cadvisor = await page("metrics/cadvisor");
  assert.match(cadvisor, /^container_network_receive_bytes_total\{.*pod="busy".*\} \d+$/m);
  assert.match(await page("metrics"), /^kubelet_running_pods 2$/m);
  const summary = JSON.parse(await page("stats/summary"));
  assert.ok(summary.node.fs.availableBytes > 0);
  assert.ok(summary.node.runtime.imageFs.capacityBytes > 0);
}
