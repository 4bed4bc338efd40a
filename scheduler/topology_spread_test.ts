import assert from "node:assert/strict";
import type { TopologySpreadConstraint } from "../api/types/core_v1.ts";
import { infoOf, nodeWith, podWith, type PodWords, worldOf } from "./fake_world.ts";
import { fitsTopologySpread, prefersTopologySpread } from "./topology_spread.ts";

const UNMET = "node(s) didn't match pod topology spread constraints";
const MISSING = "node(s) didn't match pod topology spread constraints (missing required label)";

const spread = (more: Partial<TopologySpreadConstraint> = {}): TopologySpreadConstraint => ({
  maxSkew: 1,
  topologyKey: "zone",
  whenUnsatisfiable: "DoNotSchedule",
  labelSelector: { matchLabels: { app: "web" } },
  ...more,
});
const asking = (...topologySpreadConstraints: TopologySpreadConstraint[]): PodWords => ({
  labels: { app: "web" },
  spec: { topologySpreadConstraints },
});

/** Nodes in zones a, b and c, the last tainted, and one in no zone. */
const ZONES = [
  nodeWith("a", { labels: { zone: "a", disk: "ssd" } }),
  nodeWith("b", { labels: { zone: "b", disk: "ssd" } }),
  nodeWith("c", {
    labels: { zone: "c" },
    spec: { taints: [{ key: "k", effect: "NoSchedule" }] },
  }),
  nodeWith("none"),
];

// deno-fmt-ignore
const CASES: { name: string; pod: PodWords; pods: number[]; want: string[] }[] = [
  { name: "no constraint",                     pod: {},                                   pods: [9, 0, 0], want: ["", "", "", ""] },
  { name: "all empty: every zone",             pod: asking(spread()),                     pods: [0, 0, 0], want: ["", "", "", MISSING] },
  { name: "one ahead: the others",             pod: asking(spread()),                     pods: [1, 0, 0], want: [UNMET, "", "", MISSING] },
  { name: "a skew of 2 lets it lead by 2",     pod: asking(spread({ maxSkew: 2 })),       pods: [1, 0, 0], want: ["", "", "", MISSING] },
  { name: "level again: every zone",           pod: asking(spread()),                     pods: [1, 1, 1], want: ["", "", "", MISSING] },
  { name: "a pod that is not meant itself",    pod: { ...asking(spread()), labels: {} },  pods: [1, 0, 0], want: ["", "", "", MISSING] },
  { name: "too few domains count as empty ones", pod: asking(spread({ minDomains: 4 })),  pods: [1, 1, 1], want: [UNMET, UNMET, UNMET, MISSING] },
  { name: "enough domains",                    pod: asking(spread({ minDomains: 3 })),    pods: [1, 1, 1], want: ["", "", "", MISSING] },
  { name: "nodes that the pod can't use do not count", pod: { ...asking(spread()), spec: { ...asking(spread()).spec, nodeSelector: { disk: "ssd" } } }, pods: [1, 1, 0], want: ["", "", "", MISSING] },
  { name: "unless they shall",                 pod: { labels: { app: "web" }, spec: { nodeSelector: { disk: "ssd" }, topologySpreadConstraints: [spread({ nodeAffinityPolicy: "Ignore" })] } }, pods: [1, 1, 0], want: [UNMET, UNMET, "", MISSING] },
  { name: "tainted nodes count",               pod: asking(spread()),                     pods: [1, 1, 0], want: [UNMET, UNMET, "", MISSING] },
  { name: "unless taints are honoured",        pod: asking(spread({ nodeTaintsPolicy: "Honor" })), pods: [1, 1, 0], want: ["", "", "", MISSING] },
  { name: "matchLabelKeys count the own version", pod: { labels: { app: "web", v: "2" }, spec: { topologySpreadConstraints: [spread({ matchLabelKeys: ["v"] })] } }, pods: [1, 0, 0], want: ["", "", "", MISSING] },
  { name: "a preference refuses nobody",       pod: asking(spread({ whenUnsatisfiable: "ScheduleAnyway" })), pods: [9, 0, 0], want: ["", "", "", ""] },
];

for (const { name, pod, pods, want } of CASES) {
  Deno.test(`EvenPodsSpread: ${name}`, () => {
    const world = worldWith(pods);
    const check = fitsTopologySpread(infoOf("new", pod), world);
    const reasons = ZONES.map(({ metadata }) =>
      check?.(world.nodeNamed(metadata.name)!).join() ?? ""
    );
    assert.deepEqual(reasons, want);
  });
}

Deno.test("EvenPodsSpread: pods that are ending do not count", () => {
  const ending = podWith("e", { labels: { app: "web" }, nodeName: "a" });
  ending.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
  const world = worldOf([...ZONES, ending]);
  const check = fitsTopologySpread(infoOf("new", asking(spread())), world);
  assert.deepEqual(check?.(world.nodeNamed("a")!), []);
});

// deno-fmt-ignore
const SCORES = [
  { name: "the emptier, the better",        pods: [2, 1, 0], want: [0, 3, 10, 0] },
  { name: "all alike",                      pods: [1, 1, 1], want: [10, 10, 10, 0] },
  { name: "nobody there",                   pods: [0, 0, 0], want: [10, 10, 10, 0] },
];

for (const { name, pods, want } of SCORES) {
  Deno.test(`EvenPodsSpreadPriority: ${name}`, () => {
    const world = worldWith(pods);
    const pod = infoOf("new", asking(spread({ whenUnsatisfiable: "ScheduleAnyway" })));
    const nodes = ZONES.map(({ metadata }) => world.nodeNamed(metadata.name)!);
    assert.deepEqual(prefersTopologySpread(pod, world)?.(nodes), want);
  });
}

/** So many pods in zones a, b and c. */
function worldWith(pods: readonly number[]) {
  return worldOf([
    ...ZONES,
    ...pods.flatMap((count, zone) =>
      Array.from(
        { length: count },
        (_, i) =>
          podWith(`${zone}-${i}`, { labels: { app: "web" }, nodeName: ["a", "b", "c"][zone]! }),
      )
    ),
  ]);
}
