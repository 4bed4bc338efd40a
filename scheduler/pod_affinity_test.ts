import assert from "node:assert/strict";
import type { Affinity, PodAffinityTerm } from "../api/types/core_v1.ts";
import { infoOf, nodeWith, podWith, type PodWords, worldOf } from "./fake_world.ts";
import { DEFAULT_POLICY } from "./policy.ts";
import { fitsPodAffinity, prefersPodAffinity } from "./pod_affinity.ts";
import { schedule } from "./schedule.ts";

const NEAR = "node(s) didn't match pod affinity rules";
const APART = "node(s) didn't match pod anti-affinity rules";
const OTHERS = "node(s) didn't satisfy existing pods anti-affinity rules";

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

const webPods = (more: Partial<PodAffinityTerm> = {}): PodAffinityTerm => ({
  labelSelector: { matchLabels: { app: "web" } },
  topologyKey: "zone",
  ...more,
});
const near = (...terms: PodAffinityTerm[]): Affinity => ({ podAffinity: { [REQUIRED]: terms } });
const apart = (...terms: PodAffinityTerm[]): Affinity => ({
  podAntiAffinity: { [REQUIRED]: terms },
});
const asking = (affinity: Affinity, words: PodWords = {}): PodWords => ({
  ...words,
  spec: { affinity, ...words.spec },
});
const web = (nodeName: string, words: PodWords = {}): PodWords => ({
  labels: { app: "web" },
  nodeName,
  ...words,
});

/** Nodes a1 and a2 in zone a, b1 in zone b, none in no zone. */
const NODES = [
  nodeWith("a1", { labels: { zone: "a", host: "a1" } }),
  nodeWith("a2", { labels: { zone: "a", host: "a2" } }),
  nodeWith("b1", { labels: { zone: "b", host: "b1" } }),
  nodeWith("none", { labels: { host: "none" } }),
];
const SPACES = [
  { name: "default", labels: { team: "red" } },
  { name: "other", labels: { team: "blue" } },
];

function worldWith(there: readonly PodWords[]) {
  const world = worldOf([...NODES, ...there.map((words, i) => podWith(`p${i}`, words))]);
  for (const { name, labels } of SPACES) world.counts.setNamespace(name, labels);
  return world;
}

const ALL_FIT = ["", "", "", ""];

// deno-fmt-ignore
const CASES: { name: string; pod: PodWords; there: PodWords[]; want: string[] }[] = [
  { name: "nobody asks",                           pod: {},                                                    there: [web("a1")],  want: ALL_FIT },
  { name: "near a pod is in its zone",             pod: asking(near(webPods())),                               there: [web("a1")],  want: ["", "", NEAR, NEAR] },
  { name: "near nobody is nowhere",                pod: asking(near(webPods())),                               there: [],           want: [NEAR, NEAR, NEAR, NEAR] },
  { name: "the first of its kind begins anywhere with the label", pod: asking(near(webPods()), { labels: { app: "web" } }), there: [], want: ["", "", "", NEAR] },
  { name: "apart is out of its zone",              pod: asking(apart(webPods())),                              there: [web("a1")],  want: [APART, APART, "", ""] },
  { name: "apart by host",                         pod: asking(apart(webPods({ topologyKey: "host" }))),       there: [web("a1")],  want: [APART, "", "", ""] },
  { name: "who is there refuses as well",          pod: { labels: { app: "web" } },                            there: [asking(apart(webPods()), { nodeName: "b1" })], want: ["", "", OTHERS, ""] },
  { name: "who is there refuses only whom it means", pod: { labels: { app: "db" } },                           there: [asking(apart(webPods()), { nodeName: "b1" })], want: ALL_FIT },
  { name: "another namespace is not meant",        pod: asking(apart(webPods())),                              there: [web("a1", { namespace: "other" })], want: ALL_FIT },
  { name: "namespaces by name",                    pod: asking(apart(webPods({ namespaces: ["other"] }))),     there: [web("a1", { namespace: "other" }), web("b1")], want: [APART, APART, "", ""] },
  { name: "namespaces by label",                   pod: asking(apart(webPods({ namespaceSelector: { matchLabels: { team: "blue" } } }))), there: [web("a1", { namespace: "other" }), web("b1")], want: [APART, APART, "", ""] },
  { name: "an empty namespaceSelector means all",  pod: asking(apart(webPods({ namespaceSelector: {} }))),     there: [web("a1", { namespace: "other" })], want: [APART, APART, "", ""] },
  { name: "a pod must be in all terms",            pod: asking(near(webPods(), webPods({ labelSelector: { matchLabels: { tier: "1" } } }))), there: [web("a1"), web("b1", { labels: { app: "web", tier: "1" } })], want: [NEAR, NEAR, "", NEAR] },
  { name: "matchLabelKeys ask for the own value",  pod: asking(apart(webPods({ matchLabelKeys: ["v"] })), { labels: { v: "2" } }), there: [web("a1", { labels: { app: "web", v: "1" } }), web("b1", { labels: { app: "web", v: "2" } })], want: ["", "", APART, ""] },
  { name: "mismatchLabelKeys refuse the own value", pod: asking(apart(webPods({ mismatchLabelKeys: ["v"] })), { labels: { v: "2" } }), there: [web("a1", { labels: { app: "web", v: "1" } }), web("b1", { labels: { app: "web", v: "2" } })], want: [APART, APART, "", ""] },
  { name: "no selector means nobody",              pod: asking(apart({ topologyKey: "zone" })),                there: [web("a1")],  want: ALL_FIT },
];

