import assert from "node:assert/strict";
import { LEASES } from "../../api/types/coordination_v1.ts";
import type { Endpoints, Node, Pod, PodCondition } from "../../api/types/core_v1.ts";
import {
  DRAINED_CONDITION,
  NODE_LEASE_NAMESPACE,
  PROGRAMMED_ANNOTATION,
  PROGRAMMED_CONDITION,
} from "../../api/types/drain_barrier.ts";
import type { KubeObject } from "../../api/types/meta.ts";
import {
  ENDPOINTS,
  NODES,
  PODS,
  REPLICATION_CONTROLLERS,
  SERVICES,
} from "../../api/types/resources.ts";
import { isAvailable } from "../availability.ts";
import {
  cacheOf,
  controllerWith,
  nodeNamed,
  podNamed,
  serviceNamed,
  startCluster,
  worldOf,
} from "../fake_cluster.ts";
import { conditionOf } from "../pods.ts";
import { acknowledgedBy } from "./acknowledgements.ts";
import { drainBarrierController } from "./drain_barrier.ts";

type Answer = Pick<PodCondition, "type" | "status"> | undefined;

const DRAINED = { type: DRAINED_CONDITION, status: "True" } as const;
const PROGRAMMED = { type: PROGRAMMED_CONDITION, status: "True" } as const;

const PLANS: readonly {
  name: string;
  pod: Pod;
  /** Whether the endpoints, of revision 7, list it. */
  listed?: boolean;
  leases?: Record<string, string | undefined>;
  ready?: readonly string[];
  /** Milliseconds for which it has waited. */
  waited?: number;
  services?: KubeObject[];
  want: Answer;
}[] = [
  { name: "one node has it", pod: ready(), listed: true, leases: { a: "7" }, want: PROGRAMMED },
  { name: "and more", pod: ready(), listed: true, leases: { a: "9", b: "7" }, want: PROGRAMMED },
  {
    name: "one is behind",
    pod: ready(),
    listed: true,
    leases: { a: "9", b: "6" },
    want: undefined,
  },
  { name: "endpoints are behind", pod: ready(), leases: { a: "9" }, want: undefined },
  {
    name: "a slow node is not waited for without end",
    ...{ pod: ready(), listed: true, leases: { a: "9", b: "6" }, waited: 5_000 },
    want: { type: PROGRAMMED_CONDITION, status: "False" },
  },
  {
    name: "a dead node holds nothing up",
    ...{ pod: ready(), listed: true, leases: { a: "9", b: "6" }, ready: ["a"] },
    want: PROGRAMMED,
  },
  {
    name: "nor does a data path of others",
    ...{ pod: ready(), listed: true, leases: { a: "9", b: undefined } },
    want: PROGRAMMED,
  },
  {
    name: "a node that was not heard of yet does",
    ...{ pod: ready(), listed: true, leases: { a: "9" }, ready: ["a", "b"] },
    want: undefined,
  },
  {
    name: "a node that makes no sense does",
    ...{ pod: ready(), listed: true, leases: { a: "many" } },
    want: undefined,
  },
  { name: "a pod of no service", pod: ready(), leases: { a: "9" }, services: [], want: undefined },
  { name: "a pod that is not ready", pod: podNamed("web"), leases: { a: "9" }, want: undefined },
  { name: "gone from everywhere", pod: leaving(), leases: { a: "7", b: "8" }, want: DRAINED },
  { name: "gone, but not from one", pod: leaving(), leases: { a: "7", b: "6" }, want: undefined },
  { name: "still listed", pod: leaving(), listed: true, leases: { a: "9" }, want: undefined },
  {
    name: "a slow node holds up a pod that ends",
    ...{ pod: leaving(), leases: { a: "6" }, waited: 3_999 },
    want: undefined,
  },
  {
    name: "but is told of before the pod's agent goes on",
    ...{ pod: leaving(), leases: { a: "6" }, waited: 4_000 },
    want: { type: DRAINED_CONDITION, status: "False" },
  },
  {
    name: "which is sooner for a pod of little time",
    ...{ pod: leaving(4), leases: { a: "6" }, waited: 1_600 },
    want: { type: DRAINED_CONDITION, status: "False" },
  },
  {
    name: "a service that publishes pods which end is not waited for",
    ...{ pod: leaving(), listed: true, leases: { a: "9" } },
    services: [serviceNamed("web", { publishNotReadyAddresses: true })],
    want: undefined,
  },
];

for (const { name, pod, listed = false, leases = {}, waited = 0, services, ...row } of PLANS) {
  Deno.test(`drain barrier: ${name}`, () => {
    const nodes = (row.ready ?? Object.keys(leases)).map(nodeNamed);
    const unready = Object.keys(leases).filter((node) => !nodes.some(isNamed(node)));
    const world = worldOf([
      ...nodes,
      ...unready.map((node): Node => ({ ...nodeNamed(node), status: {} })),
      ...Object.entries(leases).map(([node, revision]) => leaseOf(node, revision)),
      ...services ?? [serviceNamed("web")],
      endpointsOf(listed ? pod : undefined),
      pod,
    ], { now: waited });
    const { writes } = drainBarrierController.plan(pod, world);
    const [written] = writes.map((write) => "object" in write ? write.object as Pod : undefined);
    const answer = written?.status?.conditions?.at(-1);
    assert.deepEqual(answer && { type: answer.type, status: answer.status }, row.want);
    if (answer?.status === "False") {
      assert.match(answer.message ?? "", /\b[ab] at endpoints before/);
    }
  });
}

