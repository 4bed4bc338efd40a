import assert from "node:assert/strict";
import type { Container, Pod, PodSpec } from "../../api/types/core_v1.ts";
import { FakeClock } from "../../client/fake_clock.ts";
import type { RuntimeContainer } from "../runtime.ts";
import { FakeMeters } from "../stats/fake_meters.ts";
import { Sampler } from "../stats/sampler.ts";
import type { PodFailure } from "../status_sources.ts";
import { EvictionManager, LOOK_EVERY_MS } from "./eviction_manager.ts";
import { pressureRefusal } from "./pressure_refusal.ts";
import { type PodUse, rankForEviction } from "./rank.ts";
import { type PodDisk, storageExcess } from "./storage_limits.ts";
import { thresholdsOf } from "./thresholds.ts";

const MEMORY = (requests: string | undefined, limits?: string): Container => ({
  name: "a",
  image: "i",
  resources: {
    ...(requests === undefined ? {} : { requests: { memory: requests } }),
    ...(limits === undefined ? {} : { limits: { memory: limits } }),
  },
});

Deno.test("eviction: who uses more than it asked for goes first, then the lower priority, then the greedier", () => {
  const pods = [
    podOf("modest", { containers: [MEMORY("100")] }),
    podOf("important", { containers: [MEMORY("10")], priority: 100 }),
    podOf("greedy", { containers: [MEMORY("10")] }),
    podOf("greediest", { containers: [MEMORY(undefined)] }),
    podOf("modest-and-low", { containers: [MEMORY("100")], priority: -1 }),
  ];
  const uses = new Map(pods.map(({ metadata }) => [metadata.uid ?? "", useOf(50)]));
  assert.deepEqual(rankForEviction(pods, uses, "memory").map(({ metadata }) => metadata.name), [
    "greediest",
    "greedy",
    "important",
    "modest-and-low",
    "modest",
  ]);
});

Deno.test("eviction: memory runs out, one pod goes at a time, and the node says so for a while", async () => {
  const world = new World("memory.available<100");
  world.add("a", { containers: [MEMORY("1Ki")] }, 5000);
  world.add("b", { containers: [MEMORY(undefined)] }, 3000);
  world.available(50);
  await world.manager.look();
  assert.deepEqual(world.ended.map(({ uid }) => uid), ["a"]);
  const { reason, message, graceSeconds, condition } = world.ended[0]!.failure;
  assert.deepEqual([reason, graceSeconds, condition?.type], ["Evicted", 1, "DisruptionTarget"]);
  assert.equal(
    message,
    "The node was low on resource: memory. Threshold quantity: 100, available: 0. " +
      "Container a was using 4Ki, request is 1Ki, has larger consumption of memory. ",
  );
  assert.deepEqual(world.manager.conditions, ["MemoryPressure"]);
  world.over.add("a");
  world.available(500);
  await world.clock.advance(LOOK_EVERY_MS);
  await world.manager.look();
  assert.deepEqual(world.ended.length, 1);
  assert.deepEqual(
    world.manager.conditions,
    ["MemoryPressure"],
    "not yet: it would go up and down",
  );
  await world.clock.advance(300_000);
  await world.manager.look();
  assert.deepEqual(world.manager.conditions, []);
  assert.equal(world.changes, 2);
});

Deno.test("eviction: a soft threshold waits for its grace period, and leaves the pod time", async () => {
  const world = new World("", "memory.available<100", "memory.available=30s");
  world.add("a", { containers: [MEMORY(undefined)], terminationGracePeriodSeconds: 60 }, 10);
  world.available(50);
  await world.manager.look();
  await world.clock.advance(29_000);
  await world.manager.look();
  assert.equal(world.ended.length, 0);
  assert.deepEqual(world.manager.conditions, ["MemoryPressure"]);
  await world.clock.advance(1_000);
  await world.manager.look();
  assert.equal(world.ended[0]?.failure.graceSeconds, 20);
});

Deno.test("eviction: a disk that fills up is cleared first, and then costs a pod", async () => {
  const world = new World("nodefs.available<100");
  world.add("a", {}, 10);
  world.reclaim = () => world.disk(500);
  world.disk(50);
  await world.manager.look();
  assert.equal(world.ended.length, 0);
  assert.deepEqual(world.manager.conditions, ["DiskPressure"]);
  world.reclaim = () => {};
  world.disk(50);
  await world.manager.look();
  assert.match(world.ended[0]?.failure.message ?? "", /low on resource: ephemeral-storage\. /);
});

Deno.test("eviction: what the node itself needs is never evicted", async () => {
  const world = new World("memory.available<100,pid.available<100");
  world.add("critical", { priority: 2_000_000_000 }, 10);
  world.available(50);
  await world.manager.look();
  assert.equal(world.ended.length, 0);
});

Deno.test("eviction: a volume or a container that holds more than it may ends its pod", async () => {
  const world = new World("memory.available<1");
  world.add("a", { volumes: [{ name: "scratch", emptyDir: { sizeLimit: "1Ki" } }] }, 10);
  world.disks.set("a", { volumes: new Map([["scratch", 2048]]), containers: new Map() });
  await world.manager.look();
  assert.equal(
    world.ended[0]?.failure.message,
    'Usage of EmptyDir volume "scratch" exceeds the limit "1Ki". ',
  );
});

