import assert from "node:assert/strict";
import { type Deployment, DEPLOYMENTS } from "../../api/types/apps_v1.ts";
import {
  HORIZONTAL_POD_AUTOSCALERS,
  type HorizontalPodAutoscaler,
  type MetricSpec,
} from "../../api/types/autoscaling_v2.ts";
import {
  METRICS_API_VERSION,
  POD_METRICS,
  type PodMetrics,
} from "../../api/types/metrics_v1beta1.ts";
import { type Lease, LEASES } from "../../api/types/coordination_v1.ts";
import { PODS, SERVICES } from "../../api/types/resources.ts";
import { serviceNamed, startCluster, worldOf } from "../fake_cluster.ts";
import { sleepOf } from "./sleep.ts";

type Cluster = Awaited<ReturnType<typeof startCluster>>;
const SYNC = 15_000;

const DEPLOYMENT: Deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { name: "", labels: { app: "web" } },
      spec: {
        containers: [{ name: "main", image: "web", resources: { requests: { cpu: "100m" } } }],
      },
    },
  },
};
const AUTOSCALER: HorizontalPodAutoscaler = {
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  metadata: { name: "web", namespace: "default" },
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
    minReplicas: 1,
    maxReplicas: 6,
    metrics: [{
      type: "Resource",
      resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
    }],
  },
};

async function started(): Promise<Cluster> {
  const cluster = await startCluster();
  await cluster.api.create(DEPLOYMENTS, DEPLOYMENT);
  await cluster.clock.advance(1_000);
  await cluster.api.create(HORIZONTAL_POD_AUTOSCALERS, AUTOSCALER);
  return cluster;
}

/** Every pod runs, has done so for long, and uses so much. */
async function load(cluster: Cluster, cpu: string, ms: number, memory?: string): Promise<void> {
  for (const until = cluster.clock.now() + ms; cluster.clock.now() < until;) {
    for (const pod of await cluster.pods()) {
      if (pod.status?.phase !== "Running") {
        const { status, ...running } = await cluster.run(pod, "10.0.0.1");
        const startTime = "2020-01-01T00:00:00Z";
        await cluster.api.updateStatus(PODS, { ...running, status: { ...status, startTime } });
      }
      await measure(cluster, pod.metadata.name, cpu, memory);
    }
    await cluster.clock.advance(SYNC);
  }
}

async function measure(
  cluster: Cluster,
  name: string,
  cpu: string,
  memory = "10Mi",
): Promise<void> {
  const at = new Date(cluster.clock.now()).toISOString();
  const metrics: PodMetrics = {
    apiVersion: METRICS_API_VERSION,
    kind: "PodMetrics",
    metadata: { name, namespace: "default", labels: { app: "web" } },
    timestamp: at,
    window: "15s",
    containers: [{ name: "main", usage: { cpu, memory } }],
  };
  await cluster.api.delete(POD_METRICS, "default", name).catch(() => {});
  await cluster.api.create(POD_METRICS, metrics);
}

const size = async (cluster: Cluster) =>
  (await cluster.api.get(DEPLOYMENTS, "default", "web")).spec.replicas;

Deno.test("row 104: an autoscaler grows under load up to the most, and shrinks five minutes after it", async () => {
  const cluster = await started();
  await load(cluster, "200m", 120_000);
  assert.equal(await size(cluster), 6);
  const { status } = await cluster.api.get(HORIZONTAL_POD_AUTOSCALERS, "default", "web");
  assert.equal(status?.currentMetrics?.[0]?.resource?.current.averageUtilization, 200);
  const limit = status?.conditions?.find(({ type }) => type === "ScalingLimited");
  assert.equal(`${limit?.status} ${limit?.reason}`, "True TooManyReplicas");
  await load(cluster, "0", 240_000);
  assert.equal(await size(cluster), 6);
  await load(cluster, "0", 120_000);
  assert.equal(await size(cluster), 1);
  cluster.stop();
});

/** With other metrics than the CPU. */
async function measuring(metrics: MetricSpec[]): Promise<Cluster> {
  const cluster = await started();
  const target = { namespace: "default", name: "web" };
  await cluster.api.patch(HORIZONTAL_POD_AUTOSCALERS, target, "merge", { spec: { metrics } });
  return cluster;
}

Deno.test("row 104: a load that comes and goes each half minute is followed up, not down and up again", async () => {
  const cluster = await started();
  const sizes: number[] = [];
  for (let wave = 0; wave < 10; wave += 1) {
    await load(cluster, wave % 2 === 0 ? "100m" : "10m", 30_000);
    sizes.push(await size(cluster) ?? 1);
  }
  assert.deepEqual(sizes, sizes.toSorted((a, b) => a - b), "it never shrinks");
  assert.equal(sizes.at(-1), 6);
  cluster.stop();
});

