import assert from "node:assert/strict";
import { REPLICA_SETS } from "../api/types/apps_v1.ts";
import type { Pod } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import type { PodDisruptionBudget, PodDisruptionBudgetSpec } from "../api/types/policy_v1.ts";
import { PODS } from "../api/types/resources.ts";
import type { Cache } from "../client/cache.ts";
import { disruptionController } from "./disruption.ts";
import { worldOf } from "./fake_cluster.ts";

type Status = NonNullable<PodDisruptionBudget["status"]>;

interface Case {
  readonly name: string;
  readonly spec: PodDisruptionBudgetSpec;
  /** Letters of pods: r ready, n not ready, d being deleted, e evicted a moment ago. */
  readonly pods: string;
  /** Of the owner; undefined: there is none. */
  readonly replicas?: number;
  /** Allowed, healthy, desired, expected. */
  readonly want: readonly [number, number, number, number];
}

// deno-fmt-ignore
const CASES: readonly Case[] = [
  { name: "minAvailable counts what is there",           spec: { minAvailable: 2 },        pods: "rrr",   want: [1, 3, 2, 3] },
  { name: "pods that are not ready are not healthy",     spec: { minAvailable: 2 },        pods: "rrn",   want: [0, 2, 2, 3] },
  { name: "pods that go are not healthy",                spec: { minAvailable: 1 },        pods: "rrd",   want: [1, 2, 1, 3] },
  { name: "pods that were evicted are not healthy",      spec: { minAvailable: 1 },        pods: "rre",   want: [1, 2, 1, 3] },
  { name: "no pods allow nothing",                       spec: { minAvailable: 0 },        pods: "",      want: [0, 0, 0, 0] },
  { name: "minAvailable in percent is of the owner's",   spec: { minAvailable: "50%" },    pods: "rr",    replicas: 5, want: [0, 2, 3, 5] },
  { name: "maxUnavailable is of the owner's",            spec: { maxUnavailable: 1 },      pods: "rrr",   replicas: 3, want: [1, 3, 2, 3] },
  { name: "pods that were not made yet are unavailable", spec: { maxUnavailable: 1 },      pods: "rr",    replicas: 4, want: [0, 2, 3, 4] },
  { name: "maxUnavailable in percent rounds up",         spec: { maxUnavailable: "30%" },  pods: "rrrr",  replicas: 4, want: [2, 4, 2, 4] },
  { name: "maxUnavailable above all",                    spec: { maxUnavailable: 9 },      pods: "rr",    replicas: 2, want: [2, 2, 0, 2] },
  { name: "neither keeps nothing",                       spec: {},                         pods: "rr",    want: [2, 2, 0, 2] },
];

for (const { name, spec, pods, replicas, want } of CASES) {
  Deno.test(`disruption: ${name}`, () => {
    const status = planned(spec, podsOf(pods, replicas), replicas);
    const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods } = status;
    assert.deepEqual([disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods], want);
    assert.equal(status.observedGeneration, 3);
    const [condition] = status.conditions ?? [];
    assert.equal(condition?.reason, want[0] > 0 ? "SufficientPods" : "InsufficientPods");
  });
}

Deno.test("disruption: an eviction that did not come about is forgotten", () => {
  const now = 121_000;
  const status = planned({ minAvailable: 1 }, podsOf("ee"), undefined, now);
  assert.equal(status.disruptedPods, undefined);
  assert.equal(status.disruptionsAllowed, 1);
});

Deno.test("disruption: a share of pods whose owner says no number fails, and allows nothing", () => {
  const status = planned({ maxUnavailable: 1 }, podsOf("rr", 2), undefined);
  assert.equal(status.disruptionsAllowed, 0);
  assert.equal(status.conditions?.[0]?.reason, "SyncFailed");
  assert.equal(status.conditions?.[0]?.message, 'found no controllers for pod "pod-0"');
});

