import assert from "node:assert/strict";
import { nodeWith, podWith, type PodWords, serviceWith, worldOf } from "./fake_world.ts";
import { explainPod } from "./explain.ts";
import { textOfExplanation, textOfWhatIf } from "./explain_text.ts";
import { DEFAULT_POLICY } from "./policy.ts";
import { whatIfFewer, whatIfMore, whatIfNodeGoes } from "./what_if.ts";

const NODES = [
  nodeWith("a", { cpu: "2" }),
  nodeWith("b", {
    cpu: "8",
    spec: { taints: [{ key: "team", value: "blue", effect: "NoSchedule" }] },
  }),
];

// deno-fmt-ignore
const CHANGES: { name: string; pod: PodWords; there?: PodWords[]; want: string[] }[] = [
  { name: "it fits",                       pod: { cpu: "1" },                     want: [] },
  { name: "too little is free",            pod: { cpu: "1500m" }, there: [{ cpu: "1", nodeName: "a" }], want: ["free 500m cpu on node a", "tolerate the taint team=blue:NoSchedule of node b"].reverse() },
  { name: "a label that no node has",      pod: { spec: { nodeSelector: { disk: "ssd" } } }, want: ["drop the pod's node selector and affinity, or give node a the labels they ask for"] },
];

for (const { name, pod, there = [], want } of CHANGES) {
  Deno.test(`explain: the smallest change where ${name}`, () => {
    const world = worldOf([...NODES, ...there.map((words, i) => podWith(`p${i}`, words))]);
    const { changes } = explainPod(podWith("new", pod), world, DEFAULT_POLICY);
    assert.deepEqual([...changes].sort(), [...want].sort());
  });
}

Deno.test("explain: each node and predicate with its reason, as text", () => {
  const world = worldOf([...NODES, podWith("there", { cpu: "1", nodeName: "a" })]);
  const explanation = explainPod(podWith("new", { cpu: "1500m" }), world, DEFAULT_POLICY);
  assert.equal(
    textOfExplanation(explanation),
    [
      "Pod default/new: 0/2 nodes are available: 1 Insufficient cpu, " +
      "1 node(s) had untolerated taint {team: blue}.",
      "",
      "- a  PodFitsResources: Insufficient cpu (cpu: 1500m wanted, 1000m free, 500m missing)",
      "- b  PodToleratesNodeTaints: node(s) had untolerated taint {team: blue}",
      "",
      "It would run if you",
      "  - tolerate the taint team=blue:NoSchedule of node b",
      "  - free 500m cpu on node a",
      "",
    ].join("\n"),
  );
});

// deno-fmt-ignore
const FIGURES: { name: string; pod: PodWords; there?: PodWords[]; want: string[] }[] = [
  { name: "cpu",                pod: { cpu: "3" },            want: ["cpu 3000m 2000m 1000m"] },
  { name: "memory",             pod: { memory: "40Gi" },      want: ["memory 40960Mi 32768Mi 8192Mi"] },
  { name: "both",               pod: { cpu: "3", memory: "40Gi" }, want: ["cpu 3000m 2000m 1000m", "memory 40960Mi 32768Mi 8192Mi"] },
  { name: "what others have",   pod: { cpu: "1500m" }, there: [{ cpu: "1", nodeName: "a" }], want: ["cpu 1500m 1000m 500m"] },
  { name: "a port of the node", pod: { container: { ports: [{ hostPort: 80, containerPort: 80 }] } }, there: [{ nodeName: "a", container: { ports: [{ hostPort: 80, containerPort: 80 }] } }], want: ["host port TCP/80 1 0 1"] },
];

for (const { name, pod, there = [], want } of FIGURES) {
  Deno.test(`explain: what is wanted, free and missing of ${name}`, () => {
    const node = nodeWith("a", { cpu: "2", memory: "32Gi" });
    const world = worldOf([node, ...there.map((words, i) => podWith(`p${i}`, words))]);
    const { nodes } = explainPod(podWith("new", pod), world, DEFAULT_POLICY);
    const figures = nodes.flatMap(({ objections }) =>
      objections.flatMap(({ figures = [] }) => figures)
    );
    assert.deepEqual(figures.map((figure) => Object.values(figure).join(" ")), want);
  });
}

Deno.test("explain: a placed pod shows the scores that chose its node", () => {
  const placed = podWith("web", { cpu: "1", memory: "2Gi", nodeName: "c" });
  const world = worldOf([nodeWith("a", { cpu: "2" }), nodeWith("c"), placed]);
  const { nodes, nodeName } = explainPod(placed, world, DEFAULT_POLICY);
  assert.equal(nodeName, "c");
  const [a, c] = nodes;
  assert.ok(a?.total !== undefined && c?.total !== undefined && c.total > a.total);
  assert.equal(c.scores?.LeastRequestedPriority, 7);
});

const owned = (nodeName: string, cpu: string, kind = "ReplicaSet") => ({
  nodeName,
  cpu,
  labels: { app: "web" },
  kind,
});