Deno.test("autoscaler: follows memory by its amount", async () => {
  const target = { type: "AverageValue", averageValue: "50Mi" } as const;
  const cluster = await measuring([{ type: "Resource", resource: { name: "memory", target } }]);
  await load(cluster, "0", 60_000, "90Mi");
  assert.equal(await size(cluster), 6);
  await load(cluster, "0", 400_000, "5Mi");
  assert.equal(await size(cluster), 1);
  cluster.stop();
});

for (const type of ["Object", "Pods", "External"] as const) {
  Deno.test(`autoscaler: metrics of type ${type} are said to need what the cluster has not`, async () => {
    const metric = { name: "requests" };
    const target = { type: "AverageValue", averageValue: "1" } as const;
    const describedObject = { apiVersion: "v1", kind: "Service", name: "web" };
    const cluster = await measuring([{
      type,
      ...(type === "Object" && { object: { metric, target, describedObject } }),
      ...(type === "Pods" && { pods: { metric, target } }),
      ...(type === "External" && { external: { metric, target } }),
    }]);
    await load(cluster, "200m", 60_000);
    assert.equal(await size(cluster), 2);
    const { status } = await cluster.api.get(HORIZONTAL_POD_AUTOSCALERS, "default", "web");
    const active = status?.conditions?.find(({ type }) => type === "ScalingActive");
    assert.equal(`${active?.status} ${active?.reason}`, "False InvalidMetricSourceType");
    assert.match(active?.message ?? "", new RegExp(`${type} metrics need a metrics API`));
    cluster.stop();
  });
}

Deno.test("autoscaler: without samples it changes nothing and says why", async () => {
  const cluster = await started();
  await cluster.clock.advance(60_000);
  assert.equal(await size(cluster), 2);
  const { status } = await cluster.api.get(HORIZONTAL_POD_AUTOSCALERS, "default", "web");
  const active = status?.conditions?.find(({ type }) => type === "ScalingActive");
  assert.equal(`${active?.status} ${active?.reason}`, "False FailedGetResourceMetric");
  cluster.stop();
});

/** What the node of a service tells by its lease. */
async function tell(cluster: Cluster, wanted: string, used: number): Promise<void> {
  await cluster.renewLease("n1");
  const target = { namespace: "kube-node-lease", name: "n1" };
  const annotations = {
    "wherry.dev/wanted": wanted,
    "wherry.dev/used": JSON.stringify({ "default/web": used }),
  };
  await cluster.api.patch(LEASES, target, "merge", { metadata: { annotations } });
}

async function withSleepyService(): Promise<Cluster> {
  const cluster = await started();
  const annotations = { "wherry.dev/scale-to-zero-after": "2m" };
  const service = serviceNamed("web");
  const metadata = { ...service.metadata, annotations };
  await cluster.api.create(SERVICES, { ...service, metadata });
  await tell(cluster, "", 7);
  return cluster;
}

Deno.test("autoscaler: pods that nobody connects to go, and come back at once when somebody does", async () => {
  const cluster = await withSleepyService();
  await load(cluster, "1m", 60_000);
  await tell(cluster, "", 8);
  await load(cluster, "1m", 105_000);
  assert.notEqual(await size(cluster), 0, "somebody connected less than two minutes ago");
  await load(cluster, "1m", 45_000);
  assert.equal(await size(cluster), 0);
  await cluster.clock.advance(600_000);
  assert.equal(await size(cluster), 0);
  await tell(cluster, "default/web", 8);
  await cluster.clock.settle();
  assert.equal(await size(cluster), 1);
  cluster.stop();
});

Deno.test("autoscaler: pods that are busy stay, though nobody connects anew", async () => {
  const cluster = await withSleepyService();
  await load(cluster, "20m", 600_000);
  assert.equal(await size(cluster), 1);
  cluster.stop();
});

Deno.test("autoscaler: who asks for another service, or for one that may not sleep, wakes nothing", async () => {
  const cluster = await started();
  await cluster.api.create(SERVICES, serviceNamed("web"));
  const target = { namespace: "default", name: "web" };
  await cluster.api.patch(DEPLOYMENTS, target, "merge", { spec: { replicas: 0 } });
  await tell(cluster, "default/web,other/web", 1);
  await cluster.clock.advance(60_000);
  assert.equal(await size(cluster), 0);
  cluster.stop();
});

Deno.test("autoscaler: what a node says wrongly counts as nothing", () => {
  const annotations = { "wherry.dev/wanted": ",,", "wherry.dev/used": "[" };
  const metadata = { namespace: "kube-node-lease", name: "n1", annotations };
  const lease: Lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec: {} };
  const service = serviceNamed("web");
  const sleepy = { "wherry.dev/scale-to-zero-after": "1m" };
  const asleep = { ...service, metadata: { ...service.metadata, annotations: sleepy } };
  const sleep = sleepOf("default", { app: "web" }, worldOf([lease, asleep]));
  assert.deepEqual(sleep, { isWanted: false, isUnused: false });
});
