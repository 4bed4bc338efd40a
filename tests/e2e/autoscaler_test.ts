/** Autoscalers on real containers: by CPU under wrk, and from nothing when somebody asks. */
import assert from "node:assert/strict";
import type { Service } from "../../api/types/core_v1.ts";
import { EXAMPLE_IMAGE } from "../../cmd/example.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { loadFromHost, loadFromPod } from "./load.ts";
import { eventually, podsOf, readyPods } from "./pods.ts";

Deno.test("autoscalers follow what clients ask for", async (t) => {
  await using cluster = await startCluster({ backend: "ebpf" });
  await Promise.all([
    t.step({
      name: "nginx grows under wrk, and shrinks after it",
      fn: () => growsAndShrinks(cluster),
      sanitizeOps: false,
      sanitizeResources: false,
      sanitizeExit: false,
    }),
    t.step({
      name: "a service without pods wakes for its first client, fails none, and sleeps again",
      fn: () => wakesAndSleeps(cluster),
      sanitizeOps: false,
      sanitizeResources: false,
      sanitizeExit: false,
    }),
  ]);
});

async function growsAndShrinks(cluster: Cluster): Promise<void> {
  const { kubectl } = cluster;
  for (const object of workload("busy", { replicas: 1, max: 3 })) await kubectl.apply(object);
  await readyPods(cluster, "busy", 1);
  const url = `http://${await addressOf(cluster, "busy")}/`;
  const wrk = new Deno.Command("wrk", {
    args: ["-t1", "-c8", "-d120s", url],
    stdout: "null",
  }).spawn();
  await eventually(() => sizeIs(cluster, "busy", (size) => size >= 2));
  wrk.kill("SIGTERM");
  await wrk.status;
  await eventually(() => sizeIs(cluster, "busy", (size) => size === 1));
  const events = await kubectl.run("get", "events", "--field-selector=reason=SuccessfulRescale");
  assert.match(events, /reason: resource utilization above target/);
  assert.match(events, /reason: All metrics below target/);
}

async function wakesAndSleeps(cluster: Cluster): Promise<void> {
  const { kubectl } = cluster;
  const objects = workload("lazy", { replicas: 0, max: 2, sleepsAfter: "2s" });
  for (const object of objects) await kubectl.apply(object);
  const ip = await addressOf(cluster, "lazy");
  // the client is there before it asks: its first request is the one that wakes
  const fromPod = await loadFromPod(cluster, ip);
  const fromHost = loadFromHost(ip);
  await readyPods(cluster, "lazy", 1);
  await eventually(() => Promise.resolve(fromHost.answered > 100 ? "" : "too few answers"));
  const results = [await fromHost.stop(), await fromPod.stop()];
  assert.deepEqual(results.map(({ failures }) => failures), [{}, {}]);
  assert.ok(results.every(({ answered }) => answered > 0));

  await eventually(() => sizeIs(cluster, "lazy", (size) => size === 0));
  await eventually(async () => (await podsOf(cluster, "lazy")).length === 0 ? "" : "pods stay");
  const again = loadFromHost(ip);
  await eventually(() => Promise.resolve(again.answered > 100 ? "" : "too few answers"));
  assert.deepEqual((await again.stop()).failures, {});
  const events = await kubectl.run("get", "events", "--field-selector=reason=SuccessfulRescale");
  assert.match(events, /New size: 1; reason: a client asks for its service/);
  assert.match(events, /New size: 0; reason: nobody asks for its service/);
}

async function addressOf({ kubectl }: Cluster, name: string): Promise<string> {
  return (await kubectl.json<Service>("get", "service", name)).spec.clusterIP ?? "";
}

async function sizeIs(
  { kubectl }: Cluster,
  name: string,
  isRight: (size: number) => boolean,
): Promise<string> {
  const [scale, autoscaler] = [
    await kubectl.run("get", "deployment", name, "-o", "jsonpath={.spec.replicas}"),
    await kubectl.run("get", "hpa", name, "-o", "jsonpath={.status}"),
  ];
  return isRight(Number(scale)) ? "" : `${name} has ${scale} replicas: ${autoscaler}`;
}

interface Wishes {
  readonly replicas: number;
  readonly max: number;
  readonly sleepsAfter?: string;
}

function workload(name: string, { replicas, max, sleepsAfter }: Wishes): unknown[] {
  const labels = { app: name };
  const annotations = sleepsAfter && { "wherry.dev/scale-to-zero-after": sleepsAfter };
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [{
              name: "nginx",
              image: EXAMPLE_IMAGE,
              ports: [{ containerPort: 80 }],
              readinessProbe: { httpGet: { port: 80 } },
              resources: { requests: { cpu: "50m" } },
            }],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, ...(annotations && { annotations }) },
      spec: { selector: labels, ports: [{ port: 80 }] },
    },
    {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
        minReplicas: 1,
        maxReplicas: max,
        metrics: [{
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
        }],
        behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
      },
    },
  ];
}
