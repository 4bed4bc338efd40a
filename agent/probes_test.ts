import assert from "node:assert/strict";
import type { Container } from "../api/types/core_v1.ts";
import { FakeClock } from "../client/fake_clock.ts";
import { ObservedPods } from "./observed_pods.ts";
import { containerAt, containerSpec, podWith, T0 } from "./pod_fixtures.ts";
import { Probes } from "./probes.ts";

const LIVENESS = { exec: { command: ["live"] }, periodSeconds: 10 };
const STARTUP = { exec: { command: ["up"] }, periodSeconds: 1, failureThreshold: 2 };

Deno.test("probes: an agent that starts again spreads its first questions over the period", async () => {
  const world = open({ livenessProbe: LIVENESS }, { startedAt: T0 - 60_000, random: 0.5 });
  await world.clock.advance(4_900);
  assert.deepEqual(world.asked, []);
  await world.clock.advance(200);
  assert.deepEqual(world.asked, ["live"]);
});

Deno.test("probes: a container that starts now is asked after its initial delay", async () => {
  const livenessProbe = { ...LIVENESS, initialDelaySeconds: 3 };
  const world = open({ livenessProbe }, { startedAt: T0, random: 0.5 });
  await world.clock.advance(2_900);
  assert.deepEqual(world.asked, []);
  await world.clock.advance(200);
  assert.deepEqual(world.asked, ["live"]);
});

Deno.test("probes: nothing else is asked before the startup probe has succeeded", async () => {
  const world = open({ livenessProbe: { ...LIVENESS, periodSeconds: 1 }, startupProbe: STARTUP }, {
    startedAt: T0,
    random: 0,
  });
  world.answers.set("up", false);
  await world.clock.advance(500);
  assert.deepEqual(world.asked, ["up"]);
  world.answers.set("up", true);
  await world.clock.advance(3_000);
  assert.equal(world.asked.filter((one) => one === "up").length, 2);
  assert.ok(world.asked.includes("live"));
  assert.equal(world.probes.failedProbe("a-0"), undefined);
});

Deno.test("probes: a startup probe that fails for good restarts the container", async () => {
  const world = open({ startupProbe: STARTUP }, { startedAt: T0, random: 0 });
  world.answers.set("up", false);
  await world.clock.advance(3_000);
  assert.equal(world.probes.failedProbe("a-0"), "startup");
  assert.deepEqual(world.asked, ["up", "up"]);
});

function open(
  change: Partial<Container>,
  { startedAt, random }: { startedAt: number; random: number },
) {
  const clock = new FakeClock(T0);
  const observed = new ObservedPods();
  const asked: string[] = [];
  const answers = new Map<string, boolean>();
  const answer = (what: string) => {
    asked.push(what);
    return Promise.resolve({ isSuccess: answers.get(what) ?? true, output: "" });
  };
  const probes = new Probes({
    prober: {
      exec: (_id, command) => answer(command.join(" ")),
      httpGet: (url) => answer(url),
      connect: (host, port) => answer(`${host}:${port}`),
      grpc: (host, port) => answer(`${host}:${port}`),
    },
    observed,
    clock,
    random: () => random,
    record: () => {},
    onChange: () => {},
  });
  observed.see(containerAt({ startedAt }));
  const pod = podWith({ containers: [containerSpec("a", change)] });
  probes.follow(pod, "10.0.0.9");
  return { clock, asked, answers, probes };
}
