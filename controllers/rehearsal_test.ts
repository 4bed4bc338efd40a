import assert from "node:assert/strict";
import { DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS } from "../api/types/apps_v1.ts";
import type { Pod } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { POD_DISRUPTION_BUDGETS } from "../api/types/policy_v1.ts";
import { REPLICATION_CONTROLLERS, type Resource } from "../api/types/resources.ts";
import { budgetsHurt } from "./budgets_hurt.ts";
import { ClusterCopy } from "./cluster_copy.ts";
import { podNamed } from "./fake_cluster.ts";
import { rehearse } from "./rehearsal.ts";

const NOW = Date.parse("2026-01-02T00:00:00Z");
const LABELS = { app: "web" };
const TEMPLATE = { metadata: { labels: LABELS }, spec: { containers: [{ name: "c" }] } };
const WEB = { namespace: "default", name: "web" };

interface PodWords {
  name: string;
  isReady?: boolean;
  node?: string;
  cost?: number;
}

function podOf(owner: KubeObject, { name, isReady = true, node = "a", cost }: PodWords): Pod {
  const { apiVersion, kind, metadata: { name: called, uid = "" } } = owner;
  const reference = { apiVersion, kind, name: called, uid, controller: true };
  const pod = podNamed(name, {
    labels: LABELS,
    creationTimestamp: "2026-01-01T00:00:00Z",
    ownerReferences: [reference],
    ...(cost === undefined
      ? {}
      : { annotations: { "controller.kubernetes.io/pod-deletion-cost": String(cost) } }),
  });
  const condition = { type: "Ready", status: isReady ? "True" : "False" } as const;
  return {
    ...pod,
    spec: { ...pod.spec, ...(node && { nodeName: node }) },
    status: { phase: node ? "Running" : "Pending", conditions: [condition] },
  };
}

/** An owner of pods named `web`; a deployment with the set that its own controller would have made. */
function ownerOf(
  { apiVersion, kind }: Resource<KubeObject>,
  replicas: number,
  more: object = {},
): KubeObject {
  const isPlain = kind === "ReplicationController";
  return {
    ...{ apiVersion, kind },
    metadata: { ...WEB, uid: "uid-web", generation: 1 },
    spec: {
      replicas,
      selector: isPlain ? LABELS : { matchLabels: LABELS },
      template: TEMPLATE,
      // pods without a revision are never those of the newest
      ...(kind === "StatefulSet" && { updateStrategy: { type: "OnDelete" } }),
      ...more,
    },
  } as KubeObject;
}

function scaledTo(owner: KubeObject, replicas: number): KubeObject {
  return { ...owner, spec: { ...(owner as { spec?: object }).spec, replicas } } as KubeObject;
}

const THREE = [{ name: "web-0" }, { name: "web-1" }, { name: "web-2" }];

// deno-fmt-ignore
const DOWN: { name: string; resource: Resource<KubeObject>; spec?: object; pods: PodWords[]; to: number; deleted: string[]; kept: number }[] = [
  { name: "the one that is not ready goes first",   resource: REPLICA_SETS,            pods: [{ name: "p1" }, { name: "p2", isReady: false }, { name: "p3" }],         to: 2, deleted: ["p2"],             kept: 2 },
  { name: "the cheaper one goes first",             resource: REPLICA_SETS,            pods: [{ name: "p1", cost: 5 }, { name: "p2", cost: 9 }, { name: "p3", cost: -1 }], to: 1, deleted: ["p3", "p1"],    kept: 1 },
  { name: "the one that has no node goes first",    resource: REPLICATION_CONTROLLERS, pods: [{ name: "p1" }, { name: "p2", node: "" }],                              to: 1, deleted: ["p2"],             kept: 1 },
  { name: "the one of two on one node goes first",  resource: REPLICATION_CONTROLLERS, pods: [{ name: "p1", node: "b" }, { name: "p2" }, { name: "p3" }],              to: 2, deleted: ["p2"],             kept: 2 },
  { name: "all go at zero",                         resource: REPLICA_SETS,            pods: [{ name: "p1" }, { name: "p2" }],                                         to: 0, deleted: ["p1", "p2"],       kept: 0 },
  { name: "the highest number of a set goes first", resource: STATEFUL_SETS,           pods: THREE,                                                                    to: 1, deleted: ["web-2", "web-1"], kept: 1 },
  { name: "a set in order waits for a broken pod",  resource: STATEFUL_SETS,           pods: [{ name: "web-0", isReady: false }, ...THREE.slice(1)],                   to: 1, deleted: [],                 kept: 3 },
  { name: "a parallel set does not wait",           resource: STATEFUL_SETS, spec: { podManagementPolicy: "Parallel" }, pods: [{ name: "web-0", isReady: false }, ...THREE.slice(1)], to: 1, deleted: ["web-2", "web-1"], kept: 1 },
];

