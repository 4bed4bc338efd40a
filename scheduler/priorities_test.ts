import assert from "node:assert/strict";
import { infoOf, nodeWith, podWith, serviceWith, worldOf } from "./fake_world.ts";
import {
  prefersBalancedResources,
  prefersLabel,
  prefersLeastRequested,
  prefersOtherZones,
  prefersServiceSpread,
} from "./priorities.ts";

// deno-fmt-ignore
const LEAST_CASES = [
  { name: "an empty node, nothing asked",        cpu: "0",    memory: "0",    used: ["0", "0"],      want: 10 },
  { name: "half of both",                        cpu: "2",    memory: "4Gi",  used: ["0", "0"],      want: 5 },
  { name: "each resource is rounded down first", cpu: "100m", memory: "100Mi", used: ["0", "0"],     want: 9 },
  { name: "a full cpu counts half",              cpu: "4",    memory: "0",    used: ["0", "0"],      want: 5 },
  { name: "too much counts nothing",             cpu: "5",    memory: "8Gi",  used: ["0", "0"],      want: 0 },
  { name: "what runs there counts",              cpu: "1",    memory: "2Gi",  used: ["1", "2Gi"],    want: 5 },
];

for (const { name, cpu, memory, used, want } of LEAST_CASES) {
  Deno.test(`row 44: LeastRequestedPriority: ${name}`, () => {
    const there = podWith("there", { cpu: used[0]!, memory: used[1]!, nodeName: "n" });
    const { nodes } = worldOf([nodeWith("n"), there]);
    assert.deepEqual(prefersLeastRequested(infoOf("new", { cpu, memory }), nodes), [want]);
  });
}

Deno.test("row 44: LeastRequestedPriority equals integer arithmetic over 10,000 random worlds", () => {
  const random = seeded(44);
  const whole = (max: number) => Math.floor(random() * max);
  for (let i = 0; i < 10_000; i += 1) {
    const [cpu, memory] = [whole(64_000), whole(2 ** 38)];
    const [usedCpu, usedMemory] = [whole(64_000), whole(2 ** 38)];
    const [hasCpu, hasMemory] = [whole(10) ? whole(128_000) : 0, whole(10) ? whole(2 ** 40) : 0];
    const { nodes } = worldOf([
      nodeWith("n", { cpu: `${hasCpu}m`, memory: `${hasMemory}` }),
      podWith("there", { cpu: `${usedCpu}m`, memory: `${usedMemory}`, nodeName: "n" }),
    ]);
    const pod = infoOf("new", { cpu: `${cpu}m`, memory: `${memory}` });
    const want = (tenths(usedCpu + cpu, hasCpu) + tenths(usedMemory + memory, hasMemory)) / 2n;
    assert.deepEqual(prefersLeastRequested(pod, nodes), [Number(want)], `case ${i}`);
  }
});

/** The formula of the founding design, in integers. */
function tenths(requested: number, capacity: number): bigint {
  if (capacity === 0 || requested > capacity) return 0n;
  return (BigInt(capacity) - BigInt(requested)) * 10n / BigInt(capacity);
}

// deno-fmt-ignore
const BALANCE_CASES = [
  { name: "nothing asked is balanced",        cpu: "0",  memory: "0",    want: 10 },
  { name: "equal shares",                     cpu: "2",  memory: "4Gi",  want: 10 },
  { name: "half apart",                       cpu: "2",  memory: "0",    want: 5 },
  { name: "a third apart, rounded down",      cpu: "3",  memory: "3Gi",  want: 6 },
  { name: "a full cpu is worth nothing",      cpu: "4",  memory: "8Gi",  want: 0 },
  { name: "a full memory is worth nothing",   cpu: "1",  memory: "8Gi",  want: 0 },
];

