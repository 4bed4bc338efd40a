import type { Node, Pod } from "../api/types/core_v1.ts";
import { nodeWith, podWith, type PodWords } from "../scheduler/fake_world.ts";

/**
 * A workload of kube-scheduler's own benchmark: its name and its shape.
 * Source: kubernetes, test/integration/scheduler_perf.
 */
export interface Workload {
  readonly name: string;
  /** Pods a second at 5,000 nodes that upstream wants of itself. */
  readonly mark?: number;
  node(index: number): Node;
  /** Pods that are there before the clock starts. */
  readonly before: (nodes: number) => readonly Pod[];
  /** Pods that are measured. */
  readonly measured: (nodes: number) => readonly Pod[];
  /** Nodes and pods come and go meanwhile. */
  readonly churns?: true;
}

const ZONES = ["moon-1", "moon-2", "moon-3"];

const node = (index: number, zones = ["zone1"]) =>
  nodeWith(`node-${index}`, {
    cpu: "4",
    memory: "32Gi",
    labels: {
      "kubernetes.io/hostname": `node-${index}`,
      "topology.kubernetes.io/zone": zones[index % zones.length]!,
    },
  });

function pods(prefix: string, count: number, words: PodWords = {}): Pod[] {
  return Array.from(
    { length: count },
    (_, i) =>
      podWith(`${prefix}-${i}`, {
        cpu: "100m",
        memory: "500Mi",
        container: { image: "pause" },
        ...words,
      }),
  );
}

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";

const affine: PodWords = {
  spec: {
    affinity: {
      nodeAffinity: {
        [REQUIRED]: {
          nodeSelectorTerms: [{
            matchExpressions: [{
              key: "topology.kubernetes.io/zone",
              operator: "In",
              values: ["zone1", "zone2"],
            }],
          }],
        },
      },
    },
  },
};

const green = { color: "green" };
const blue = { foo: "" };

const apart: PodWords = {
  labels: { ...green, name: "test" },
  spec: {
    affinity: {
      podAntiAffinity: {
        [REQUIRED]: [{
          labelSelector: { matchLabels: green },
          topologyKey: "kubernetes.io/hostname",
          namespaces: ["sched-1", "sched-0", "default"],
        }],
      },
    },
  },
};

const near: PodWords = {
  labels: blue,
  spec: {
    affinity: {
      podAffinity: {
        [REQUIRED]: [{
          labelSelector: { matchLabels: blue },
          topologyKey: "topology.kubernetes.io/zone",
          namespaces: ["sched-1", "sched-0", "default"],
        }],
      },
    },
  },
};

const spread: PodWords = {
  labels: { color: "blue" },
  spec: {
    topologySpreadConstraints: [{
      maxSkew: 5,
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: { matchLabels: { color: "blue" } },
    }],
  },
};

const large: PodWords = { cpu: "9", memory: "500Mi" };

const few = (nodes: number) => nodes >= 5_000 ? 1_000 : 500;
const plain = (nodes: number) => pods("there", few(nodes));

export const WORKLOADS: readonly Workload[] = [
  { name: "SchedulingBasic", mark: 680, node, before: plain, measured: () => pods("new", 10_000) },
  {
    name: "SchedulingNodeAffinity",
    mark: 220,
    node,
    before: (nodes) => pods("there", few(nodes), affine),
    measured: () => pods("new", 5_000, affine),
  },
  {
    name: "SchedulingPodAntiAffinity",
    mark: 60,
    node,
    before: (nodes) => pods("there", nodes >= 5_000 ? 1_000 : 100, apart),
    measured: (nodes) => pods("new", nodes >= 5_000 ? 1_000 : 400, apart),
  },
  {
    name: "SchedulingPodAffinity",
    mark: 35,
    node,
    before: (nodes) => pods("there", few(nodes), near),
    measured: (nodes) => pods("new", few(nodes), near),
  },
  {
    name: "TopologySpreading",
    mark: 460,
    node: (index) => node(index, ZONES),
    before: plain,
    measured: () => pods("new", 5_000, spread),
  },
  {
    name: "PreemptionBasic",
    node,
    before: (nodes) => pods("low", nodes * 4, { cpu: "900m" }),
    measured: () => pods("high", 500, { cpu: "3", spec: { priority: 10 } }),
  },
  {
    name: "Unschedulable",
    mark: 590,
    node,
    before: () => [],
    measured: (nodes) => mixed(nodes >= 5_000 ? 2_000 : 200, 5_000),
  },
  {
    name: "MixedChurn",
    mark: 710,
    node,
    before: () => [],
    measured: () => pods("new", 10_000),
    churns: true,
  },
];

/** Pods that no node can take, and among them those that are counted. */
function mixed(unschedulable: number, schedulable: number): Pod[] {
  const every = Math.floor(schedulable / unschedulable);
  const hopeless = pods("huge", unschedulable, large);
  return pods("new", schedulable).flatMap((pod, i) =>
    i % every === 0 && hopeless.length > 0 ? [hopeless.pop()!, pod] : [pod]
  );
}
