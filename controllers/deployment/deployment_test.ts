import assert from "node:assert/strict";
import {
  type Deployment,
  DEPLOYMENTS,
  type DeploymentSpec,
  REPLICA_SETS,
} from "../../api/types/apps_v1.ts";
import { EVENTS, PODS } from "../../api/types/resources.ts";
import { StatusError } from "../../api/types/status.ts";
import { startCluster } from "../fake_cluster.ts";
import { isReady } from "../pods.ts";
import { REVISION } from "./revisions.ts";
import { conditionOf } from "./status.ts";

const SECOND = 1_000;

function deploymentOf(more: Partial<DeploymentSpec> = {}): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default" },
    spec: {
      replicas: 10,
      selector: { matchLabels: { app: "web" } },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } },
      progressDeadlineSeconds: 600,
      template: {
        metadata: { name: "", labels: { app: "web" } },
        spec: { containers: [{ name: "main", image: "web:1" }] },
      },
      ...more,
    },
  };
}

type Cluster = Awaited<ReturnType<typeof startCluster>>;

async function change(cluster: Cluster, spec: Partial<DeploymentSpec>): Promise<void> {
  const now = await cluster.api.get(DEPLOYMENTS, "default", "web");
  await cluster.api.update(DEPLOYMENTS, { ...now, spec: { ...now.spec, ...spec } });
  await cluster.clock.advance(10);
}

function imaged(image: string): Pick<DeploymentSpec, "template"> {
  const { template } = deploymentOf().spec;
  return { template: { ...template, spec: { containers: [{ name: "main", image }] } } };
}

/** Agents whose pods are ready at once, unless the image is a bad one; sees how many pods there are after each round. */
async function settle(cluster: Cluster, rounds = 40) {
  const seen = { most: 0, leastReady: Infinity };
  for (let round = 0; round < rounds; round += 1) {
    const pods = (await cluster.pods()).filter(({ metadata }) => !metadata.deletionTimestamp);
    seen.most = Math.max(seen.most, pods.length);
    seen.leastReady = Math.min(seen.leastReady, pods.filter(isReady).length);
    const next = pods.find((pod) => !isReady(pod) && pod.spec.containers[0]?.image !== "web:bad");
    if (next !== undefined) await cluster.run(next, `10.0.0.${round}`);
    await cluster.clock.advance(SECOND);
  }
  return seen;
}

async function sizes(cluster: Cluster): Promise<Record<string, number>> {
  const sets = (await cluster.api.list(REPLICA_SETS)).items;
  return Object.fromEntries(
    sets.map((
      { metadata, spec },
    ) => [
      `${spec.template.spec.containers[0]?.image} r${metadata.annotations?.[REVISION]}`,
      spec.replicas ?? 1,
    ]),
  );
}

const status = async (cluster: Cluster) =>
  (await cluster.api.get(DEPLOYMENTS, "default", "web")).status;

async function started(more: Partial<DeploymentSpec> = {}): Promise<Cluster> {
  const cluster = await startCluster();
  await cluster.api.create(DEPLOYMENTS, deploymentOf(more));
  await settle(cluster, 15);
  return cluster;
}

