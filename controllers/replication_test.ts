import assert from "node:assert/strict";
import type { Pod } from "../api/types/core_v1.ts";
import { EVENTS, PODS, REPLICATION_CONTROLLERS } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import { controllerReferenceTo } from "../client/owners.ts";
import { controllerWith, podNamed, startCluster, worldOf } from "./fake_cluster.ts";
import { isActive } from "./pods.ts";
import { replicationController } from "./replication.ts";

const OWNER = controllerWith("web", 2);
const OWNED = { labels: { app: "web" }, ownerReferences: [controllerReferenceTo(OWNER)] };
const STRANGER = {
  labels: { app: "web" },
  ownerReferences: [controllerReferenceTo(controllerWith("db", 1))],
};
const own = (name: string): Pod => podNamed(name, OWNED);
const over = (name: string): Pod => ({ ...own(name), status: { phase: "Failed" } });
const ending = (name: string): Pod =>
  podNamed(name, { ...OWNED, deletionTimestamp: "2026-01-01T00:00:00Z" });

// deno-fmt-ignore
const CASES = [
  { name: "creates what is missing",               pods: [own("a")],                                   want: ["create", "updateStatus web"] },
  { name: "deletes what is too much",              pods: [own("a"), own("b"), own("c")],               want: ["delete a", "updateStatus web"] },
  { name: "does not count pods that are over",     pods: [own("a"), own("b"), over("c")],              want: ["updateStatus web"] },
  { name: "does not count pods that end",          pods: [own("a"), ending("b")],                      want: ["create", "updateStatus web"] },
  { name: "adopts a pod that belongs to nobody",   pods: [own("a"), podNamed("b", { labels: { app: "web" } })], want: ["update b", "updateStatus web"] },
  { name: "leaves pods of others alone",           pods: [own("a"), own("b"), podNamed("c", STRANGER)], want: ["updateStatus web"] },
  { name: "releases an own pod that matches no more", pods: [own("a"), podNamed("b", { ...OWNED, labels: {} })], want: ["update b", "updateStatus web"] },
];

for (const { name, pods, want } of CASES) {
  Deno.test(`replication: ${name}`, () => {
    const { writes } = replicationController.plan(OWNER, worldOf([OWNER, ...pods]));
    const seen = writes.map((write) => {
      if (write.verb === "deleteCollection") return write.verb;
      return `${write.verb} ${write.object.metadata.name}`.trim();
    });
    assert.deepEqual(seen, want);
  });
}

Deno.test("replication: rests when count and status are right", () => {
  const status = { replicas: 2, fullyLabeledReplicas: 2, observedGeneration: 1 };
  const { writes } = replicationController.plan(
    { ...OWNER, status },
    worldOf([own("a"), own("b")]),
  );
  assert.deepEqual(writes, []);
});

Deno.test("replication: a pass makes at most 500 pods", () => {
  const { writes } = replicationController.plan(controllerWith("web", 2_000), worldOf([]));
  assert.equal(writes.filter(({ verb }) => verb === "create").length, 500);
});

