import assert from "node:assert/strict";
import type { Node, Pod } from "../../api/types/core_v1.ts";
import { ensureChild, stopChild } from "../../cmd/children.ts";
import type { NodeFlagValues } from "../../cmd/node_flags.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { docker, eventually } from "./pods.ts";

const IMAGE = "busybox:1.35";

Deno.test("a node tells what it is and what its pods use, and gives them up in order", async (t) => {
  await using manifests = await folder();
  await using cluster = await startCluster({});
  await cluster.kubectl.apply(sleeper("busy", "while true; do :; done"));
  await cluster.kubectl.apply(sleeper("idle", "sleep 3600"));
  await running(cluster, "busy");
  await running(cluster, "idle");
  await t.step("kubectl top node and pods", () => top(cluster));
  await t.step("metrics of the agent, through its node", () => metrics(cluster));
  await t.step("the node tells what it is", () => status(cluster));
  await t.step("a volume that holds more than it may costs its pod", () => overLimit(cluster));
  await t.step("cordon, drain, uncordon", () => drain(cluster));
  await t.step("cut off from the API, pods that others may run stop", () => fence(cluster));
  await t.step("files of the node are pods, with mirrors", () => statics(cluster, manifests.path));
  await t.step("it boots alone, and runs its files", () => alone(cluster, manifests.path));
  await t.step("when memory is short, a pod goes", () => pressure(cluster));
  await t.step("the node's end ends its pods", () => shutdown(cluster));
});