for (const { name, pod, there, want } of CASES) {
  Deno.test(`MatchInterPodAffinity: ${name}`, () => {
    const world = worldWith(there);
    const check = fitsPodAffinity(infoOf("new", pod), world);
    const reasons = NODES.map(({ metadata }) =>
      check?.(world.nodeNamed(metadata.name)!).join() ?? ""
    );
    assert.deepEqual(reasons, want);
  });
}

const preferring = (weight: number, term = webPods()): Affinity => ({
  podAffinity: { [PREFERRED]: [{ weight, podAffinityTerm: term }] },
});
const avoiding = (weight: number, term = webPods()): Affinity => ({
  podAntiAffinity: { [PREFERRED]: [{ weight, podAffinityTerm: term }] },
});

// deno-fmt-ignore
const SCORES: { name: string; pod: PodWords; there: PodWords[]; want: number[] | undefined }[] = [
  { name: "nobody prefers",                   pod: {},                              there: [web("a1")],            want: undefined },
  { name: "the zone with the pod",            pod: asking(preferring(5)),           there: [web("a1")],            want: [10, 10, 0, 0] },
  { name: "more pods are more",               pod: asking(preferring(5)),           there: [web("a1"), web("a2"), web("b1")], want: [10, 10, 5, 0] },
  { name: "away from the pod",                pod: asking(avoiding(5)),             there: [web("a1")],            want: [0, 0, 10, 10] },
  { name: "who is there prefers too",         pod: { labels: { app: "web" } },      there: [asking(preferring(3), { nodeName: "b1" })], want: [0, 0, 10, 0] },
  { name: "who is there avoids too",          pod: { labels: { app: "web" } },      there: [asking(avoiding(3), { nodeName: "b1" })], want: [10, 10, 0, 10] },
  { name: "who needs the pod near likes it",  pod: { labels: { app: "web" } },      there: [asking(near(webPods()), { nodeName: "b1" })], want: [0, 0, 10, 0] },
];

for (const { name, pod, there, want } of SCORES) {
  Deno.test(`InterPodAffinityPriority: ${name}`, () => {
    const world = worldWith(there);
    const nodes = NODES.map(({ metadata }) => world.nodeNamed(metadata.name)!);
    assert.deepEqual(prefersPodAffinity(infoOf("new", pod), world)?.(nodes), want);
  });
}

Deno.test("affinity: ten pods apart by host land on ten nodes, the eleventh nowhere", () => {
  const world = worldOf(
    Array.from({ length: 10 }, (_, i) => nodeWith(`n${i}`, { labels: { host: `n${i}` } })),
  );
  const words = asking(apart(webPods({ topologyKey: "host" })), { labels: { app: "web" } });
  for (let i = 0; i < 10; i += 1) {
    const pod = infoOf(`p${i}`, words);
    const decision = schedule(pod, world, DEFAULT_POLICY, () => 0.5);
    assert.ok(decision.fits);
    world.assume(pod, decision.nodeName);
  }
  assert.ok(!schedule(infoOf("p10", words), world, DEFAULT_POLICY, () => 0.5).fits);
});

Deno.test("affinity: counts equal a count from scratch after 2,000 random changes", () => {
  const world = worldWith([]);
  let state = 5;
  const whole = (max: number) => (state = state * 48271 % 2147483647) % max;
  const placed = new Map<string, PodWords>();
  for (let i = 0; i < 2_000; i += 1) {
    const name = `p${whole(60)}`;
    const words = {
      labels: { app: ["web", "db"][whole(2)]! },
      nodeName: ["a1", "a2", "b1"][whole(3)]!,
    };
    if (whole(3) === 0) {
      world.removePod(podWith(name));
      placed.delete(name);
    } else {
      world.setPod(podWith(name, words));
      placed.set(name, words);
    }
    if (whole(50) === 0) world.removeNode("b1");
    if (whole(10) === 0) world.setNode(NODES[2]!);
    const { pods } = infoOf("new", asking(near(webPods()))).terms.near[0]!;
    const want = [...placed.values()].filter(({ labels, nodeName }) =>
      labels?.app === "web" && world.nodeNamed(nodeName ?? "") !== undefined
    );
    assert.equal(world.counts.of([pods]).total, want.length, `change ${i}`);
  }
});