Deno.test("whatif: a node that goes: who moves, who does not fit, who is lost, which service is empty", () => {
  const ready = [{ type: "Ready", status: "True" as const }];
  const pods = [
    { ...owned("a", "1"), name: "small" },
    { ...owned("a", "4"), name: "large" },
    { ...owned("a", "1", "DaemonSet"), name: "daemon" },
    { ...owned("a", "1", ""), name: "bare" },
  ].map(({ name, kind, ...words }) => {
    const pod = podWith(name, words);
    const owner = { apiVersion: "apps/v1", kind, name: "x", uid: "x" };
    return {
      ...pod,
      metadata: { ...pod.metadata, ...(kind && { ownerReferences: [owner] }) },
      status: { conditions: ready },
    };
  });
  const services = [serviceWith("web", { app: "web" }), serviceWith("other", { app: "y" })];
  const world = worldOf([nodeWith("a", { cpu: "8" }), nodeWith("b", { cpu: "2" }), ...pods]);
  const remaining = pods.filter(({ metadata }) => metadata.name !== "daemon");
  const answer = whatIfNodeGoes("a", true, {
    ...{ world, policy: DEFAULT_POLICY, services, pods: remaining },
  });
  assert.equal(
    textOfWhatIf(answer),
    [
      "If node a is drained:",
      "",
      "would run",
      "  default/small on b",
      "",
      "would find no node",
      "  default/large: 0/1 nodes are available: 1 Insufficient cpu.",
      "",
      "would be lost: nobody makes them anew",
      "  default/bare",
      "",
      "services without any endpoint meanwhile",
      "  default/web",
      "",
    ].join("\n"),
  );
});

Deno.test("whatif: more pods of a template, as long as there is room", () => {
  const { metadata, spec } = podWith("web", { cpu: "1500m" });
  const world = worldOf([nodeWith("a"), nodeWith("b", { cpu: "2" })]);
  const owner = { namespace: "default", name: "web" };
  const answer = whatIfMore(owner, { metadata, spec }, 4, { world, policy: DEFAULT_POLICY });
  assert.deepEqual([answer.moves.length, answer.stuck.length], [3, 1]);
});

const READY = [{ type: "Ready", status: "True" as const }];
const of = (app: string) => ({ labels: { app }, nodeName: "a" });
const readyPods = [["w1", "web"], ["w2", "web"], ["s1", "solo"]].map(([name, app]) => ({
  ...podWith(name!, of(app!)),
  status: { conditions: READY },
}));

// deno-fmt-ignore
const HIT: { name: string; gone: string[]; none: string[]; fewer: string[] }[] = [
  { name: "nothing",                            gone: [],           none: [],              fewer: [] },
  { name: "one of two",                         gone: ["w1"],       none: [],              fewer: ["web 1/2", "all 2/3"] },
  { name: "the only one",                       gone: ["s1"],       none: ["solo"],        fewer: ["all 2/3"] },
  { name: "all",                                gone: ["w1", "w2", "s1"], none: ["web", "solo", "all"], fewer: [] },
];

for (const { name, gone, none, fewer } of HIT) {
  Deno.test(`whatif: the services that are hit where ${name} of their pods go`, () => {
    const pods = readyPods.map((pod) => ({
      ...pod,
      metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, tier: "front" } },
    }));
    const services = [
      serviceWith("web", { app: "web" }),
      serviceWith("solo", { app: "solo" }),
      serviceWith("all", { tier: "front" }),
      serviceWith("bare", {}),
    ];
    const world = worldOf([nodeWith("a"), ...pods]);
    const deleted = pods.filter(({ metadata }) => gone.includes(metadata.name));
    const question = { world, policy: DEFAULT_POLICY, services, pods };
    const owner = { namespace: "default", name: "web" };
    const answer = whatIfFewer(owner, 1, { deleted, made: [] }, question);
    assert.deepEqual(answer.servicesWithoutEndpoints.map(({ name }) => name), none);
    const kept = answer.servicesWithFewerEndpoints.map((one) =>
      `${one.name} ${one.left}/${one.ready}`
    );
    assert.deepEqual(kept, fewer);
    assert.deepEqual(
      answer.deleted.map(({ name, from }) => [name, from]),
      gone.map((name) => [name, "a"]),
    );
  });
}

Deno.test("whatif: fewer pods make room for those that the controller makes", () => {
  const full = podWith("old", { cpu: "3", nodeName: "a" });
  const world = worldOf([nodeWith("a"), full]);
  const made = [podWith("new", { cpu: "3" })];
  const answer = whatIfFewer({ namespace: "default", name: "web" }, 1, { deleted: [full], made }, {
    ...{ world, policy: DEFAULT_POLICY, services: [], pods: [full] },
  });
  assert.equal(
    textOfWhatIf({
      ...answer,
      budgetsHurt: [{ namespace: "default", name: "b", healthy: 1, wanted: 2 }],
      notes: ["HorizontalPodAutoscaler web keeps its size from 2 to 10"],
    }),
    [
      "If default/web is scaled down to 1:",
      "",
      "would be deleted, in this order",
      "  default/old on a",
      "",
      "would run",
      "  default/new on a",
      "",
      "disruption budgets with too few healthy pods",
      "  default/b: 1 healthy, 2 wanted",
      "",
      "note",
      "  HorizontalPodAutoscaler web keeps its size from 2 to 10",
      "",
    ].join("\n"),
  );
});
