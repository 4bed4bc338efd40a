import assert from "node:assert/strict";
import {
  CONTROLLER_REVISIONS,
  STATEFUL_SETS,
  type StatefulSet,
  type StatefulSetSpec,
} from "../../api/types/apps_v1.ts";
import { PERSISTENT_VOLUME_CLAIMS, PODS } from "../../api/types/resources.ts";
import { StatusError } from "../../api/types/status.ts";
import { refuseUntilDeleted, startCluster } from "../fake_cluster.ts";
import { isReady } from "../pods.ts";

type Cluster = Awaited<ReturnType<typeof startCluster>>;

function setOf(more: Partial<StatefulSetSpec> = {}): StatefulSet {
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db", namespace: "default" },
    spec: {
      replicas: 3,
      serviceName: "db",
      podManagementPolicy: "OrderedReady",
      selector: { matchLabels: { app: "db" } },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
      template: templateOf("db:1"),
      ...more,
    },
  };
}

function templateOf(image: string) {
  return {
    metadata: { name: "", labels: { app: "db" } },
    spec: { containers: [{ name: "main", image }] },
  };
}

const shown = async (cluster: Cluster) =>
  (await cluster.pods()).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata, spec }) => `${metadata.name} ${spec.containers[0]?.image}`).sort();

/** One round: whoever is there and not ready becomes ready, unless its image is a bad one. */
async function round(cluster: Cluster): Promise<void> {
  for (const pod of await cluster.pods()) {
    if (!isReady(pod) && pod.spec.containers[0]?.image !== "db:bad") {
      await cluster.run(pod, "10.0.0.1");
    }
  }
  await cluster.clock.advance(1_000);
}

async function created(more: Partial<StatefulSetSpec> = {}): Promise<Cluster> {
  const cluster = await startCluster();
  await cluster.api.create(STATEFUL_SETS, setOf(more));
  await cluster.clock.advance(1_000);
  return cluster;
}

async function started(more: Partial<StatefulSetSpec> = {}): Promise<Cluster> {
  const cluster = await created(more);
  for (let i = 0; i < 5; i += 1) await round(cluster);
  return cluster;
}

async function change(cluster: Cluster, spec: Partial<StatefulSetSpec>): Promise<void> {
  const now = await cluster.api.get(STATEFUL_SETS, "default", "db");
  await cluster.api.update(STATEFUL_SETS, { ...now, spec: { ...now.spec, ...spec } });
  await cluster.clock.advance(1_000);
}

Deno.test("stateful set: makes its pods one by one, each when those before it are ready", async () => {
  const cluster = await created();
  assert.deepEqual(await shown(cluster), ["db-0 db:1"]);
  await cluster.clock.advance(60_000);
  assert.deepEqual(await shown(cluster), ["db-0 db:1"]);
  await round(cluster);
  assert.deepEqual(await shown(cluster), ["db-0 db:1", "db-1 db:1"]);
  await round(cluster);
  assert.deepEqual(await shown(cluster), ["db-0 db:1", "db-1 db:1", "db-2 db:1"]);
  cluster.stop();
});

Deno.test("stateful set: each pod has its name, host name and labels", async () => {
  const cluster = await started({ replicas: 1 });
  const pod = await cluster.api.get(PODS, "default", "db-0");
  assert.equal(`${pod.spec.hostname}.${pod.spec.subdomain}`, "db-0.db");
  const { labels = {} } = pod.metadata;
  assert.equal(labels["statefulset.kubernetes.io/pod-name"], "db-0");
  assert.equal(labels["apps.kubernetes.io/pod-index"], "0");
  assert.match(labels["controller-revision-hash"] ?? "", /^db-\w+$/);
  cluster.stop();
});

Deno.test("stateful set: Parallel makes all at once and ends all at once", async () => {
  const cluster = await created({ podManagementPolicy: "Parallel" });
  assert.equal((await shown(cluster)).length, 3);
  await change(cluster, { replicas: 1 });
  assert.deepEqual(await shown(cluster), ["db-0 db:1"]);
  cluster.stop();
});

