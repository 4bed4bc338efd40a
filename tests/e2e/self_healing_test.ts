import assert from "node:assert/strict";
import type { Pod, Service } from "../../api/types/core_v1.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { containerIds, docker, endpointsAre, eventually, podsOf, readyPods } from "./pods.ts";
import { request } from "./traffic.ts";

Deno.test("a cluster heals what is killed and keeps what runs", async (t) => {
  await using cluster = await startCluster({ example: true });
  await t.step(
    "a killed container is restarted in place: same pod, same IP",
    () => killContainer(cluster),
  );
  await t.step(
    "a deleted pod is replaced, and no request fails once it left the endpoints",
    () => deletePod(cluster),
  );
  await t.step("scaling to 10 and to 2 converges", () => scale(cluster));
  await t.step("kill -9 of the agent restarts no container", () => killAgent(cluster));
  await t.step(
    "a dead sandbox is replaced with all containers of the pod",
    () => killSandbox(cluster),
  );
});

async function killContainer(cluster: Cluster): Promise<void> {
  const [pod] = await readyPods(cluster, "web", 3);
  assert.ok(pod);
  await docker("kill", containerIds(pod).values().next().value ?? "");
  await eventually(async () => {
    const now = (await podsOf(cluster, "web")).find(isSame(pod));
    const restarts = now?.status?.containerStatuses?.[0]?.restartCount;
    return restarts === 1 ? "" : `restarted ${restarts} times`;
  });
  const now = (await readyPods(cluster, "web", 3)).find(isSame(pod));
  assert.equal(now?.metadata.uid, pod.metadata.uid);
  assert.equal(now?.status?.podIP, pod.status?.podIP);
}

async function deletePod(cluster: Cluster): Promise<void> {
  const pods = await readyPods(cluster, "web", 3);
  const [pod] = pods;
  assert.ok(pod);
  const service = await cluster.kubectl.json<Service>("get", "service", "web");
  await cluster.kubectl.run("delete", "pod", pod.metadata.name, "--wait=false");
  await eventually(async () => {
    const path = "jsonpath={.subsets[*].addresses[*].ip}";
    const addresses = await cluster.kubectl.run("get", "endpoints", "web", "-o", path);
    return addresses.split(" ").includes(pod.status?.podIP ?? "") ? "still in the endpoints" : "";
  });
  const answers = await request(`http://${service.spec.clusterIP}/hostname`, 1_000);
  const wrong = [...answers.keys()].filter((answer) => !answer.startsWith("web-"));
  assert.deepEqual(wrong, []);
  const now = await readyPods(cluster, "web", 3);
  assert.equal(now.some(isSame(pod)), false);
  await endpointsAre(cluster, "web", now);
}

async function scale(cluster: Cluster): Promise<void> {
  for (const replicas of [10, 2]) {
    await cluster.kubectl.run("scale", "rc", "web", `--replicas=${replicas}`);
    await endpointsAre(cluster, "web", await readyPods(cluster, "web", replicas));
  }
}

async function killAgent(cluster: Cluster): Promise<void> {
  const before = await runningSince(await readyPods(cluster, "web", 2));
  await cluster.kill("agent");
  await cluster.start("agent");
  await cluster.kubectl.run("scale", "rc", "web", "--replicas=3");
  const pods = await readyPods(cluster, "web", 3);
  const after = await runningSince(pods.filter((pod) => before.has(pod.metadata.name)));
  assert.deepEqual(after, before);
}

/** Pod name → id and start time of its container, as the engine has them. */
async function runningSince(pods: readonly Pod[]): Promise<Map<string, string>> {
  const entries = pods.map(async (pod): Promise<[string, string]> => {
    const id = containerIds(pod).values().next().value ?? "";
    return [pod.metadata.name, await docker("inspect", "-f", "{{.Id}} {{.State.StartedAt}}", id)];
  });
  return new Map(await Promise.all(entries));
}

async function killSandbox(cluster: Cluster): Promise<void> {
  const [pod] = await readyPods(cluster, "web", 3);
  assert.ok(pod);
  const container = containerIds(pod).values().next().value ?? "";
  const mode = await docker("inspect", "-f", "{{.HostConfig.NetworkMode}}", container);
  await docker("kill", mode.replace("container:", ""));
  await eventually(async () => {
    const now = (await podsOf(cluster, "web")).find(isSame(pod));
    const id = now === undefined ? "" : containerIds(now).values().next().value ?? "";
    return id !== "" && id !== container ? "" : "the container is the old one";
  });
  await endpointsAre(cluster, "web", await readyPods(cluster, "web", 3));
}

function isSame(pod: Pod): (other: Pod) => boolean {
  return (other) => other.metadata.uid === pod.metadata.uid;
}
