import assert from "node:assert/strict";
import { FakeClock } from "../../client/fake_clock.ts";
import { Fence } from "./fence.ts";
import type { FencedPod } from "./fenced_pod.ts";

Deno.test("fence: pods have ended before others may start, and those that tolerate the silence run on", async () => {
  const world = new World([
    podOf("web"),
    podOf("daemon", { toleratedSeconds: Infinity }),
  ]);
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.advance(278_000);
  assert.deepEqual(world.held, []);
  await world.clock.advance(2_000);
  // lease 10 s + tolerated 300 s - a margin of 1 s - grace 30 s
  assert.deepEqual(world.held, [["web", 30, 279_000]]);
});

Deno.test("fence: it goes by the length of the lease that came with the last renewal", async () => {
  const world = new World([podOf("web", { toleratedSeconds: 0 })]);
  world.fence.heard(world.clock.now(), 57_000);
  await world.clock.advance(26_000);
  assert.deepEqual(world.held, []);
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.advance(10_000);
  assert.deepEqual(world.held, [["web", 2, 26_000 + 7_000]]);
});

Deno.test("fence: a shorter lease that may be stored ends sooner, and none becomes longer by that", async () => {
  const world = new World([podOf("web", { toleratedSeconds: 0 })]);
  world.fence.heard(world.clock.now(), 57_000);
  await world.clock.advance(20_000);
  assert.equal(world.fence.shortens(world.clock.now()), true);
  assert.equal(world.fence.shortens(world.clock.now() + 1), false);
  await world.clock.advance(20_000);
  assert.deepEqual(world.held, [["web", 2, 20_000 + 7_000]]);
});

Deno.test("fence: each renewal puts it off", async () => {
  const world = new World([podOf("web")]);
  for (let at = 0; at < 1_000_000; at += 3_000) {
    world.fence.heard(world.clock.now(), LEASE_MS);
    await world.clock.advance(3_000);
  }
  assert.deepEqual(world.held, []);
});

Deno.test("fence: a pod that tolerates nothing gets what is left of its grace period", async () => {
  const world = new World([podOf("web", { toleratedSeconds: 0 })]);
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.advance(10_000);
  assert.deepEqual(world.held, [["web", 2, 7_000]]);
});

Deno.test("fence: a pod that came after the last renewal is stopped as well", async () => {
  const pods: FencedPod[] = [];
  const world = new World(pods);
  world.fence.heard(world.clock.now(), LEASE_MS);
  pods.push(podOf("web"));
  world.fence.podsChanged();
  await world.clock.advance(400_000);
  assert.deepEqual(world.held.map(([uid]) => uid), ["web"]);
});

Deno.test("fence: when the API is back, only what it still has here runs again", async () => {
  const world = new World([podOf("kept"), podOf("moved")]);
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.advance(400_000);
  assert.equal(world.held.length, 2);
  world.bound = new Set(["kept"]);
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.settle();
  assert.deepEqual(world.released, ["kept"]);
});

Deno.test("fence: while nobody can say what is still here, nothing runs again", async () => {
  const world = new World([podOf("web")]);
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.advance(400_000);
  world.bound = undefined;
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.settle();
  assert.deepEqual(world.released, []);
  world.bound = new Set(["web"]);
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.settle();
  assert.deepEqual(world.released, ["web"]);
});

// deno-fmt-ignore
const COMING: { name: string; silentMs: number; revision: number; bound?: string[]; heldFirst: boolean; runs: boolean }[] = [
  { name: "starts at once after no silence",                silentMs: 3_000,  revision: 5,                   heldFirst: false, runs: true },
  { name: "starts once the API says that it is still here", silentMs: 60_000, revision: 5,  bound: ["late"], heldFirst: true,  runs: true },
  { name: "that has gone again never starts",               silentMs: 60_000, revision: 5,  bound: [],       heldFirst: true,  runs: false },
];
for (const { name, silentMs, revision, bound = [], heldFirst, runs } of COMING) {
  Deno.test(`fence: a pod of which a watch tells late ${name}`, async () => {
    const world = new World([]);
    world.fence.heard(world.clock.now(), LEASE_MS);
    await world.clock.advance(silentMs);
    world.bound = new Set(bound);
    world.fence.came(podOf("late"), revision);
    assert.equal(world.held.length === 1, heldFirst);
    world.fence.heard(world.clock.now(), LEASE_MS);
    await world.clock.settle();
    assert.equal(world.held.length === 0 || world.released.includes("late"), runs);
  });
}

