import assert from "node:assert/strict";
import { PODS } from "../api/types/resources.ts";
import { World } from "./agent_world.ts";
import { SANDBOX } from "./runtime.ts";

Deno.test("sandbox pool: a pod takes a sandbox that was made ahead, and its restarts stay in it", async () => {
  await using world = await worldWithPool();
  await world.createPod("web", { hostname: "shop" });
  assert.deepEqual(world.takeCalls(), [`claim ${SANDBOX}`, "create a", "start a"]);
  assert.deepEqual([...world.hostNames.known.values()], ["shop"]);
  const { uid } = (await world.pod("web")).metadata;
  assert.equal(await world.files.readText(`/data/pods/${uid}/hostname`), "shop\n");
  world.die("a", 1);
  await world.advance(11_000);
  const restarted = world.takeCalls();
  assert.ok(restarted.includes("start a"), restarted.join());
  assert.ok(!restarted.some((call) => call.startsWith("claim")), restarted.join());
  assert.equal((await world.pod("web")).status?.containerStatuses?.[0]?.restartCount, 1);
});

Deno.test("sandbox pool: the next one is made once the start is over", async () => {
  await using world = await worldWithPool();
  await world.createPod("web");
  world.takeCalls();
  await world.advance(1_000);
  assert.deepEqual(world.takeCalls(), [`create ${SANDBOX}`, `start ${SANDBOX}`]);
});

Deno.test("sandbox pool: a pod with settings of its own gets a sandbox of its own", async () => {
  await using world = await worldWithPool();
  await world.createPod("web", { shareProcessNamespace: true });
  const want = [`create ${SANDBOX}`, "create a", `start ${SANDBOX}`, "start a"];
  assert.deepEqual(world.takeCalls(), want);
  assert.equal(world.hostNames.known.size, 0);
});

Deno.test("sandbox pool: the name of a pod that is gone is forgotten", async () => {
  await using world = await worldWithPool();
  await world.createPod("web");
  assert.equal(world.hostNames.known.size, 1);
  await world.api.delete(PODS, "default", "web", { gracePeriodSeconds: 0 });
  await world.advance(1_000);
  assert.equal(world.hostNames.known.size, 0);
});

Deno.test("sandbox pool: an agent that can name nobody any more makes sandboxes anew before it starts in them", async () => {
  const before = await worldWithPool();
  await before.createPod("web");
  await before.stop();
  await using world = await World.open(before);
  world.die("a", 1);
  await world.advance(30_000);
  const calls = world.takeCalls();
  assert.ok(calls.includes(`create ${SANDBOX}`), calls.join());
  assert.deepEqual(await world.running(), ["web"]);
  const all = await world.runtime.listContainers();
  assert.ok(all.every(({ standIn }) => standIn === undefined));
});

Deno.test("sandbox pool: a process that could not be named costs the pod its sandbox, not its life", async () => {
  await using world = await worldWithPool();
  await world.createPod("web");
  const [standIn = ""] = world.hostNames.known.keys();
  world.die("a", 137);
  world.hostNames.fail(standIn, "EPERM");
  await world.advance(30_000);
  assert.deepEqual(await world.running(), ["web"]);
  const all = await world.runtime.listContainers();
  assert.ok(all.every(({ standIn }) => standIn === undefined));
});

/** A node that has made one sandbox ahead. */
async function worldWithPool(): Promise<World> {
  const world = await World.open(undefined, undefined, 1);
  await world.advance(1_000);
  assert.deepEqual(world.takeCalls(), [`create ${SANDBOX}`, `start ${SANDBOX}`]);
  return world;
}