Deno.test("stateful set: goes down from the highest number, and makes a lost one again", async () => {
  const cluster = await started();
  await cluster.api.delete(PODS, "default", "db-1");
  await cluster.clock.advance(1_000);
  assert.equal((await shown(cluster)).length, 3);
  await round(cluster);
  await change(cluster, { replicas: 1 });
  for (let i = 0; i < 3; i += 1) await round(cluster);
  assert.deepEqual(await shown(cluster), ["db-0 db:1"]);
  cluster.stop();
});

Deno.test("stateful set: is updated from the highest number down to the partition", async () => {
  const cluster = await started();
  await change(cluster, {
    template: templateOf("db:2"),
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 1 } },
  });
  const seen: string[] = [];
  for (let i = 0; i < 8; i += 1) {
    seen.push((await shown(cluster)).join(", "));
    await round(cluster);
  }
  assert.equal(seen.at(-1), "db-0 db:1, db-1 db:2, db-2 db:2");
  assert.ok(seen.includes("db-0 db:1, db-1 db:1, db-2 db:2"), seen.join("\n"));
  const { status } = await cluster.api.get(STATEFUL_SETS, "default", "db");
  assert.notEqual(status?.currentRevision, status?.updateRevision);
  assert.deepEqual([status?.currentReplicas, status?.updatedReplicas], [1, 2]);
  await cluster.api.delete(PODS, "default", "db-0");
  for (let i = 0; i < 3; i += 1) await round(cluster);
  assert.deepEqual(await shown(cluster), ["db-0 db:1", "db-1 db:2", "db-2 db:2"]);
  await change(cluster, { updateStrategy: { type: "RollingUpdate", rollingUpdate: {} } });
  for (let i = 0; i < 4; i += 1) await round(cluster);
  const after = (await cluster.api.get(STATEFUL_SETS, "default", "db")).status;
  assert.equal(after?.currentRevision, after?.updateRevision);
  assert.deepEqual([after?.currentReplicas, after?.updatedReplicas, after?.readyReplicas], [
    3,
    3,
    3,
  ]);
  cluster.stop();
});

Deno.test("stateful set: a bad image stops at the first pod, and going back repairs it", async () => {
  const cluster = await started();
  await change(cluster, { template: templateOf("db:bad") });
  for (let i = 0; i < 5; i += 1) await round(cluster);
  assert.deepEqual(await shown(cluster), ["db-0 db:1", "db-1 db:1", "db-2 db:bad"]);
  await change(cluster, { template: templateOf("db:1") });
  for (let i = 0; i < 4; i += 1) await round(cluster);
  assert.deepEqual(await shown(cluster), ["db-0 db:1", "db-1 db:1", "db-2 db:1"]);
  assert.equal((await cluster.api.list(CONTROLLER_REVISIONS)).items.length, 2);
  cluster.stop();
});

const CLAIM = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "data" },
  spec: { accessModes: ["ReadWriteOnce" as const], resources: { requests: { storage: "1Gi" } } },
};

const claims = async (cluster: Cluster) =>
  (await cluster.api.list(PERSISTENT_VOLUME_CLAIMS)).items.map(({ metadata }) => metadata.name)
    .sort();

Deno.test("stateful set: each pod has a claim of its own, which outlives it", async () => {
  const cluster = await started({ volumeClaimTemplates: [CLAIM] });
  assert.deepEqual(await claims(cluster), ["data-db-0", "data-db-1", "data-db-2"]);
  const pod = await cluster.api.get(PODS, "default", "db-1");
  assert.deepEqual(pod.spec.volumes, [
    { name: "data", persistentVolumeClaim: { claimName: "data-db-1" } },
  ]);
  await change(cluster, { replicas: 1 });
  for (let i = 0; i < 3; i += 1) await round(cluster);
  assert.equal((await claims(cluster)).length, 3);
  cluster.stop();
});