for (const { name, resource, spec, pods, to, deleted, kept } of DOWN) {
  Deno.test(`rehearsal: ${resource.kind} scaled down to ${to}: ${name}`, () => {
    const owner = ownerOf(resource, pods.length, spec);
    const copy = new ClusterCopy([owner, ...pods.map((words) => podOf(owner, words))]);
    rehearse(resource, WEB, { copy, now: NOW }); // at rest
    copy.put(scaledTo(copy.get(resource, "default", "web")!, to));
    const done = rehearse(resource, WEB, { copy, now: NOW });
    assert.deepEqual(done.deleted.map(({ metadata }) => metadata.name), deleted);
    assert.deepEqual([done.kept, done.made.length], [kept, 0]);
  });
}

Deno.test("rehearsal: a deployment scaled down gives up pods through its replica set", () => {
  const copy = new ClusterCopy([ownerOf(DEPLOYMENTS, 3)]);
  const begun = rehearse(DEPLOYMENTS, WEB, { copy, now: NOW });
  assert.deepEqual([begun.made.length, begun.deleted.length, begun.kept], [3, 0, 3]);
  const [set] = copy.list(REPLICA_SETS);
  const running: Pod[] = begun.made.map((pod) => ({
    ...pod,
    ...{ spec: { ...pod.spec, nodeName: "a" } },
    status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
  }));
  for (const pod of running) copy.put(pod);
  rehearse(DEPLOYMENTS, WEB, { copy, now: NOW });
  copy.put(scaledTo(copy.get(DEPLOYMENTS, "default", "web")!, 1));
  const done = rehearse(DEPLOYMENTS, WEB, { copy, now: NOW });
  assert.deepEqual([done.deleted.length, done.made.length, done.kept], [2, 0, 1]);
  const sizes = copy.list(REPLICA_SETS).map(({ metadata, spec }) => [metadata.name, spec.replicas]);
  assert.deepEqual(sizes, [[set?.metadata.name, 1]]);
});

// deno-fmt-ignore
const BUDGETS: { name: string; spec: object; to: number; want: [number, number][] }[] = [
  { name: "a number that is still there",  spec: { minAvailable: 1 },       to: 1, want: [] },
  { name: "a number that is not",          spec: { minAvailable: 2 },       to: 1, want: [[1, 2]] },
  { name: "a share of what is then asked", spec: { minAvailable: "50%" },   to: 1, want: [] },
  { name: "what may be missing of fewer",  spec: { maxUnavailable: 1 },     to: 1, want: [] },
  { name: "one that lacked pods before",   spec: { minAvailable: 9 },       to: 3, want: [] },
];

for (const { name, spec, to, want } of BUDGETS) {
  Deno.test(`rehearsal: a budget that asks for ${name}`, () => {
    const owner = ownerOf(REPLICA_SETS, 3);
    const { apiVersion, kind } = POD_DISRUPTION_BUDGETS;
    const budget = {
      ...{ apiVersion, kind, metadata: WEB },
      spec: { ...spec, selector: { matchLabels: LABELS } },
    } as KubeObject;
    const objects = [owner, budget, ...THREE.map((words) => podOf(owner, words))];
    const [before, copy] = [new ClusterCopy(objects), new ClusterCopy(objects)];
    copy.put(scaledTo(owner, to));
    rehearse(REPLICA_SETS, WEB, { copy, now: NOW });
    const hurt = budgetsHurt(before, copy, NOW);
    assert.deepEqual(hurt.map(({ healthy, wanted }) => [healthy, wanted]), want);
  });
}