Deno.test("fence: after the API was asked, what came to the node before and is not here never starts", async () => {
  const world = new World([]);
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.advance(60_000);
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.settle();
  world.fence.came(podOf("gone"), REVISION);
  world.fence.came(podOf("new"), REVISION + 1);
  assert.deepEqual(world.held.map(([uid]) => uid), ["gone"]);
});

Deno.test("fence: a silence after which nobody could be asked is remembered", async () => {
  const world = new World([]);
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.advance(60_000);
  world.bound = undefined;
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.settle();
  world.fence.came(podOf("late"), REVISION + 1);
  world.bound = new Set(["late"]);
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.settle();
  assert.deepEqual([world.held.length, world.released], [1, ["late"]]);
});

Deno.test("fence: a pod that comes while the API is asked, and after what it says, starts", async () => {
  const world = new World([]);
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.advance(60_000);
  world.fence.heard(world.clock.now(), LEASE_MS);
  world.fence.came(podOf("new"), REVISION + 1);
  world.fence.came(podOf("gone"), REVISION);
  await world.clock.settle();
  assert.deepEqual(world.released, ["new"]);
});

Deno.test("fence: a pod that tolerates the silence for ever starts whenever it comes", async () => {
  const world = new World([]);
  world.fence.heard(world.clock.now(), LEASE_MS);
  await world.clock.advance(60_000);
  world.fence.came(podOf("daemon", { toleratedSeconds: Infinity }), 5);
  assert.deepEqual(world.held, []);
});

// deno-fmt-ignore
const RESUMED: { name: string; heardAgo: number; tolerates: number; want: [number, number][] }[] = [
  { name: "in time, as if nothing had been",             heardAgo: 5_000,   tolerates: 300,      want: [[30, 274_000]] },
  { name: "within what is left",                         heardAgo: 3_000,   tolerates: 0,        want: [[2, 4_000]] },
  { name: "at once, when its time is nearly over",       heardAgo: 8_500,   tolerates: 0,        want: [[0, 0]] },
  { name: "a lease later, when others may run it anyway", heardAgo: 600_000, tolerates: 300,     want: [[0, 10_000]] },
  { name: "never, when it tolerates everything",         heardAgo: 600_000, tolerates: Infinity, want: [] },
  { name: "as if heard just now, when the clock was set back", heardAgo: -600_000, tolerates: 300, want: [[30, 279_000]] },
];
for (const { name, heardAgo, tolerates, want } of RESUMED) {
  Deno.test(`fence: an agent that starts without the API stops a pod ${name}`, async () => {
    const world = new World([podOf("web", { toleratedSeconds: tolerates })]);
    world.fence.resume(world.clock.now() - heardAgo, LEASE_MS);
    await world.clock.advance(700_000);
    assert.deepEqual(world.held, want.map(([seconds, at]) => ["web", seconds, at]));
  });
}

function podOf(name: string, pod: Partial<FencedPod> = {}): FencedPod {
  return { uid: name, name, toleratedSeconds: 300, graceSeconds: 30, ...pod };
}

const LEASE_MS = 10_000;
/** At which the API says what is bound. */
const REVISION = 10;

class World {
  readonly clock = new FakeClock(0);
  /** Pod, seconds that it has, and when. */
  readonly held: [string, number, number][] = [];
  readonly released: string[] = [];
  bound: Set<string> | undefined = new Set();
  readonly fence: Fence;

  constructor(pods: readonly FencedPod[]) {
    const { clock } = this;
    this.fence = new Fence({
      ...{ clock, log: () => {} },
      pods: () => pods,
      hold: (uid, seconds) => {
        if (seconds === undefined) this.released.push(uid);
        else this.held.push([uid, seconds, clock.now()]);
      },
      boundNow: () =>
        this.bound === undefined
          ? Promise.reject(new Error("away"))
          : Promise.resolve({ uids: this.bound, revision: REVISION }),
    });
  }
}