// deno-fmt-ignore
const EXCESS: { name: string; limits: (string | undefined)[]; written: number[]; want: RegExp | undefined }[] = [
  { name: "a container within its limit",      limits: ["1Ki"],            written: [1024],    want: undefined },
  { name: "one of two beyond its own",         limits: ["1Ki", undefined], written: [1025, 9], want: /^Container a0 exceeded its local ephemeral storage limit "1Ki"\. $/ },
  { name: "all beyond the sum of all",         limits: ["1Ki", "1Ki"],     written: [0, 2049], want: /^Pod ephemeral local storage usage exceeds the total limit of containers 2Ki\. $/ },
  { name: "no limit",                          limits: [undefined],        written: [1e9],     want: undefined },
];
for (const { name, limits, written, want } of EXCESS) {
  Deno.test(`ephemeral storage: ${name}`, () => {
    const containers = limits.map((limit, at): Container => ({
      name: `a${at}`,
      image: "i",
      resources: limit === undefined ? {} : { limits: { "ephemeral-storage": limit } },
    }));
    const bytes = new Map(written.map((one, at) => [`a${at}`, one]));
    const why = storageExcess(podOf("p", { containers }), {
      volumes: new Map(),
      containers: bytes,
    });
    if (want === undefined) assert.equal(why, undefined);
    else assert.match(why ?? "", want);
  });
}

// deno-fmt-ignore
const ADMITTED = [
  { name: "best effort under memory pressure",     spec: {},                                         pressures: ["MemoryPressure"], want: false },
  { name: "burstable under memory pressure",       spec: { containers: [MEMORY("1Ki")] },            pressures: ["MemoryPressure"], want: true },
  { name: "best effort that tolerates it",         spec: { tolerations: [{ operator: "Exists" }] },  pressures: ["MemoryPressure"], want: true },
  { name: "burstable under disk pressure",         spec: { containers: [MEMORY("1Ki")] },            pressures: ["DiskPressure"],   want: false },
  { name: "critical under disk pressure",          spec: { priority: 2_000_000_000 },                pressures: ["DiskPressure"],   want: true },
  { name: "anything on a node that has enough",    spec: {},                                         pressures: [],                 want: true },
] as const;
for (const { name, spec, pressures, want } of ADMITTED) {
  Deno.test(`pressure: ${name} is ${want ? "let in" : "refused"}`, () => {
    const refusal = pressureRefusal(podOf("p", spec as unknown as Partial<PodSpec>), pressures);
    assert.equal(refusal === undefined, want);
    if (refusal !== undefined) {
      assert.equal(refusal.message, `The node had condition: [${pressures.join(" ")}]. `);
    }
  });
}

function podOf(name: string, spec: Partial<PodSpec>): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, uid: name, namespace: "default" },
    spec: { containers: [{ name: "a", image: "i" }], ...spec },
  };
}

function useOf(memoryBytes: number): PodUse {
  return { memoryBytes, diskBytes: 0, processes: 1, containers: new Map() };
}

/** A node of 1,000 bytes whose pods use what the test says. */
class World {
  readonly clock = new FakeClock();
  readonly meters = new FakeMeters();
  readonly pods: Pod[] = [];
  readonly over = new Set<string>();
  readonly disks = new Map<string, PodDisk>();
  readonly ended: { uid: string; failure: PodFailure }[] = [];
  readonly manager: EvictionManager;
  readonly #containers: RuntimeContainer[] = [];
  reclaim: () => void = () => {};
  changes = 0;

  constructor(hard: string, soft = "", softGracePeriod = "") {
    const { clock, meters } = this;
    const sampler = new Sampler({ clock, meters, containers: () => this.#containers });
    this.manager = new EvictionManager({
      ...{ clock, meters, sampler },
      thresholds: thresholdsOf({ hard, soft, softGracePeriod, minimumReclaim: "" }),
      transitionMs: 300_000,
      maxGraceSeconds: 20,
      diskOf: (pod) =>
        Promise.resolve(
          this.disks.get(pod.metadata.uid ?? "") ?? { volumes: new Map(), containers: new Map() },
        ),
      pods: () => this.pods.filter(({ metadata }) => !this.over.has(metadata.name)),
      reclaimDisk: () => Promise.resolve(this.reclaim()),
      end: (uid, failure) => this.ended.push({ uid, failure }),
      record: () => {},
      onConditions: () => this.changes += 1,
      log: () => {},
    });
  }

  add(name: string, spec: Partial<PodSpec>, memoryBytes: number): void {
    this.pods.push(podOf(name, spec));
    const pid = this.pods.length;
    this.meters.memory(pid, memoryBytes);
    const pod = { uid: name, name, namespace: "default" };
    const known = { id: name, pod, name: "a", pid, state: "running", startedAt: 0 };
    this.#containers.push(known as RuntimeContainer);
  }

  available(bytes: number): void {
    const { usage } = this.meters;
    const memory = { ...usage.memory, workingSet: 1000 - bytes };
    this.meters.usage = { ...usage, memory };
  }

  disk(availableBytes: number): void {
    const { usage } = this.meters;
    this.meters.usage = { ...usage, nodeFs: { ...usage.nodeFs, availableBytes } };
  }
}
