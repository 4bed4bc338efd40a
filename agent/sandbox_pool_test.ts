import assert from "node:assert/strict";
import { FakeClock } from "../client/fake_clock.ts";
import { FakePodHostNames } from "./fake_pod_host_names.ts";
import { FakeRuntime } from "./fake_runtime.ts";
import { ObservedPods } from "./observed_pods.ts";
import { RuntimeError, type SandboxConfig } from "./runtime.ts";
import { sandboxWith } from "./runtime_fixtures.ts";
import { isPlain, SandboxPool } from "./sandbox_pool.ts";
import { StartTurns } from "./start_turns.ts";

const OWN_SETTINGS: readonly Partial<SandboxConfig>[] = [
  { isHostNetwork: true },
  { isHostPid: true },
  { isHostIpc: true },
  { isPidShared: true },
  { sysctls: { "net.ipv4.ip_unprivileged_port_start": "0" } },
  { runtimeHandler: "runsc" },
  { hostname: "a".repeat(65) },
];

Deno.test("sandbox pool: a sandbox with settings of its own is not one that was made ahead", () => {
  assert.ok(isPlain(sandboxWith()));
  for (const own of OWN_SETTINGS) assert.ok(!isPlain(sandboxWith(own)), JSON.stringify(own));
});

Deno.test("sandbox pool: it is filled, and filled again, once nobody has started anything for a while", async () => {
  await using world = await openWorld();
  assert.equal(await world.idle(), 0);
  await world.rest();
  assert.equal(await world.idle(), 2);
  assert.ok(world.pool.take(sandboxWith()) !== undefined);
  const endTurn = await world.turn();
  await world.rest();
  assert.equal(world.pool.size, 1);
  endTurn();
  await world.rest();
  assert.equal(world.pool.size, 2);
});

Deno.test("sandbox pool: who takes one has its name told before it is theirs", async () => {
  await using world = await openWorld();
  await world.rest();
  const config = sandboxWith({ hostname: "web-0" });
  const taken = world.pool.take(config);
  assert.ok(taken !== undefined);
  assert.equal(world.names.known.get(taken.standIn), "web-0");
  const { id, pod } = await world.pool.claim(taken, config);
  assert.deepEqual([id, pod], [taken.id, config.pod]);
  world.pool.release(taken.standIn);
  assert.equal(world.names.known.size, 0);
});

Deno.test("sandbox pool: where the kernel takes no more names nobody gets one", async () => {
  await using world = await openWorld();
  await world.rest();
  world.names.intercept = () => {
    throw new Error("E2BIG: the map is full");
  };
  assert.equal(world.pool.take(sandboxWith()), undefined);
  assert.equal(world.pool.size, 2);
});

Deno.test("sandbox pool: a later agent takes over those that run, and removes the others", async () => {
  const runtime = new FakeRuntime(new FakeClock());
  {
    await using world = await openWorld({ runtime, size: 4 });
    await world.rest();
    runtime.die((await runtime.listIdle())[0]?.id ?? "", 137);
  }
  await using later = await openWorld({ runtime, size: 2 });
  assert.equal(later.pool.size, 2);
  assert.equal(await later.idle(), 2);
});

Deno.test("sandbox pool: one that is being claimed is not taken over as an idle one", async () => {
  await using world = await openWorld();
  await world.rest();
  const config = sandboxWith();
  const taken = world.pool.take(config);
  await world.pool.adopt();
  assert.equal(world.pool.size, 1);
  assert.equal((await world.pool.claim(taken!, config)).state, "running");
});

Deno.test("sandbox pool: names of sandboxes that are gone are forgotten by a later agent", async () => {
  const names = new FakePodHostNames();
  names.give("idle-gone", "web-0");
  await using _world = await openWorld({ names });
  assert.equal(names.known.size, 0);
});

Deno.test("sandbox pool: one that ends while it is idle is replaced", async () => {
  await using world = await openWorld();
  await world.rest();
  const [first] = await world.runtime.listIdle();
  world.runtime.die(first?.id ?? "", 137);
  world.pool.lose(first?.id ?? "");
  assert.equal(world.pool.size, 1);
  await world.rest();
  assert.equal(world.pool.size, 2);
});

Deno.test("sandbox pool: one that can't be made is tried again, ever less often", async () => {
  await using world = await openWorld();
  let tries = 0;
  world.runtime.intercept = (call) => {
    if (!call.startsWith("create")) return;
    tries += 1;
    throw new RuntimeError("NoSuchImage", "No such image");
  };
  await world.advance(10_000);
  assert.equal(tries, 4);
  world.runtime.intercept = () => {};
  await world.advance(8_000);
  assert.equal(world.pool.size, 2);
});

Deno.test("sandbox pool: after a process that could not be named nothing is made ahead any more", async () => {
  await using world = await openWorld();
  await world.rest();
  const config = sandboxWith();
  const taken = world.pool.take(config);
  world.observed.see(await world.pool.claim(taken!, config));
  world.names.fail(taken!.standIn, "EPERM");
  await world.rest();
  assert.deepEqual([world.pool.size, await world.idle(), world.runtime.containers().length], [
    0,
    0,
    0,
  ]);
  assert.equal(world.pool.take(config), undefined);
});

Deno.test("sandbox pool: of size 0 it makes none, and removes those of before", async () => {
  const runtime = new FakeRuntime(new FakeClock());
  {
    await using world = await openWorld({ runtime });
    await world.rest();
  }
  await using world = await openWorld({ runtime, size: 0 });
  await world.rest();
  assert.equal(await world.idle(), 0);
});

interface WorldOptions {
  readonly runtime?: FakeRuntime;
  readonly names?: FakePodHostNames;
  readonly size?: number;
}

async function openWorld({ runtime, names = new FakePodHostNames(), size = 2 }: WorldOptions = {}) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const { signal } = stop;
  const turns = new StartTurns(clock, 4);
  const engine = runtime ?? new FakeRuntime(clock);
  const observed = new ObservedPods();
  const newStandIn = () => `idle-${drawn++}`;
  const pool = new SandboxPool({
    ...{ runtime: engine, names, size, observed, turns, newStandIn, clock, signal },
    log: () => {},
  });
  await pool.adopt();
  const advance = async (ms: number) => {
    await clock.advance(ms);
    await clock.settle();
  };
  return {
    ...{ pool, names, observed, runtime: engine, advance },
    idle: async () => (await engine.listIdle()).length,
    rest: () => advance(500),
    turn: async () => (await turns.take(signal))!,
    [Symbol.asyncDispose]() {
      stop.abort();
      return Promise.resolve();
    },
  };
}

let drawn = 0;