Deno.test("stateful set: a claim that could not be made with its pod is made afterwards", async () => {
  const cluster = await startCluster();
  let lost = 0;
  cluster.api.intercept = ({ verb, resource }) => {
    if (verb !== "create" || resource !== "persistentvolumeclaims" || lost++ > 0) return;
    throw new StatusError("ServiceUnavailable", "request lost");
  };
  await cluster.api.create(STATEFUL_SETS, setOf({ replicas: 1, volumeClaimTemplates: [CLAIM] }));
  await cluster.clock.advance(60_000);
  assert.ok(lost > 1);
  assert.deepEqual(await claims(cluster), ["data-db-0"]);
  assert.deepEqual(await shown(cluster), ["db-0 db:1"]);
  cluster.stop();
});

Deno.test("stateful set: a claim that is gone before its pod started is made again, though the pod has its node", async () => {
  const cluster = await startCluster();
  let isLost = true;
  cluster.api.intercept = ({ verb, resource }) => {
    if (!isLost || verb !== "create" || resource !== "persistentvolumeclaims") return;
    throw new StatusError("ServiceUnavailable", "request lost");
  };
  await cluster.api.create(STATEFUL_SETS, setOf({ replicas: 1, volumeClaimTemplates: [CLAIM] }));
  await cluster.clock.advance(1_000);
  const pod = await cluster.api.get(PODS, "default", "db-0");
  await cluster.api.update(PODS, { ...pod, spec: { ...pod.spec, nodeName: "n1" } });
  isLost = false;
  await cluster.clock.advance(20_000);
  assert.deepEqual(await claims(cluster), ["data-db-0"]);
  cluster.stop();
});

Deno.test("stateful set: a claim that goes while its pod waits for a node is made again", async () => {
  const cluster = await created({ volumeClaimTemplates: [CLAIM] });
  const { api, clock } = cluster;
  const before = await api.get(PERSISTENT_VOLUME_CLAIMS, "default", "data-db-0");
  await clock.advance(10_000);
  await api.delete(PERSISTENT_VOLUME_CLAIMS, "default", "data-db-0");
  await clock.advance(1_000);
  const { metadata } = await api.get(PERSISTENT_VOLUME_CLAIMS, "default", "data-db-0");
  assert.notEqual(metadata.uid, before.metadata.uid);
  cluster.stop();
});

Deno.test("stateful set: a claim goes with its pod where the policy says so", async () => {
  const cluster = await started({
    volumeClaimTemplates: [CLAIM],
    persistentVolumeClaimRetentionPolicy: { whenScaled: "Delete", whenDeleted: "Retain" },
  });
  await change(cluster, { replicas: 2 });
  for (let i = 0; i < 3; i += 1) await round(cluster);
  assert.deepEqual(await shown(cluster), ["db-0 db:1", "db-1 db:1"]);
  assert.deepEqual(await claims(cluster), ["data-db-0", "data-db-1"]);
  cluster.stop();
});

Deno.test("stateful set: asks nothing of the apiserver while nothing changes", async () => {
  const cluster = await started();
  const before = cluster.api.calls.length;
  await cluster.clock.advance(280_000);
  assert.equal(cluster.api.calls.length, before);
  cluster.stop();
});

for (const podManagementPolicy of ["Parallel", "OrderedReady"] as const) {
  Deno.test(`stateful set, ${podManagementPolicy}: pods that make room go before others are asked for`, async () => {
    const cluster = await started({ podManagementPolicy });
    await cluster.api.delete(PODS, "default", "db-0", { gracePeriodSeconds: 0 });
    refuseUntilDeleted(cluster, "pods");
    await change(cluster, { replicas: 2 });
    await cluster.clock.advance(5_000);
    assert.deepEqual(await shown(cluster), ["db-0 db:1", "db-1 db:1"]);
    cluster.stop();
  });
}

Deno.test("stateful set: one that an API has no time for holds up scaling down, as one that is not ready", async () => {
  const cluster = await started();
  cluster.api.intercept = ({ verb, resource }) => {
    if (verb === "create" && resource === "pods") throw new StatusError("ServiceUnavailable", "");
  };
  await cluster.api.delete(PODS, "default", "db-0", { gracePeriodSeconds: 0 });
  await change(cluster, { replicas: 2 });
  await cluster.clock.advance(5_000);
  assert.deepEqual(await shown(cluster), ["db-1 db:1", "db-2 db:1"]);
  cluster.stop();
});