Deno.test("deployment: makes one set with all pods and says so", async () => {
  const cluster = await started();
  assert.deepEqual(await sizes(cluster), { "web:1 r1": 10 });
  const { conditions = [], ...counts } = await status(cluster) ?? {};
  assert.deepEqual(counts, {
    observedGeneration: 1,
    replicas: 10,
    updatedReplicas: 10,
    readyReplicas: 10,
    availableReplicas: 10,
  });
  assert.deepEqual(conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`), [
    "Available True MinimumReplicasAvailable",
    "Progressing True NewReplicaSetAvailable",
  ]);
  const { metadata } = await cluster.api.get(DEPLOYMENTS, "default", "web");
  assert.equal(metadata.annotations?.[REVISION], "1");
  cluster.stop();
});

Deno.test("row 79: a deployment rolls within surge and unavailable, and keeps the old set to go back to", async () => {
  const cluster = await started();
  await change(cluster, imaged("web:2"));
  const seen = await settle(cluster);
  assert.deepEqual(await sizes(cluster), { "web:1 r1": 0, "web:2 r2": 10 });
  assert.ok(seen.most <= 13, `${seen.most} pods at one time`);
  assert.ok(seen.leastReady >= 8, `${seen.leastReady} pods ready at one time`);
  assert.equal(conditionOf(await status(cluster), "Progressing")?.reason, "NewReplicaSetAvailable");
  const events = (await cluster.api.list(EVENTS)).items
    .filter(({ reason }) => reason === "ScalingReplicaSet").map(({ message = "" }) => message);
  assert.match(events.join("\n"), /Scaled up replica set web-\w+ from 0 to 10/);
  assert.match(events.join("\n"), /Scaled down replica set web-\w+ from 10 to 8/);
  cluster.stop();
});

Deno.test("row 79: a template that comes back takes its old set, with a new revision", async () => {
  const cluster = await started();
  await change(cluster, imaged("web:2"));
  await settle(cluster);
  await change(cluster, imaged("web:1"));
  await settle(cluster);
  assert.deepEqual(await sizes(cluster), { "web:1 r3": 10, "web:2 r2": 0 });
  const { metadata } = await cluster.api.get(DEPLOYMENTS, "default", "web");
  assert.equal(metadata.annotations?.[REVISION], "3");
  cluster.stop();
});

Deno.test("deployment: a bad image stops the rollout with what may be missing missing, and is reported", async () => {
  const cluster = await started({ progressDeadlineSeconds: 60 });
  await change(cluster, imaged("web:bad"));
  await settle(cluster, 20);
  assert.deepEqual(await sizes(cluster), { "web:1 r1": 8, "web:bad r2": 5 });
  assert.equal(conditionOf(await status(cluster), "Progressing")?.status, "True");
  await cluster.clock.advance(60 * SECOND);
  const condition = conditionOf(await status(cluster), "Progressing");
  assert.equal(`${condition?.status} ${condition?.reason}`, "False ProgressDeadlineExceeded");
  await change(cluster, imaged("web:1"));
  await settle(cluster, 20);
  assert.deepEqual(await sizes(cluster), { "web:1 r3": 10, "web:bad r2": 0 });
  cluster.stop();
});

Deno.test("deployment: pods that are refused are told by set and deployment, until they are not", async () => {
  const cluster = await startCluster();
  let isRefusing = true;
  cluster.api.intercept = ({ verb, resource }) => {
    if (isRefusing && verb === "create" && resource === "pods") {
      throw new StatusError("Forbidden", "exceeded quota: pods");
    }
  };
  const failure = async () => conditionOf(await status(cluster), "ReplicaFailure");
  await cluster.api.create(DEPLOYMENTS, deploymentOf());
  await cluster.clock.advance(30 * SECOND);
  const { status: holds, reason, message } = await failure() ?? {};
  assert.deepEqual([holds, reason, message], ["True", "FailedCreate", "exceeded quota: pods"]);
  const [set] = (await cluster.api.list(REPLICA_SETS)).items;
  assert.equal(set?.status?.conditions?.[0]?.type, "ReplicaFailure");
  isRefusing = false;
  await cluster.clock.advance(120 * SECOND);
  await settle(cluster, 15);
  assert.equal(await failure(), undefined);
  assert.equal((await status(cluster))?.readyReplicas, 10);
  cluster.stop();
});

Deno.test("deployment: while it is paused it is scaled but not rolled", async () => {
  const cluster = await started();
  await change(cluster, { paused: true, replicas: 4, ...imaged("web:2") });
  await settle(cluster, 10);
  assert.deepEqual(await sizes(cluster), { "web:1 r1": 4 });
  assert.equal(conditionOf(await status(cluster), "Progressing")?.reason, "DeploymentPaused");
  await change(cluster, { paused: false });
  await settle(cluster, 20);
  assert.deepEqual(await sizes(cluster), { "web:1 r1": 0, "web:2 r2": 4 });
  cluster.stop();
});

Deno.test("deployment: scaled in the middle of a rollout, both sets grow", async () => {
  const cluster = await started();
  await change(cluster, imaged("web:bad"));
  await settle(cluster, 5);
  await change(cluster, { replicas: 20 });
  const now = await sizes(cluster);
  assert.equal(now["web:1 r1"]! + now["web:bad r2"]!, 23);
  assert.ok(now["web:1 r1"]! > 8 && now["web:bad r2"]! > 5, JSON.stringify(now));
  cluster.stop();
});

Deno.test("deployment: Recreate starts no new pod before the last old one has gone", async () => {
  const cluster = await started({ replicas: 3, strategy: { type: "Recreate" } });
  for (const pod of await cluster.pods()) {
    await cluster.api.update(PODS, { ...pod, spec: { ...pod.spec, nodeName: "n1" } });
  }
  await change(cluster, imaged("web:2"));
  await cluster.clock.advance(SECOND);
  const ending = await cluster.pods();
  assert.equal(ending.length, 3);
  for (const [i, { metadata }] of ending.entries()) {
    assert.deepEqual(await sizes(cluster), { "web:1 r1": 0 }, `${3 - i} old pods are left`);
    await cluster.api.delete(PODS, "default", metadata.name, { gracePeriodSeconds: 0 });
    await cluster.clock.advance(SECOND);
  }
  await settle(cluster, 5);
  assert.deepEqual(await sizes(cluster), { "web:1 r1": 0, "web:2 r2": 3 });
  cluster.stop();
});

Deno.test("deployment: old sets beyond the history limit go, the oldest first", async () => {
  const cluster = await started({ replicas: 1, revisionHistoryLimit: 2 });
  for (const version of [2, 3, 4, 5]) {
    await change(cluster, imaged(`web:${version}`));
    await settle(cluster, 6);
  }
  assert.deepEqual(await sizes(cluster), { "web:3 r3": 0, "web:4 r4": 0, "web:5 r5": 1 });
  cluster.stop();
});

Deno.test("deployment: a set of another owner with the same name makes another hash", async () => {
  const cluster = await started({ replicas: 1 });
  const [set] = (await cluster.api.list(REPLICA_SETS)).items;
  const { template } = set!.spec;
  const strange = { ...template, spec: { containers: [{ name: "other", image: "other" }] } };
  await cluster.api.update(REPLICA_SETS, { ...set!, spec: { ...set!.spec, template: strange } });
  await settle(cluster, 10);
  assert.equal((await status(cluster))?.collisionCount, 1);
  assert.equal((await cluster.api.list(REPLICA_SETS)).items.length, 2);
  cluster.stop();
});

Deno.test("deployment: asks nothing of the apiserver while nothing changes", async () => {
  const cluster = await started();
  const before = cluster.api.calls.length;
  await cluster.clock.advance(280 * SECOND);
  assert.equal(cluster.api.calls.length, before);
  cluster.stop();
});
