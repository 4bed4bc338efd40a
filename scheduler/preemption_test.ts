import assert from "node:assert/strict";
import type { PodDisruptionBudget } from "../api/types/policy_v1.ts";
import { infoOf, nodeWith, podWith, type PodWords, worldOf } from "./fake_world.ts";
import { DEFAULT_POLICY } from "./policy.ts";
import { planPreemption, type Preemption } from "./preemption.ts";
import { schedule } from "./schedule.ts";

/** `name: node priority cpu [start] [labels]`. */
const pod = (nodeName: string, priority: number, cpu: string, more: PodWords = {}): PodWords => ({
  nodeName,
  cpu,
  ...more,
  spec: { priority, ...more.spec },
});
const web = { labels: { app: "web" } };
const budget = (disruptionsAllowed: number): PodDisruptionBudget => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name: "web", namespace: "default" },
  spec: { selector: { matchLabels: web.labels } },
  status: { disruptionsAllowed, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
});
const APART = {
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels: web.labels }, topologyKey: "host" },
      ],
    },
  },
};
const HELPLESS = "Preemption is not helpful for scheduling";
const NOBODY = "No preemption victims found for incoming pod";

// deno-fmt-ignore
const CASES: { name: string; pod?: PodWords; there: Record<string, PodWords>; budgets?: PodDisruptionBudget[]; want: string }[] = [
  { name: "the lower of two goes",                 there: { x: pod("a", 2, "4"), y: pod("b", 1, "4") },                       want: "b: y" },
  { name: "equals stay",                           there: { x: pod("a", 9, "4"), y: pod("b", 9, "4") },                       want: `preemption: 0/2 nodes are available: 2 ${NOBODY}.` },
  { name: "only what must go goes",                there: { x: pod("a", 1, "2"), y: pod("a", 2, "2"), z: pod("b", 9, "4") },  want: "a: x" },
  { name: "fewest broken budgets first",           there: { x: pod("a", 1, "4", web), y: pod("b", 5, "4") }, budgets: [budget(0)], want: "b: y" },
  { name: "a budget that allows one breaks not",   there: { x: pod("a", 1, "4", web), y: pod("b", 5, "4") }, budgets: [budget(1)], want: "a: x" },
  { name: "the lowest highest priority",           there: { x: pod("a", 4, "4"), y: pod("b", 3, "2"), z: pod("b", 3, "2") }, pod: { cpu: "4" }, want: "b: y,z" },
  { name: "the lowest sum, so the fewest",         there: { x: pod("a", 3, "4"), y: pod("b", 3, "2"), z: pod("b", 3, "2") }, pod: { cpu: "4" }, want: "a: x" },
  { name: "a pod that may not drive out others",   pod: { cpu: "2", spec: { priority: 9, preemptionPolicy: "Never" } }, there: { x: pod("a", 1, "4"), y: pod("b", 1, "4") }, want: "preemption: not eligible due to preemptionPolicy=Never." },
  { name: "nobody can help a pod that is too big", pod: { cpu: "5" }, there: { x: pod("a", 1, "4"), y: pod("b", 1, "4") },    want: `preemption: 0/2 nodes are available: 2 ${HELPLESS}.` },
  { name: "nor one that is on no node's label",    pod: { cpu: "1", spec: { priority: 9, nodeSelector: { no: "where" } } }, there: { x: pod("a", 1, "4"), y: pod("b", 1, "4") }, want: `preemption: 0/2 nodes are available: 2 ${HELPLESS}.` },
  { name: "a pod that must be apart drives out whom it can't bear", pod: { cpu: "1", spec: { priority: 9, ...APART } }, there: { x: pod("a", 2, "1", web), y: pod("b", 1, "1", web) }, want: "b: y" },
];

for (const { name, pod: words = { cpu: "2" }, there, budgets = [], want } of CASES) {
  Deno.test(`preemption: ${name}`, () => {
    const world = worldOf([
      nodeWith("a", { labels: { host: "a" } }),
      nodeWith("b", { labels: { host: "b" } }),
      ...Object.entries(there).map(([name, words]) => podWith(name, words)),
    ]);
    const info = infoOf("new", { ...words, spec: { priority: 9, ...words.spec } });
    const decision = schedule(info, world, DEFAULT_POLICY, () => 0);
    assert.ok(!decision.fits);
    const options = { world, policy: DEFAULT_POLICY, budgets, random: () => 0 };
    const before = stateOf(world);
    assert.equal(said(planPreemption(info, decision.why, options)), want);
    assert.deepEqual(stateOf(world), before, "a plan changes nothing");
  });
}

Deno.test("preemption: room that is being made for an equal is not made a second time", () => {
  const world = worldOf([
    nodeWith("a"),
    nodeWith("b"),
    podWith("x", pod("a", 2, "4")),
    podWith("y", pod("b", 1, "4")),
  ]);
  const [first, second] = ["first", "second"]
    .map((name) => infoOf(name, { cpu: "4", spec: { priority: 9 } }));
  const planFor = (info: typeof first) => {
    const decision = schedule(info!, world, DEFAULT_POLICY, () => 0);
    assert.ok(!decision.fits);
    const options = { world, policy: DEFAULT_POLICY, budgets: [], random: () => 0 };
    return said(planPreemption(info!, decision.why, options));
  };
  assert.equal(planFor(first), "b: y");
  world.nominated.set(first!, "b");
  assert.equal(planFor(second), "a: x");
  world.nominated.set(second!, "a");
  const third = infoOf("third", { cpu: "4", spec: { priority: 9 } });
  assert.match(planFor(third), /Insufficient cpu|not helpful/);
});

function said(plan: Preemption | string): string {
  if (typeof plan === "string") return plan;
  return `${plan.nodeName}: ${plan.victims.map(({ pod }) => pod.metadata.name).sort()}`;
}

function stateOf(world: ReturnType<typeof worldOf>) {
  return world.nodes.map(({ name, pods, requested }) => [
    name,
    [...pods.keys()].sort(),
    requested.milliCpu,
  ]);
}
