import assert from "node:assert/strict";
import type { Pod, Toleration } from "../../api/types/core_v1.ts";
import { FakeClock } from "../../client/fake_clock.ts";
import { Fence } from "./fence.ts";
import { toleratedSeconds, UNREACHABLE } from "./fence_times.ts";

// deno-fmt-ignore
const TOLERATED: { name: string; tolerations: Toleration[]; want: number }[] = [
  { name: "nothing said",               tolerations: [],                                                                                                want: 300 },
  { name: "as the API fills it in",     tolerations: [{ key: UNREACHABLE, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }],             want: 300 },
  { name: "for ever",                   tolerations: [{ key: UNREACHABLE, operator: "Exists", effect: "NoExecute" }],                                     want: Infinity },
  { name: "everything",                 tolerations: [{ operator: "Exists" }],                                                                            want: Infinity },
  { name: "the shortest of several",    tolerations: [{ operator: "Exists", tolerationSeconds: 9 }, { key: UNREACHABLE, operator: "Exists", tolerationSeconds: 5 }], want: 5 },
  { name: "another taint",              tolerations: [{ key: "other", operator: "Exists" }],                                                              want: 300 },
  { name: "another effect",             tolerations: [{ key: UNREACHABLE, operator: "Exists", effect: "NoSchedule" }],                                    want: 300 },
];
for (const { name, tolerations, want } of TOLERATED) {
  Deno.test(`fence: a silent node is tolerated: ${name}`, () => {
    assert.equal(toleratedSeconds(podOf("p", { tolerations })), want);
  });
}

Deno.test("fence: pods have ended before others may start, and those that tolerate the silence run on", async () => {
  const world = new World([
    podOf("web", {}),
    podOf("daemon", { tolerations: [{ operator: "Exists" }] }),
  ]);
  world.fence.heard(world.clock.now());
  await world.clock.advance(278_000);
  assert.deepEqual(world.held, []);
  await world.clock.advance(2_000);
  // lease 10 s + tolerated 300 s - a margin of 1 s - grace 30 s
  assert.deepEqual(world.held, [["web", 30, 279_000]]);
});

Deno.test("fence: each renewal puts it off", async () => {
  const world = new World([podOf("web", {})]);
  for (let at = 0; at < 1_000_000; at += 3_000) {
    world.fence.heard(world.clock.now());
    await world.clock.advance(3_000);
  }
  assert.deepEqual(world.held, []);
});

Deno.test("fence: a pod that tolerates nothing gets what is left of its grace period", async () => {
  const tolerations = [{ key: UNREACHABLE, operator: "Exists", tolerationSeconds: 0 } as const];
  const world = new World([podOf("web", { tolerations })]);
  world.fence.heard(world.clock.now());
  await world.clock.advance(10_000);
  assert.deepEqual(world.held, [["web", 2, 7_000]]);
});

Deno.test("fence: a pod that came after the last renewal is stopped as well", async () => {
  const pods: Pod[] = [];
  const world = new World(pods);
  world.fence.heard(world.clock.now());
  pods.push(podOf("web", {}));
  world.fence.podsChanged();
  await world.clock.advance(400_000);
  assert.deepEqual(world.held.map(([uid]) => uid), ["web"]);
});

Deno.test("fence: when the API is back, only what it still has here runs again", async () => {
  const world = new World([podOf("kept", {}), podOf("moved", {})]);
  world.fence.heard(world.clock.now());
  await world.clock.advance(400_000);
  assert.equal(world.held.length, 2);
  world.bound = new Set(["kept"]);
  world.fence.heard(world.clock.now());
  await world.clock.settle();
  assert.deepEqual(world.released, ["kept"]);
});

Deno.test("fence: while nobody can say what is still here, nothing runs again", async () => {
  const world = new World([podOf("web", {})]);
  world.fence.heard(world.clock.now());
  await world.clock.advance(400_000);
  world.bound = undefined;
  world.fence.heard(world.clock.now());
  await world.clock.settle();
  assert.deepEqual(world.released, []);
  world.bound = new Set(["web"]);
  world.fence.heard(world.clock.now());
  await world.clock.settle();
  assert.deepEqual(world.released, ["web"]);
});

function podOf(name: string, spec: Partial<Pod["spec"]>): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, uid: name },
    spec: { containers: [], ...spec },
  };
}

class World {
  readonly clock = new FakeClock(0);
  /** Pod, seconds that it has, and when. */
  readonly held: [string, number, number][] = [];
  readonly released: string[] = [];
  bound: Set<string> | undefined = new Set();
  readonly fence: Fence;

  constructor(pods: readonly Pod[]) {
    const { clock } = this;
    this.fence = new Fence({
      ...{ clock, leaseMs: 10_000, log: () => {} },
      pods: () => pods,
      hold: (uid, seconds) => {
        if (seconds === undefined) this.released.push(uid);
        else this.held.push([uid, seconds, clock.now()]);
      },
      boundNow: () =>
        this.bound === undefined ? Promise.reject(new Error("away")) : Promise.resolve(this.bound),
    });
  }
}