async function folder() {
  const path = await Deno.makeTempDir({ prefix: "wherry-manifests-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

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

async function node({ kubectl }: Cluster): Promise<Node> {
  return await kubectl.json<Node>("get", "node", "e2e-node");
}

async function condition(cluster: Cluster, type: string): Promise<string> {
  const { status } = await node(cluster);
  const found = status?.conditions?.find((one) => one.type === type);
  return `${found?.status} ${found?.reason}`;
}

async function status(cluster: Cluster): Promise<void> {
  await eventually(async () =>
    (await node(cluster)).status?.images === undefined ? "no images" : ""
  );
  const { status, metadata } = await node(cluster);
  assert.equal(metadata.labels?.["kubernetes.io/os"], "linux");
  assert.ok(status?.images?.some(({ names }) => names?.includes(IMAGE)));
  assert.equal(await condition(cluster, "MemoryPressure"), "False KubeletHasSufficientMemory");
  assert.equal(await condition(cluster, "NetworkUnavailable"), "False RouteCreated");
  const { memory: capacity = "" } = status?.capacity ?? {};
  assert.equal(parseInt(capacity) - parseInt(status?.allocatable?.memory ?? ""), 100 * 1024);
}

async function failed({ kubectl }: Cluster, name: string): Promise<NonNullable<Pod["status"]>> {
  await eventually(async () => {
    const pod = await kubectl.json<Pod>("get", "pod", name);
    return pod.status?.phase === "Failed" ? "" : `${name}: ${JSON.stringify(pod.status)}`;
  });
  return (await kubectl.json<Pod>("get", "pod", name)).status!;
}

async function overLimit(cluster: Cluster): Promise<void> {
  const script = "dd if=/dev/zero of=/scratch/file bs=1M count=3; sleep 3600";
  const pod = sleeper("hoarder", script, {
    volumes: [{ name: "scratch", emptyDir: { sizeLimit: "1Mi" } }],
  });
  const [container] = pod.spec.containers;
  const volumeMounts = [{ name: "scratch", mountPath: "/scratch" }];
  await cluster.kubectl.apply({
    ...pod,
    spec: { ...pod.spec, containers: [{ ...container, volumeMounts }] },
  });
  const { reason, message } = await failed(cluster, "hoarder");
  assert.equal(reason, "Evicted");
  assert.equal(message, 'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ');
  await cluster.kubectl.run("delete", "pod", "hoarder", "--now");
}

async function drain(cluster: Cluster): Promise<void> {
  const { kubectl } = cluster;
  await kubectl.run("cordon", "e2e-node");
  assert.match(await kubectl.run("get", "node", "e2e-node"), /Ready,SchedulingDisabled/);
  await kubectl.apply(sleeper("late", "sleep 3600"));
  const refused = await kubectl.try(["drain", "e2e-node", "--ignore-daemonsets", "--timeout=20s"]);
  assert.match(refused.stderr, /use --force to override/);
  const options = ["--ignore-daemonsets", "--force", "--delete-emptydir-data", "--timeout=60s"];
  const drained = await kubectl.run("drain", "e2e-node", ...options);
  assert.match(drained, /node\/e2e-node drained/);
  const gone = await kubectl.try(["get", "pod", "busy"]);
  assert.equal(gone.code, 1);
  await kubectl.run("uncordon", "e2e-node");
  await running(cluster, "late");
  await kubectl.run("drain", "e2e-node", "--force", "--disable-eviction", "--timeout=60s");
  await kubectl.run("uncordon", "e2e-node");
}

/** Names of the containers that run of these pods, from the engine. */
async function engineHas(cluster: Cluster, pod: string): Promise<boolean> {
  const label = `label=dev.wherry.cluster=${cluster.settings.clusterName}`;
  const name = `label=io.kubernetes.pod.name=${pod}`;
  const main = "label=io.kubernetes.container.name=main";
  return await docker("ps", "-q", "--filter", label, "--filter", name, "--filter", main) !== "";
}

async function fence(cluster: Cluster): Promise<void> {
  const unreachable = {
    key: "node.kubernetes.io/unreachable",
    operator: "Exists",
    effect: "NoExecute",
  };
  const brief = [{ ...unreachable, tolerationSeconds: 1 }];
  await cluster.kubectl.apply(sleeper("singleton", "sleep 3600", { tolerations: brief }));
  await cluster.kubectl.apply(sleeper("daemon", "sleep 3600", { tolerations: [unreachable] }));
  await running(cluster, "singleton");
  await running(cluster, "daemon");
  const before = await cluster.kubectl.json<Pod>("get", "pod", "daemon");
  await fenced(cluster, () => cluster.kill("master"));
  await fenced(cluster, async () => {
    await cluster.kill("master");
    await cluster.kill("agent");
    await cluster.start("agent");
  });
  const after = await cluster.kubectl.json<Pod>("get", "pod", "daemon");
  const idOf = (pod: Pod) => pod.status?.containerStatuses?.[0]?.containerID;
  assert.equal(idOf(after), idOf(before));
  await cluster.kubectl.run("delete", "pod", "singleton", "daemon", "--now");
}

/** What others may run stops without the API, and runs again with it. */
async function fenced(cluster: Cluster, cutOff: () => Promise<void>): Promise<void> {
  await cutOff();
  await eventually(async () => await engineHas(cluster, "singleton") ? "singleton runs on" : "");
  assert.ok(await engineHas(cluster, "daemon"), "who tolerates the silence runs on");
  await cluster.start("master");
  await eventually(async () => {
    const { stdout } = await cluster.kubectl.try(["get", "pod", "singleton", "-o", "json"]);
    if (stdout === "") return "no answer yet";
    const pod = JSON.parse(stdout) as Pod;
    const isUp = pod.status?.containerStatuses?.[0]?.ready === true;
    return isUp && await engineHas(cluster, "singleton") ? "" : JSON.stringify(pod.status);
  });
}

async function restartAgent({ settings }: Cluster, node: Partial<NodeFlagValues>): Promise<void> {
  await stopChild("agent", settings);
  (await ensureChild("agent", { ...settings, node })).release();
}

async function statics(cluster: Cluster, path: string): Promise<void> {
  const { kubectl } = cluster;
  const write = (name: string, text: string) => Deno.writeTextFile(`${path}/${name}`, text);
  const manifest = (command: string) => JSON.stringify(sleeper("own", command));
  await write("own.json", manifest("sleep 3600"));
  await restartAgent(cluster, { "pod-manifest-path": path });
  await eventually(async () => (await kubectl.try(["get", "pod", "own-e2e-node"])).stderr);
  await running(cluster, "own-e2e-node");
  const mirror = await kubectl.json<Pod>("get", "pod", "own-e2e-node");
  assert.ok(mirror.metadata.annotations?.["kubernetes.io/config.mirror"]);
  assert.equal(await kubectl.run("logs", "own-e2e-node"), "");
  await kubectl.run("delete", "pod", "own-e2e-node", "--wait=false");
  await eventually(async () => {
    const { stdout } = await kubectl.try(["get", "pod", "own-e2e-node", "-o", "json"]);
    if (stdout === "") return "no mirror";
    const again = JSON.parse(stdout) as Pod;
    const isNew = again.metadata.uid !== mirror.metadata.uid && again.status?.phase === "Running";
    return isNew ? "" : JSON.stringify(again.status);
  });
  await write("wrong.yaml", "kind: Service");
  await write("own.json", manifest("echo changed; sleep 3600"));
  await eventually(async () => {
    const { stdout } = await kubectl.try(["logs", "own-e2e-node"]);
    return stdout === "changed\n" ? "" : `log: ${stdout}`;
  });
  await eventually(async () => {
    const events = await kubectl.run("get", "events", "-A");
    return /FileCheckFailed.*wrong\.yaml/.test(events) ? "" : events;
  });
  await Deno.remove(`${path}/own.json`);
  await eventually(async () => {
    const { code, stdout } = await kubectl.try(["get", "pod", "own-e2e-node"]);
    return code !== 0 && !await engineHas(cluster, "own-e2e-node") ? "" : `still there: ${stdout}`;
  });
}

/** Both are dead, and the agent comes first: its files' pods need nobody, and are shown as soon as somebody looks. */
async function alone(cluster: Cluster, path: string): Promise<void> {
  await cluster.kill("master");
  await cluster.kill("agent");
  const { settings } = cluster;
  await Deno.writeTextFile(`${path}/alone.json`, JSON.stringify(sleeper("alone", "sleep 3600")));
  const node = { "pod-manifest-path": path };
  (await ensureChild("agent", { ...settings, node })).release();
  await eventually(async () =>
    await engineHas(cluster, "alone-e2e-node") ? "" : "the pod of a file does not run"
  );
  await cluster.start("master");
  await eventually(async () =>
    (await cluster.kubectl.try(["get", "pod", "alone-e2e-node"])).stderr
  );
  await running(cluster, "alone-e2e-node");
  await Deno.remove(`${path}/alone.json`);
  await eventually(async () =>
    await engineHas(cluster, "alone-e2e-node") ? "the pod outlives its file" : ""
  );
}

async function pressure(cluster: Cluster): Promise<void> {
  const vital = sleeper("vital", "sleep 3600", { priorityClassName: "system-node-critical" });
  const metadata = { ...vital.metadata, namespace: "kube-system" };
  await cluster.kubectl.apply({ ...vital, metadata });
  for (const name of ["victim", "next"]) {
    await cluster.kubectl.apply(sleeper(name, "sleep 3600"));
    await running(cluster, name);
  }
  await restartAgent(cluster, {
    "eviction-hard": "memory.available<100Ti",
    "eviction-pressure-transition-period": "1s",
  });
  const { reason, message, conditions } = await failed(cluster, "victim");
  assert.equal(reason, "Evicted");
  assert.match(
    message ?? "",
    /^The node was low on resource: memory\. Threshold quantity: 100Ti, /,
  );
  assert.ok(
    conditions?.some(({ type, reason }) =>
      type === "DisruptionTarget" && reason === "TerminationByKubelet"
    ),
  );
  assert.equal(await condition(cluster, "MemoryPressure"), "True KubeletHasInsufficientMemory");
  await failed(cluster, "next");
  const { status } = await cluster.kubectl.json<Pod>("get", "pod", "vital", "-n", "kube-system");
  assert.equal(status?.phase, "Running", "a critical pod is never evicted");
  await eventually(async () => {
    const taints = (await node(cluster)).spec.taints ?? [];
    const isTainted = taints.some(({ key }) => key === "node.kubernetes.io/memory-pressure");
    return isTainted ? "" : JSON.stringify(taints);
  });
}

async function shutdown(cluster: Cluster): Promise<void> {
  await restartAgent(cluster, {
    "shutdown-grace-period": "40s",
    "shutdown-grace-period-critical-pods": "20s",
  });
  await eventually(async () => {
    const taints = (await node(cluster)).spec.taints ?? [];
    return taints.length === 0 ? "" : JSON.stringify(taints);
  });
  // both need a moment to end: without an order they would end together
  const ends = "trap 'sleep 1; exit 0' TERM; while :; do sleep 0.1; done";
  const spec = { terminationGracePeriodSeconds: 15 };
  const critical = { ...spec, priorityClassName: "system-node-critical" };
  const needed = sleeper("needed", ends, critical);
  await cluster.kubectl.apply({
    ...needed,
    metadata: { ...needed.metadata, namespace: "kube-system" },
  });
  await cluster.kubectl.apply(sleeper("last", ends, spec));
  await running(cluster, "last");
  const neededPod = ["get", "pod", "needed", "-n", "kube-system"];
  await eventually(async () => {
    const { status } = await cluster.kubectl.json<Pod>(...neededPod);
    return status?.phase === "Running" ? "" : `needed: ${JSON.stringify(status)}`;
  });
  await stopChild("agent", cluster.settings);
  const { reason, message, containerStatuses } = await failed(cluster, "last");
  const neededStatus = (await cluster.kubectl.json<Pod>(...neededPod)).status;
  const endOf = (statuses: typeof containerStatuses) => statuses?.[0]?.state?.terminated;
  const [ordinary, critically] = [containerStatuses, neededStatus?.containerStatuses].map(endOf);
  assert.equal(critically?.exitCode, 0, JSON.stringify(neededStatus));
  const late = Date.parse(critically?.finishedAt ?? "") - Date.parse(ordinary?.finishedAt ?? "");
  assert.ok(late >= 1000, `the critical pod ended ${late} ms after the other`);
  assert.equal(reason, "Terminated");
  assert.equal(message, "Pod was terminated in response to imminent node shutdown.");
  assert.equal(await condition(cluster, "Ready"), "False KubeletNotReady");
}
