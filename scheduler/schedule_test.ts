import assert from "node:assert/strict";
import { infoOf, nodeWith, podWith, serviceWith, worldOf } from "./fake_world.ts";
import { DEFAULT_POLICY } from "./policy.ts";
import { schedule, summaryOf, type Unschedulable } from "./schedule.ts";

Deno.test("schedule: the emptiest node wins", () => {
  const world = worldOf([
    nodeWith("a"),
    nodeWith("b"),
    podWith("there", { nodeName: "a", cpu: "2", memory: "4Gi" }),
  ]);
  const decision = schedule(
    infoOf("new", { cpu: "1", memory: "2Gi" }),
    world,
    DEFAULT_POLICY,
    half,
  );
  assert.deepEqual(decision.fits && decision.nodeName, "b");
});

Deno.test("schedule: pods of one service spread over the nodes", () => {
  const world = worldOf([
    nodeWith("a"),
    nodeWith("b"),
    nodeWith("c"),
    serviceWith("x", { app: "x" }),
  ]);
  for (let i = 0; i < 9; i += 1) {
    const pod = infoOf(`p${i}`, { labels: { app: "x" } });
    const decision = schedule(pod, world, DEFAULT_POLICY, seeded(i + 1));
    assert.ok(decision.fits);
    world.assume(pod, decision.nodeName);
  }
  assert.deepEqual([...world.peersOf(podWith("n", { labels: { app: "x" } }))!.values()], [3, 3, 3]);
});

Deno.test("row 48: equal nodes are chosen alike, by chi-square over 10,000 runs", () => {
  const world = worldOf(["a", "b", "c", "d"].map((name) => nodeWith(name)));
  const random = seeded(48);
  const counts = new Map<string, number>();
  for (let i = 0; i < 10_000; i += 1) {
    const decision = schedule(infoOf("new"), world, DEFAULT_POLICY, random);
    assert.ok(decision.fits);
    counts.set(decision.nodeName, (counts.get(decision.nodeName) ?? 0) + 1);
  }
  const chiSquare = [...counts.values()].reduce((sum, n) => sum + (n - 2500) ** 2 / 2500, 0);
  assert.equal(counts.size, 4);
  assert.ok(chiSquare < 16.27, `chi-square ${chiSquare} with 3 degrees of freedom, p = 0.001`);
});

Deno.test("row 48: the same seed gives the same choices", () => {
  const world = worldOf(["a", "b", "c", "d"].map((name) => nodeWith(name)));
  const run = () => {
    const random = seeded(7);
    return Array.from(
      { length: 100 },
      () => schedule(infoOf("new"), world, DEFAULT_POLICY, random),
    );
  };
  assert.deepEqual(run(), run());
});

Deno.test("row 43: a weight of 0 leaves a priority out", () => {
  const world = worldOf([
    nodeWith("a"),
    nodeWith("b"),
    podWith("there", { nodeName: "a", cpu: "3" }),
  ]);
  const priorities = DEFAULT_POLICY.priorities.map((priority) => ({ ...priority, weight: 0 }));
  const decision = schedule(infoOf("new"), world, { ...DEFAULT_POLICY, priorities }, () => 0);
  assert.deepEqual(decision, { fits: true, nodeName: "a", score: 0 });
});

Deno.test("row 50: every reason of every node is named", () => {
  const world = worldOf([
    nodeWith("node-1"),
    nodeWith("node-2", { spec: { unschedulable: true }, cpu: "1" }),
    nodeWith("node-3", { ready: "Unknown" }),
  ]);
  const pod = infoOf("new", { cpu: "2", spec: { nodeSelector: { disk: "ssd" } } });
  const decision = schedule(pod, world, DEFAULT_POLICY, half);
  assert.ok(!decision.fits);
  const selector = "node(s) didn't match Pod's node affinity/selector";
  assert.deepEqual(reasonsByNode(decision.why), {
    "node-1": [selector],
    "node-2": ["node(s) were unschedulable", "Insufficient cpu", selector],
    "node-3": ["node(s) were not ready", selector],
  });
});

// deno-fmt-ignore
const SUMMARIES = [
  { name: "reasons are counted over nodes and sorted",
    nodes: { a: ["Insufficient cpu"], b: ["node(s) didn't match Pod's node affinity/selector"], c: ["node(s) didn't match Pod's node affinity/selector"] },
    want: "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector." },
  { name: "a node with two reasons counts for both",
    nodes: { a: ["Insufficient cpu", "Insufficient memory"] },
    want: "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory." },
  { name: "no nodes", nodes: {}, want: "no nodes available to schedule pods" },
];

for (const { name, nodes, want } of SUMMARIES) {
  Deno.test(`summary: ${name}`, () => {
    const tally = new Map(
      Object.values(nodes).map((reasons) => [{ reasons, helpedBy: 0, mayHelpToEvict: false }, 1]),
    );
    assert.equal(summaryOf({ nodesTotal: tally.size, tally }), want);
  });
}

function reasonsByNode(why: Unschedulable) {
  return Object.fromEntries([...why.verdicts()].map(([{ name }, { reasons }]) => [name, reasons]));
}

function half() {
  return 0.5;
}

function seeded(state: number) {
  return () => (state = state * 48271 % 2147483647) / 2147483647;
}
