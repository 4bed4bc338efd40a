import assert from "node:assert/strict";
import { infoOf, nodeWith, podWith, type PodWords, worldOf } from "./fake_world.ts";
import { DEFAULT_POLICY } from "./policy.ts";
import { countsDislikedTaints, prefersImages, weighsNodeAffinity } from "./priorities.ts";
import { schedule } from "./schedule.ts";

const preferring = (...weights: [string, number][]): PodWords => ({
  spec: {
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: weights.map(([key, weight]) => ({
          weight,
          preference: { matchExpressions: [{ key, operator: "Exists" as const }] },
        })),
      },
    },
  },
});

Deno.test("NodeAffinityPriority: the weights that hold are added", () => {
  const { nodes } = worldOf([
    nodeWith("a", { labels: { ssd: "", fast: "" } }),
    nodeWith("b", { labels: { fast: "" } }),
    nodeWith("c"),
  ]);
  const pod = infoOf("p", preferring(["ssd", 30], ["fast", 10]));
  assert.deepEqual(weighsNodeAffinity(pod, nodes), [40, 10, 0]);
});

Deno.test("TaintTolerationPriority: taints that are disliked count, unless they are tolerated", () => {
  const taints = [{ key: "old", effect: "PreferNoSchedule" as const }];
  const { nodes } = worldOf([nodeWith("a", { spec: { taints } }), nodeWith("b")]);
  assert.deepEqual(countsDislikedTaints(infoOf("p"), nodes), [1, 0]);
  const tolerations = [{ key: "old", operator: "Exists" as const }];
  assert.deepEqual(countsDislikedTaints(infoOf("p", { spec: { tolerations } }), nodes), [0, 0]);
});

// deno-fmt-ignore
const IMAGES = [
  { name: "not there",                 images: [],                                          want: 0 },
  { name: "small",                     images: [{ names: ["web:latest"], sizeBytes: 1e6 }], want: 0 },
  { name: "large",                     images: [{ names: ["web:latest"], sizeBytes: 2e9 }], want: 10 },
  { name: "in between",                images: [{ names: ["web:latest"], sizeBytes: 536e6 }], want: 4 },
  { name: "another tag",               images: [{ names: ["web:1"], sizeBytes: 2e9 }],      want: 0 },
];

for (const { name, images, want } of IMAGES) {
  Deno.test(`ImageLocalityPriority: ${name}`, () => {
    const node = nodeWith("n");
    const { nodes } = worldOf([{ ...node, status: { ...node.status, images } }]);
    assert.deepEqual(prefersImages(infoOf("p", { container: { image: "web" } }), nodes), [want]);
  });
}

Deno.test("schedule: a disliked taint sends pods elsewhere as long as there is an elsewhere", () => {
  const spec = { taints: [{ key: "old", effect: "PreferNoSchedule" as const }] };
  const world = worldOf([
    nodeWith("old", { spec }),
    nodeWith("new"),
    podWith("there", { nodeName: "new", cpu: "2" }),
  ]);
  const decision = schedule(infoOf("p", { cpu: "1" }), world, DEFAULT_POLICY, () => 0);
  assert.equal(decision.fits && decision.nodeName, "new");
  const large = schedule(infoOf("q", { cpu: "3" }), world, DEFAULT_POLICY, () => 0);
  assert.equal(large.fits && large.nodeName, "old");
});
