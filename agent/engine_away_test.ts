import assert from "node:assert/strict";
import { EVENTS, NODES } from "../api/types/resources.ts";
import { IMAGE, readiness, World } from "./agent_world.ts";
import type { FakeRuntime } from "./fake_runtime.ts";
import { RuntimeError, SANDBOX } from "./runtime.ts";

/** What pods become whose engine ends and takes its containers along, and comes back. */
const CASES = [
  { restartPolicy: "Always", want: { phase: "Running", restarts: 1 } },
  { restartPolicy: "OnFailure", want: { phase: "Running", restarts: 1 } },
  { restartPolicy: "Never", want: { phase: "Failed", restarts: 0 } },
] as const;

for (const { restartPolicy, want } of CASES) {
  for (const awayMs of [2_000, 300_000]) {
    Deno.test(`engine: away for ${awayMs / 1000} s it makes a pod of policy ${restartPolicy} ${want.phase}`, async () => {
      await using world = await World.open();
      await world.createPod("web", { restartPolicy });
      await endEngine(world);
      await world.advance(awayMs);
      assert.deepEqual(world.takeCalls().filter((call) => call.startsWith("start")), []);
      world.runtime.intercept = () => {};
      // no longer than until the engine is asked again
      await world.advance(2_500);
      const { status } = await world.pod("web");
      const restarts = status?.containerStatuses?.[0]?.restartCount;
      assert.deepEqual({ phase: status?.phase, restarts }, want);
      assert.equal(readiness(await world.api.get(NODES, "", "node-1")), "True");
      const reasons = (await world.api.list(EVENTS)).items.map(({ reason }) => reason);
      assert.ok(!reasons.includes("BackOff"));
      assert.ok(!reasons.includes("FailedCreatePodSandBox"));
    });
  }
}

for (const cut of [`start ${SANDBOX}`, "start a"]) {
  Deno.test(`engine: one that ends before "${cut}" leaves nothing that is counted`, async () => {
    await using world = await World.open();
    world.runtime.intercept = (call) => call === cut && refuse();
    await world.createPod("web");
    world.runtime.intercept = refuse;
    world.runtime.hangUp();
    await world.advance(10_000);
    world.runtime.intercept = () => {};
    await world.advance(2_500);
    const { status } = await world.pod("web");
    const [a] = status?.containerStatuses ?? [];
    assert.deepEqual([status?.phase, a?.restartCount, a?.image], ["Running", 0, IMAGE]);
    assert.deepEqual((await world.runtime.listContainers()).length, 2);
    const reasons = (await world.api.list(EVENTS)).items.map(({ reason }) => reason);
    assert.ok(!reasons.includes("FailedCreatePodSandBox"));
  });
}

Deno.test("engine: a pull that failed with it is tried again at once when it is back", async () => {
  await using world = await World.open();
  world.runtime.registry.add(IMAGE);
  await world.createPod("web", {
    containers: [{ name: "a", image: IMAGE, imagePullPolicy: "Always" }],
  });
  world.runtime.intercept = (call) => call.startsWith("pull") && refuse();
  world.die("a", 137);
  await world.settle();
  assert.equal(await world.waitingReason("web"), "ErrImagePull");
  world.runtime.intercept = refuse;
  world.runtime.hangUp();
  await world.advance(300_000);
  world.runtime.intercept = () => {};
  await world.advance(2_500);
  const { status } = await world.pod("web");
  assert.deepEqual([status?.phase, status?.containerStatuses?.[0]?.restartCount], ["Running", 1]);
});

Deno.test("engine: one that answers but refuses every start is asked less and less", async () => {
  await using world = await World.open();
  world.runtime.intercept = (call) => call === `start ${SANDBOX}` && refuse();
  await world.createPod("web");
  await world.advance(30_000);
  const made = world.takeCalls().filter((call) => call === `create ${SANDBOX}`).length;
  // after 0.1 s, 0.2 s, 0.4 s and so on; some find what the one before left
  assert.ok(made <= 10, `${made} sandboxes`);
});

/** What an engine does not answer any more, and how long the node takes to say so: a list is asked for each minute. */
const SILENCES = [
  { what: "nothing", calls: ["version", "listContainers"], withinMs: 41_000 },
  { what: "no lists", calls: ["listContainers"], withinMs: 91_000 },
] as const;

for (const { what, calls, withinMs } of SILENCES) {
  Deno.test(`engine: a node whose engine answers ${what} says so, and is ready again once it does`, async () => {
    await using world = await World.open();
    await world.createPod("web");
    const waiting = Promise.withResolvers<void>();
    for (const call of calls) silence(world.runtime, call, waiting.promise);
    await world.advance(withinMs);
    for (let minute = 0; minute < 2; minute += 1) {
      const { status } = await world.api.get(NODES, "", "node-1");
      const ready = status?.conditions?.find(({ type }) => type === "Ready");
      assert.equal(ready?.message, "container runtime is down: no answer for 30 s");
      await world.advance(60_000);
    }
    waiting.resolve();
    await world.advance(100);
    assert.equal(readiness(await world.api.get(NODES, "", "node-1")), "True");
  });
}

function silence(
  runtime: FakeRuntime,
  call: "version" | "listContainers",
  until: Promise<void>,
): void {
  const answer = runtime[call].bind(runtime) as () => Promise<never>;
  Object.assign(runtime, { [call]: () => until.then(answer) });
}

Deno.test("engine: a node that starts beside a silent engine is known, and not ready", async () => {
  const before = await World.open();
  await before.stop();
  await before.api.delete(NODES, "", "node-1");
  const waiting = Promise.withResolvers<void>();
  silence(before.runtime, "version", waiting.promise);
  await using world = await World.open(before);
  await world.advance(31_000);
  assert.equal(readiness(await world.api.get(NODES, "", "node-1")), "False");
  waiting.resolve();
  await world.advance(100);
  assert.equal(readiness(await world.api.get(NODES, "", "node-1")), "True");
});

/** As dockerd does: it refuses new connections, kills what runs and tells so, then hangs up. */
async function endEngine(world: World): Promise<void> {
  world.runtime.intercept = (call) => /^(create|start) /.test(call) && refuse();
  world.takeCalls();
  for (const { id, state } of await world.runtime.listContainers()) {
    if (state === "running") world.runtime.die(id, 137);
  }
  await world.advance(1_000);
  world.runtime.intercept = refuse;
  world.runtime.hangUp();
}

function refuse(): never {
  throw new RuntimeError("Unavailable", "connect ENOENT");
}
