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

Deno.test("probes: what can't be asked says nothing, neither well nor ill", async () => {
  const liveness = { ...LIVENESS, failureThreshold: 1, periodSeconds: 1 };
  const world = open({ livenessProbe: liveness, readinessProbe: liveness }, {
    startedAt: T0,
    random: 0,
  });
  await world.clock.advance(1_000);
  assert.equal(world.probes.isReady("a-0", "a", world.pod), true);
  world.answers.set("live", "error");
  await world.clock.advance(5_000);
  assert.equal(world.probes.failedProbe("a-0"), undefined);
  assert.equal(world.probes.isReady("a-0", "a", world.pod), true);
  assert.ok(world.told.includes("Liveness probe errored: the engine is busy"));
});

function open(
  change: Partial<Container>,
  { startedAt, random }: { startedAt: number; random: number },
) {
  const clock = new FakeClock(T0);
  const observed = new ObservedPods();
  const asked: string[] = [];
  const answers = new Map<string, boolean | "error">();
  const told: string[] = [];
  const answer = (what: string) => {
    asked.push(what);
    if (answers.get(what) === "error") return Promise.reject(new Error("the engine is busy"));
    return Promise.resolve({ isSuccess: answers.get(what) !== false, output: "" });
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
    record: (_pod, _type, _reason, text) => void told.push(text),
    onChange: () => {},
  });
  observed.see(containerAt({ startedAt }));
  const pod = podWith({ containers: [containerSpec("a", change)] });
  probes.follow(pod, "10.0.0.9");
  return { clock, asked, answers, probes, pod, told };
}
