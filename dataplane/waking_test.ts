import assert from "node:assert/strict";
import { FakeClock } from "../client/fake_clock.ts";
import type { PodAddress, ServiceRule } from "./rules.ts";
import { type Holder, Waking } from "./waking.ts";

const AT: PodAddress = { ip: "192.0.2.2", port: 40_000 };
const POD: PodAddress = { ip: "10.1.0.2", port: 80 };

/** Remembers what it was asked to hold. */
class FakeHolder implements Holder {
  readonly held = new Map<string, () => Promise<PodAddress | undefined>>();

  hold(rule: string, served: () => Promise<PodAddress | undefined>) {
    this.held.set(rule, served);
    return Promise.resolve(AT);
  }

  release(rule: string): void {
    this.held.delete(rule);
  }
}

function scene(more: { mayHold?: () => boolean } = {}) {
  const clock = new FakeClock();
  const holder = new FakeHolder();
  return { clock, holder, waking: new Waking({ clock, holder, ...more }) };
}

function ruleOf(name: string, more: Partial<ServiceRule> = {}): ServiceRule {
  return {
    ...{ name, protocol: "TCP", frontends: [], backends: [], affinitySeconds: 0, wakes: true },
    ...more,
  };
}

Deno.test("waking: services that may not sleep cost nothing", async () => {
  const { waking } = scene();
  const { wakes: _, ...plain } = ruleOf("default/web:");
  assert.equal(await waking.holders([plain]), undefined);
});

Deno.test("waking: TCP is held, UDP is only told of", async () => {
  const { waking } = scene();
  const rules = [ruleOf("default/web:"), ruleOf("default/dns:", { protocol: "UDP" })];
  assert.deepEqual([...await waking.holders(rules) ?? []], [
    ["default/web:", AT],
    ["default/dns:", undefined],
  ]);
});

Deno.test("waking: nobody is held while policies restrict who reaches whom", async () => {
  let may = true;
  const { waking, holder } = scene({ mayHold: () => may });
  await waking.holders([ruleOf("default/web:")]);
  may = false; // between two syncs
  assert.equal(await holder.held.get("default/web:")?.(), undefined);
  const holders = await waking.holders([ruleOf("default/web:")]);
  assert.deepEqual([...holders ?? []], [["default/web:", undefined]]);
});

Deno.test("waking: a service is wanted from the first attempt until it has a pod", async () => {
  const { waking } = scene();
  let told = 0;
  waking.onWanted(() => told++);
  await waking.holders([ruleOf("default/web:")]);
  waking.note("default/web:");
  waking.note("default/web:");
  waking.note("default/other:");
  assert.deepEqual([waking.wanted(), told], [["default/web"], 1]);
  await waking.holders([ruleOf("default/web:", { backends: [POD] })]);
  waking.programmed();
  assert.deepEqual(waking.wanted(), []);
});

Deno.test("waking: what nobody asks for any more is forgotten", async () => {
  const { waking, clock } = scene();
  await waking.holders([ruleOf("default/web:")]);
  waking.note("default/web:");
  await clock.advance(31_000);
  assert.deepEqual(waking.wanted(), []);
});

Deno.test("waking: a held connection goes to the pod as soon as the kernel has it", async () => {
  const { waking, holder } = scene();
  await waking.holders([ruleOf("default/web:")]);
  const served = holder.held.get("default/web:")!();
  assert.deepEqual(waking.wanted(), ["default/web"]);
  await waking.holders([ruleOf("default/web:", { backends: [POD] })]);
  waking.programmed();
  assert.deepEqual(await served, POD);
});

Deno.test("waking: a connection that no pod comes for is given up after a minute", async () => {
  const { waking, holder, clock } = scene();
  await waking.holders([ruleOf("default/web:")]);
  const served = holder.held.get("default/web:")!();
  await clock.advance(60_000);
  assert.equal(await served, undefined);
});

Deno.test("waking: a service that may sleep no more is let go", async () => {
  const { waking, holder } = scene();
  await waking.holders([ruleOf("default/web:")]);
  await waking.holders([]);
  assert.deepEqual([...holder.held.keys()], []);
  assert.deepEqual([...waking.watched()], []);
});