for (const { name, cpu, memory, want } of BALANCE_CASES) {
  Deno.test(`row 46: BalancedResourceAllocation: ${name}`, () => {
    const { nodes } = worldOf([nodeWith("n")]);
    assert.deepEqual(prefersBalancedResources(infoOf("new", { cpu, memory }), nodes), [want]);
  });
}

Deno.test("BalancedResourceAllocation: a node that does not say what it has is worth nothing", () => {
  const { nodes } = worldOf([nodeWith("n", { cpu: "0" })]);
  assert.deepEqual(prefersBalancedResources(infoOf("new", {}), nodes), [0]);
});

// deno-fmt-ignore
const SPREAD_CASES = [
  { name: "no service selects the pod",           app: "other", peers: [2, 0, 0], want: [10, 10, 10] },
  { name: "no peers yet",                         app: "x",     peers: [0, 0, 0], want: [10, 10, 10] },
  { name: "the node with most gets nothing",      app: "x",     peers: [2, 1, 0], want: [0, 5, 10] },
  { name: "shares are rounded down",              app: "x",     peers: [3, 1, 2], want: [0, 6, 3] },
];

for (const { name, app, peers, want } of SPREAD_CASES) {
  Deno.test(`row 45: ServiceSpreadingPriority: ${name}`, () => {
    const world = worldOf([...nodesAndPeers(peers), serviceWith("x", { app: "x" })]);
    assert.deepEqual(
      prefersServiceSpread(infoOf("new", { labels: { app } }), world.nodes, world),
      want,
    );
  });
}

Deno.test("row 45: ServiceSpreadingPriority: only the first service counts", () => {
  const world = worldOf([
    ...nodesAndPeers([1, 0, 0]),
    serviceWith("b", { app: "x" }),
    serviceWith("a", { tier: "front" }),
  ]);
  const pod = infoOf("new", { labels: { app: "x", tier: "front" } });
  assert.deepEqual(prefersServiceSpread(pod, world.nodes, world), [10, 10, 10]);
});

Deno.test("row 47: NodeLabelPriority: nodes with the label, or without it", () => {
  const { nodes } = worldOf([nodeWith("a", { labels: { ssd: "" } }), nodeWith("b")]);
  assert.deepEqual(prefersLabel("ssd", true)(infoOf("p"), nodes, worldOf([])), [10, 0]);
  assert.deepEqual(prefersLabel("ssd", false)(infoOf("p"), nodes, worldOf([])), [0, 10]);
});

// deno-fmt-ignore
const ZONE_CASES = [
  { name: "no peers: all zones alike",          peers: [0, 0, 0, 0], want: [10, 10, 10, 0] },
  { name: "the zone without peers is best",     peers: [1, 1, 0, 0], want: [0, 0, 10, 0] },
  { name: "peers of the whole zone count",      peers: [2, 1, 1, 0], want: [2, 2, 7, 0] },
  { name: "peers outside all zones count too",  peers: [0, 0, 1, 1], want: [10, 10, 5, 0] },
];

for (const { name, peers, want } of ZONE_CASES) {
  Deno.test(`row 47: ServiceAntiAffinity: ${name}`, () => {
    const world = worldOf([...nodesAndPeers(peers), serviceWith("x", { app: "x" })]);
    const pod = infoOf("new", { labels: { app: "x" } });
    assert.deepEqual(prefersOtherZones("zone")(pod, world.nodes, world), want);
  });
}

/** Nodes 0 and 1 in zone a, 2 in zone b, 3 in none. */
function nodesAndPeers(peers: number[]) {
  const zones = ["a", "a", "b"];
  return peers.flatMap((count, index) => {
    const nodeName = `node-${index}`;
    const zone = zones[index];
    return [
      nodeWith(nodeName, { labels: zone === undefined ? {} : { zone } }),
      ...Array.from(
        { length: count },
        (_, i) => podWith(`p-${index}-${i}`, { labels: { app: "x" }, nodeName }),
      ),
    ];
  });
}

function seeded(state: number) {
  return () => (state = state * 48271 % 2147483647) / 2147483647;
}
