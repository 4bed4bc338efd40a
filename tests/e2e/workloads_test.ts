import assert from "node:assert/strict";
import type { Deployment } from "../../api/types/apps_v1.ts";
import type { Job } from "../../api/types/batch_v1.ts";
import type { Service } from "../../api/types/core_v1.ts";
import { EXAMPLE_IMAGE } from "../../cmd/example.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { endpointsAre, readyPods } from "./pods.ts";
import { request } from "./traffic.ts";

const CANARY_REQUESTS = 3_000;

function deployment(
  name: string,
  { track, replicas, cpu }: { track: string; replicas: number; cpu?: string },
) {
  const labels = { app: "shop", track };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 2,
          containers: [{
            name: "web",
            image: EXAMPLE_IMAGE,
            ports: [{ containerPort: 80 }],
            readinessProbe: { httpGet: { path: "/", port: 80 } },
            ...(cpu === undefined ? {} : { resources: { requests: { cpu } } }),
          }],
        },
      },
    },
  };
}

const SERVICE = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "shop" },
  spec: { selector: { app: "shop" }, ports: [{ port: 80 }] },
};

Deno.test("workloads run on a real node", async (t) => {
  await using cluster = await startCluster({});
  const { kubectl } = cluster;

  await t.step("a deployment is rolled, gone back with and paused by kubectl", async () => {
    await kubectl.apply(deployment("stable", { track: "stable", replicas: 3 }));
    await rolledOut(cluster, "stable");
    await kubectl.run("set", "env", "deployment/stable", "VERSION=2");
    await rolledOut(cluster, "stable");
    assert.deepEqual(await revisions(cluster), ["1", "2"]);
    await kubectl.run("rollout", "undo", "deployment/stable");
    await rolledOut(cluster, "stable");
    assert.deepEqual(await revisions(cluster), ["2", "3"]);
    await kubectl.run("rollout", "pause", "deployment/stable");
    await kubectl.run("set", "env", "deployment/stable", "VERSION=3");
    const { metadata } = await kubectl.json<Deployment>("get", "deployment", "stable");
    await kubectl.run(
      "wait",
      "deployment/stable",
      `--for=jsonpath={.status.observedGeneration}=${metadata.generation}`,
    );
    assert.deepEqual(await revisions(cluster), ["2", "3"]);
    await kubectl.run("rollout", "resume", "deployment/stable");
    await rolledOut(cluster, "stable");
    assert.deepEqual(await revisions(cluster), ["2", "3", "4"]);
  });

  await t.step("one canary beside nine gets a tenth of the requests", () => canary(cluster));

  await t.step("a job runs to its end, once for each index", async () => {
    await kubectl.apply({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "sum" },
      spec: {
        completions: 3,
        parallelism: 3,
        completionMode: "Indexed",
        template: {
          spec: {
            restartPolicy: "Never",
            containers: [{
              name: "main",
              image: "busybox:1.35",
              command: ["sh", "-c", "echo index $JOB_COMPLETION_INDEX"],
            }],
          },
        },
      },
    });
    await kubectl.run("wait", "job/sum", "--for=condition=Complete", "--timeout=120s");
    const { status } = await kubectl.json<Job>("get", "job", "sum");
    assert.deepEqual([status?.succeeded, status?.completedIndexes], [3, "0-2"]);
    const logs = await kubectl.run("logs", "-l", "job-name=sum");
    assert.deepEqual(logs.trim().split("\n").sort(), ["index 0", "index 1", "index 2"]);
  });

  await t.step("a stateful set keeps names, and a daemon set is on the node", async () => {
    const template = (app: string) => ({
      metadata: { labels: { app } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: "main", image: "busybox:1.35", command: ["sleep", "3600"] }],
      },
    });
    const set = (kind: string, app: string, more: object) => ({
      apiVersion: "apps/v1",
      kind,
      metadata: { name: app },
      spec: { selector: { matchLabels: { app } }, template: template(app), ...more },
    });
    await kubectl.apply(set("StatefulSet", "db", { replicas: 2, serviceName: "db" }));
    await kubectl.apply(set("DaemonSet", "log", {}));
    await kubectl.run("rollout", "status", "statefulset/db", "--timeout=120s");
    await kubectl.run("rollout", "status", "daemonset/log", "--timeout=120s");
    assert.equal((await kubectl.run("exec", "db-1", "--", "hostname")).trim(), "db-1");
  });
});

async function rolledOut({ kubectl }: Cluster, name: string): Promise<void> {
  await kubectl.run("rollout", "status", `deployment/${name}`, "--timeout=180s");
}

async function revisions({ kubectl }: Cluster): Promise<string[]> {
  const history = await kubectl.run("rollout", "history", "deployment/stable");
  return [...history.matchAll(/^(\d+) /gm)].map(([, revision = ""]) => revision);
}

async function canary(cluster: Cluster): Promise<void> {
  const { kubectl } = cluster;
  await kubectl.run("scale", "deployment/stable", "--replicas=9");
  await kubectl.apply(deployment("canary", { track: "canary", replicas: 1 }));
  await kubectl.apply(SERVICE);
  await rolledOut(cluster, "stable");
  await rolledOut(cluster, "canary");
  const { spec } = await kubectl.json<Service>("get", "service", "shop");
  const url = `http://${spec.clusterIP}/hostname`;
  await endpointsAre(cluster, "shop", await readyPods(cluster, "shop", 10));
  const answers = await request(url, CANARY_REQUESTS);
  const ofCanary = [...answers].filter(([pod]) => pod.startsWith("canary-"))
    .reduce((sum, [, count]) => sum + count, 0);
  const percent = ofCanary * 100 / CANARY_REQUESTS;
  assert.ok(percent >= 8 && percent <= 12, `the canary got ${percent} % of the requests`);
  await kubectl.run("delete", "deployment", "stable", "canary");
  await kubectl.run("delete", "service", "shop");
}