Deno.test("replication: a controller that is being deleted touches no pods", () => {
  const object = {
    ...OWNER,
    metadata: { ...OWNER.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" },
  };
  assert.deepEqual(replicationController.plan(object, worldOf([own("a")])).writes, []);
});

Deno.test("replication: new pods carry the template and their owner", async () => {
  const cluster = await startCluster();
  const { metadata: { uid } } = await cluster.api.create(
    REPLICATION_CONTROLLERS,
    controllerWith("web", 1),
  );
  await cluster.clock.advance(10);
  const [pod] = await cluster.pods();
  assert.match(pod?.metadata.name ?? "", /^web-/);
  assert.deepEqual(pod?.metadata.labels, { app: "web" });
  assert.deepEqual(pod?.metadata.ownerReferences, [{
    apiVersion: "v1",
    kind: "ReplicationController",
    name: "web",
    uid,
    controller: true,
    blockOwnerDeletion: true,
  }]);
  cluster.stop();
});

Deno.test("row 75: replication scales up and down and reports it", async () => {
  const cluster = await startCluster();
  await cluster.api.create(REPLICATION_CONTROLLERS, controllerWith("web", 3));
  await cluster.clock.advance(10);
  await scale(cluster, 10);
  assert.equal((await cluster.pods()).length, 10);
  await scale(cluster, 2);
  const pods = await cluster.pods();
  for (const [i, pod] of pods.entries()) await cluster.run(pod, `10.1.0.${i}`);
  await cluster.clock.advance(10);
  const { status } = await cluster.api.get(REPLICATION_CONTROLLERS, "default", "web");
  assert.deepEqual(status, {
    replicas: 2,
    fullyLabeledReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
    observedGeneration: 3,
  });
  const reasons = (await cluster.api.list(EVENTS)).items.map(({ reason }) => reason);
  assert.deepEqual(new Set(reasons), new Set(["SuccessfulCreate", "SuccessfulDelete"]));
  cluster.stop();
});

Deno.test("replication: nothing is asked of the apiserver while nothing changes", async () => {
  const cluster = await startCluster();
  await cluster.api.create(REPLICATION_CONTROLLERS, controllerWith("web", 5));
  await cluster.clock.advance(10_000);
  const before = cluster.api.calls.length;
  await cluster.clock.advance(280_000);
  assert.equal(cluster.api.calls.length, before);
  cluster.stop();
});

Deno.test("replication: a late watch makes no pod too many", async () => {
  const cluster = await startCluster();
  cluster.api.watchDelayMs = 3_000;
  await cluster.api.create(REPLICATION_CONTROLLERS, controllerWith("web", 20));
  await cluster.clock.advance(60_000);
  assert.equal(cluster.api.count("create", PODS), 20);
  await scale(cluster, 5);
  await cluster.clock.advance(60_000);
  assert.equal((await cluster.pods()).length, 5);
  assert.equal(cluster.api.count("delete", PODS), 15);
  cluster.stop();
});

Deno.test("row 76: a label that goes orphans a pod, one that comes adopts, surplus goes", async () => {
  const cluster = await startCluster();
  await cluster.api.create(REPLICATION_CONTROLLERS, controllerWith("web", 2));
  await cluster.clock.advance(10);
  const [first] = await cluster.pods();
  const name = first!.metadata.name;
  await relabel(cluster, name, { app: "debug" });
  const freed = await cluster.api.get(PODS, "default", name);
  assert.equal(freed.metadata.ownerReferences, undefined);
  assert.equal((await cluster.pods()).length, 3);
  await relabel(cluster, name, { app: "web" });
  assert.equal((await cluster.pods()).length, 2);
  cluster.stop();
});

Deno.test("replication: refused pods are tried again with back-off and reported", async () => {
  const cluster = await startCluster();
  let isRefusing = true;
  let refusals = 0;
  cluster.api.intercept = ({ verb, resource }) => {
    if (isRefusing && verb === "create" && resource === "pods") {
      // as the API does, which names the pod
      throw new StatusError("Forbidden", `exceeded quota, refusal ${refusals += 1}`);
    }
  };
  await cluster.api.create(REPLICATION_CONTROLLERS, controllerWith("web", 100));
  await cluster.clock.advance(30_000);
  assert.ok(cluster.api.count("create", PODS) < 20, "one at a time, and ever more seldom");
  assert.ok((await cluster.api.list(EVENTS)).items.some(({ reason }) => reason === "FailedCreate"));
  const conditions = async () => {
    const { status } = await cluster.api.get(REPLICATION_CONTROLLERS, "default", "web");
    return status?.conditions?.map(({ type, status, reason, message }) =>
      [type, status, reason, message].join(" ")
    );
  };
  assert.deepEqual(await conditions(), [
    "ReplicaFailure True FailedCreate exceeded quota, refusal 1",
  ]);
  isRefusing = false;
  await cluster.clock.advance(60_000);
  assert.equal((await cluster.pods()).length, 100);
  assert.equal(await conditions(), undefined);
  cluster.stop();
});

Deno.test("replication: minReadySeconds delays what counts as available", async () => {
  const cluster = await startCluster();
  const object = controllerWith("web", 1);
  object.spec.minReadySeconds = 30;
  await cluster.api.create(REPLICATION_CONTROLLERS, object);
  await cluster.clock.advance(10);
  const [pod] = await cluster.pods();
  await cluster.run(pod!, "10.1.0.1");
  const available = async () =>
    (await cluster.api.get(REPLICATION_CONTROLLERS, "default", "web")).status?.availableReplicas ??
      0;
  await cluster.clock.advance(29_000);
  assert.equal(await available(), 0);
  await cluster.clock.advance(1_100);
  assert.equal(await available(), 1);
  cluster.stop();
});

for (const seed of [1, 2, 3]) {
  Deno.test(`row 75: a storm of kills, strangers and new labels converges, seed ${seed}`, async () => {
    const cluster = await startCluster();
    cluster.api.watchDelayMs = 5;
    let state = seed;
    const whole = (max: number) => (state = state * 48271 % 2147483647) % max;
    await cluster.api.create(REPLICATION_CONTROLLERS, controllerWith("web", 8));
    for (let i = 0; i < 150; i += 1) {
      await cluster.clock.advance(whole(12));
      const pods = await cluster.pods();
      const pod = pods[whole(Math.max(1, pods.length))];
      const deed = whole(4);
      if (deed === 0) {
        await cluster.api.create(PODS, podNamed(`stranger-${i}`, { labels: { app: "web" } }));
      } else if (pod === undefined) continue;
      else if (deed === 1) await cluster.api.delete(PODS, "default", pod.metadata.name);
      else await relabel(cluster, pod.metadata.name, { app: deed === 2 ? "web" : "other" }, 0);
    }
    await cluster.clock.advance(60_000);
    const pods = await cluster.pods();
    const mine = pods.filter((pod) => isActive(pod) && pod.metadata.labels?.app === "web");
    assert.equal(mine.length, 8);
    assert.deepEqual(
      pods.filter(({ metadata }) => metadata.labels?.app === "other" && metadata.ownerReferences),
      [],
    );
    cluster.stop();
  });
}

type Cluster = Awaited<ReturnType<typeof startCluster>>;

async function scale({ api, clock }: Cluster, replicas: number): Promise<void> {
  await api.patch(REPLICATION_CONTROLLERS, { namespace: "default", name: "web" }, "merge", {
    spec: { replicas },
  });
  await clock.advance(100);
}

async function relabel({ api, clock }: Cluster, name: string, labels: object, ms = 100) {
  await api.patch(PODS, { namespace: "default", name }, "merge", { metadata: { labels } });
  await clock.advance(ms);
}