for (
  const [text, want] of [["7", 7], ["", 0], ["-1", 0], ["x", 0], [undefined, Infinity]] as const
) {
  Deno.test(`drain barrier: a lease that says ${text} has acknowledged ${want}`, () => {
    assert.equal(acknowledgedBy(leaseOf("a", text)), want);
  });
}

const AVAILABLE: readonly { name: string; pod: Pod; at: number; min?: number; want: boolean }[] = [
  { name: "every node leads to it", pod: ready(true), at: 0, want: true },
  { name: "not yet", pod: ready(), at: 4_000, want: false },
  { name: "not in time", pod: ready(), at: 5_000, want: true },
  { name: "not for long enough", pod: ready(true), at: 6_000, min: 10, want: false },
  { name: "for long enough", pod: ready(true), at: 10_000, min: 10, want: true },
];

for (const { name, pod, at, min = 0, want } of AVAILABLE) {
  Deno.test(`availability: a ready pod of a service, ${name}: ${want}`, () => {
    const cache = cacheOf([serviceNamed("web")]);
    assert.equal(isAvailable(pod, { minReadySeconds: min, cache, now: at }), want);
    // nobody leads to a pod that no service selects
    const alone = { minReadySeconds: 0, cache: cacheOf([]), now: 0 };
    assert.equal(isAvailable(pod, alone), true);
  });
}

Deno.test("drain barrier: pods wait for slow nodes, not for dead ones, coming and going", async () => {
  const { api, clock, run, stop, ...cluster } = await startCluster();
  const target = (name: string) => ({ namespace: NODE_LEASE_NAMESPACE, name });
  const programs = async (node: string, revision: number) => {
    const annotations = { [PROGRAMMED_ANNOTATION]: String(revision) };
    await api.patch(LEASES, target(node), "merge", { metadata: { annotations } });
    await clock.advance(20);
  };
  const newest = async () =>
    Number((await api.get(ENDPOINTS, "default", "web")).metadata.resourceVersion);
  const available = async () => {
    const { status } = await api.get(REPLICATION_CONTROLLERS, "default", "web");
    return status?.availableReplicas ?? 0;
  };
  for (const node of ["quick", "slow", "dead"]) {
    await api.create(NODES, nodeNamed(node));
    await api.create(LEASES, leaseOf(node, "0"));
  }
  await api.create(SERVICES, serviceNamed("web"));
  await api.create(REPLICATION_CONTROLLERS, controllerWith("web", 1));
  await clock.advance(50);
  const [pod] = await cluster.pods();
  assert.ok(pod);
  await api.bind("default", pod.metadata.name, pod.metadata.uid ?? "", "quick");
  await run(pod, "10.1.0.1");
  await clock.advance(50);
  await programs("quick", await newest());
  await programs("slow", await newest());
  assert.equal(await available(), 0, "the dead one is not known to be dead yet");
  await api.updateStatus(NODES, { ...await api.get(NODES, "", "dead"), status: UNKNOWN });
  await clock.advance(20);
  assert.equal(await available(), 1);

  const { namespace = "", name } = pod.metadata;
  await api.delete(PODS, namespace, name, { gracePeriodSeconds: 30 });
  await clock.advance(50);
  const drained = async () => conditionOf(await api.get(PODS, namespace, name), DRAINED_CONDITION);
  await programs("quick", await newest());
  assert.equal(await drained(), undefined);
  await programs("slow", await newest() - 1);
  assert.equal(await drained(), undefined);
  await programs("slow", await newest());
  assert.equal((await drained())?.status, "True");
  stop();
});

const UNKNOWN = { conditions: [{ type: "Ready", status: "Unknown" as const }] };

function isNamed(name: string): (node: Node) => boolean {
  return ({ metadata }) => metadata.name === name;
}

function leaseOf(node: string, revision: string | undefined) {
  const annotations = revision === undefined ? {} : { [PROGRAMMED_ANNOTATION]: revision };
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: node, namespace: NODE_LEASE_NAMESPACE, annotations },
    spec: {},
  };
}

function endpointsOf(pod: Pod | undefined): Endpoints {
  const targetRef = { kind: "Pod", name: "web", uid: "uid-web" };
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "web", namespace: "default", resourceVersion: "7" },
    subsets: pod === undefined ? [] : [{ addresses: [{ ip: "10.1.0.1", targetRef }] }],
  };
}

function ready(isProgrammed = false): Pod {
  const time = new Date(0).toISOString();
  const conditions: PodCondition[] = [{ type: "Ready", status: "True", lastTransitionTime: time }];
  if (isProgrammed) conditions.push({ ...PROGRAMMED, lastTransitionTime: time });
  const pod = podNamed("web", { labels: { app: "web" } });
  return { ...pod, status: { phase: "Running", podIP: "10.1.0.1", conditions } };
}

function leaving(deletionGracePeriodSeconds = 30): Pod {
  const pod = ready(true);
  const deletionTimestamp = new Date(0).toISOString();
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds } };
}