Deno.test("disruption: the owner may be of a custom kind, which says its size where its definition says", () => {
  const [pod, ...others] = podsOf("rrr") as [Pod, ...Pod[]];
  const reference = { ...OWNER, apiVersion: "harbour.example.com/v1", kind: "Fleet" };
  const pods = [pod, ...others].map((one) => ({
    ...one,
    metadata: { ...one.metadata, ownerReferences: [reference] },
  }));
  const fleet = {
    apiVersion: "harbour.example.com/v1",
    kind: "Fleet",
    metadata: { name: "web", namespace: "default", uid: "u" },
    spec: { ships: { wanted: 4 } },
  };
  const definition = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "fleets.harbour.example.com" },
    spec: {
      group: "harbour.example.com",
      scope: "Namespaced",
      names: { plural: "fleets", singular: "fleet", kind: "Fleet" },
      versions: [{
        ...{ name: "v1", served: true, storage: true },
        subresources: {
          scale: { specReplicasPath: ".spec.ships.wanted", statusReplicasPath: ".status.ships" },
        },
      }],
    },
    status: { conditions: [{ type: "Established", status: "True" }] },
  };
  const { cache } = worldOf(pods);
  const list: Cache["list"] = (resource, namespace) =>
    resource.kind === definition.kind ? [definition as never] : cache.list(resource, namespace);
  const world = worldOf([], { cache: { ...cache, list }, read: () => [fleet] as never[] });
  const budget = budgetOf({ maxUnavailable: "50%" });
  const key = { name: "web", namespace: "default" };
  const time = { now: 0, heldSince: () => 0 };
  const readings = disruptionController.reads!(key, budget, world.cache, time);
  assert.deepEqual(readings.map(({ resource, options }) => [resource.resource, options]), [
    ["fleets", { namespace: "default" }],
  ]);
  assert.deepEqual(
    disruptionController.reads!(key, budgetOf({ minAvailable: 1 }), world.cache, time),
    [],
  );
  const [write] = disruptionController.plan(budget, world).writes;
  assert.ok(write?.verb === "updateStatus");
  const { status } = write.object as PodDisruptionBudget;
  assert.deepEqual([status?.expectedPods, status?.desiredHealthy, status?.disruptionsAllowed], [
    4,
    2,
    1,
  ]);
});

Deno.test("disruption: what was counted already is not written again", () => {
  const pods = podsOf("rr");
  const budget = budgetOf({ minAvailable: 1 });
  const status = planned({ minAvailable: 1 }, pods, undefined);
  const again = disruptionController.plan({ ...budget, status }, worldOf(pods, { now: 9_000 }));
  assert.deepEqual(again.writes, []);
});

Deno.test("disruption: a pod wakes the budgets that select it, and a size those of its namespace", () => {
  const [pod] = podsOf("r") as [Pod];
  const { cache } = worldOf([budgetOf({ minAvailable: 1 })]);
  const wokenBy = (resource: unknown, after: KubeObject) =>
    disruptionController.requeueOn.find((one) => one.resource === resource)!
      .wakes({ before: undefined, after }, cache).map(({ name }) => name);
  assert.deepEqual(wokenBy(PODS, pod), ["web"]);
  const other = { ...pod, metadata: { ...pod.metadata, labels: { app: "db" } } };
  assert.deepEqual(wokenBy(PODS, other), []);
  assert.deepEqual(wokenBy(REPLICA_SETS, ownerOf(2)), ["web"]);
});

function planned(
  spec: PodDisruptionBudgetSpec,
  pods: readonly KubeObject[],
  replicas: number | undefined,
  now = 0,
): Status {
  const owners = replicas === undefined ? [] : [ownerOf(replicas)];
  const world = worldOf([...pods, ...owners], { now });
  const [write] = disruptionController.plan(budgetOf(spec), world).writes;
  assert.ok(write?.verb === "updateStatus");
  return (write.object as PodDisruptionBudget).status!;
}

function budgetOf(spec: PodDisruptionBudgetSpec): PodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "web", namespace: "default", generation: 3 },
    spec: { selector: { matchLabels: { app: "web" } }, ...spec },
    status: {
      currentHealthy: 0,
      desiredHealthy: 0,
      disruptionsAllowed: 0,
      expectedPods: 0,
      disruptedPods: EVICTED,
    },
  };
}

const EPOCH = "1970-01-01T00:00:00Z";
const EVICTED = Object.fromEntries(
  Array.from("eeeeee", (_, at) => [`evicted-${at}`, EPOCH]),
);

function podsOf(letters: string, replicas?: number): KubeObject[] {
  return [...letters].map((letter, at) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${letter === "e" ? "evicted" : "pod"}-${at}`,
      namespace: "default",
      labels: { app: "web" },
      ...(letter === "d" && { deletionTimestamp: EPOCH }),
      ...(replicas !== undefined && { ownerReferences: [OWNER] }),
    },
    spec: { containers: [] },
    status: { conditions: [{ type: "Ready", status: letter === "n" ? "False" : "True" }] },
  }));
}

const OWNER = {
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  name: "web",
  uid: "u",
  controller: true,
};

function ownerOf(replicas: number): KubeObject {
  const metadata = { name: "web", namespace: "default", uid: "u" };
  return { apiVersion: "apps/v1", kind: "ReplicaSet", metadata, spec: { replicas } } as KubeObject;
}
