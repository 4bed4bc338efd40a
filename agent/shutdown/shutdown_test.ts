import assert from "node:assert/strict";
import type { Pod, PodSpec } from "../../api/types/core_v1.ts";
import { FakeClock } from "../../client/fake_clock.ts";
import type { PodFailure } from "../status_sources.ts";
import { shutDownPods } from "./shutdown.ts";

const CRITICAL = 2_000_000_000;

Deno.test("shutdown: critical pods are told when the others have ended", async () => {
  const world = new World([podOf("web"), podOf("dns", { priority: CRITICAL }), podOf("job")]);
  const done = world.begin({ graceMs: 30_000, criticalGraceMs: 10_000 });
  await world.clock.advance(1_000);
  assert.deepEqual(world.told, ["web 20", "job 20"]);
  world.over("web");
  await world.clock.advance(1_000);
  assert.deepEqual(world.told.length, 2, "one of the others still runs");
  world.over("job");
  await world.clock.advance(200);
  assert.deepEqual(world.told, ["web 20", "job 20", "dns 10"]);
  world.over("dns");
  await world.clock.advance(200);
  await done;
});

Deno.test("shutdown: others that don't end take nothing of the critical pods' time", async () => {
  const world = new World([podOf("stuck"), podOf("dns", { priority: CRITICAL })]);
  const done = world.begin({ graceMs: 30_000, criticalGraceMs: 10_000 });
  await world.clock.advance(19_800);
  assert.deepEqual(world.told, ["stuck 20"]);
  await world.clock.advance(400);
  assert.deepEqual(world.told, ["stuck 20", "dns 10"]);
  await world.clock.advance(10_200);
  await done;
});

Deno.test("shutdown: nobody gets more time than the pod asks for, and who is over is left alone", async () => {
  const world = new World([podOf("quick", { terminationGracePeriodSeconds: 3 }), podOf("ended")]);
  world.over("ended");
  const done = world.begin({ graceMs: 30_000, criticalGraceMs: 10_000 });
  await world.clock.advance(0);
  assert.deepEqual(world.told, ["quick 3"]);
  assert.equal(world.why[0]?.condition?.type, "DisruptionTarget");
  world.over("quick");
  await world.clock.advance(200);
  await done;
});

function podOf(name: string, spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, uid: name },
    spec: { containers: [], ...spec },
    status: { phase: "Running" },
  };
}

class World {
  readonly clock = new FakeClock(0);
  /** Name of the pod and its seconds, in the order of being told. */
  readonly told: string[] = [];
  readonly why: PodFailure[] = [];
  #pods: Pod[];

  constructor(pods: Pod[]) {
    this.#pods = pods;
  }

  begin(settings: { graceMs: number; criticalGraceMs: number }): Promise<void> {
    return shutDownPods({
      ...settings,
      pods: () => this.#pods,
      end: (uid, failure) => {
        this.told.push(`${uid} ${failure.graceSeconds}`);
        this.why.push(failure);
      },
      clock: this.clock,
      log: () => {},
    });
  }

  over(name: string): void {
    this.#pods = this.#pods.map((pod) =>
      pod.metadata.name === name ? { ...pod, status: { phase: "Failed" } } : pod
    );
  }
}
