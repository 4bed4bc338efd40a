import assert from "node:assert/strict";
import { FakeClock } from "./fake_clock.ts";

Deno.test("fake clock: timers fire in the order of their time, then of their setting", async () => {
  const clock = new FakeClock(0);
  const seen: string[] = [];
  clock.after(20, () => seen.push(`late at ${clock.now()}`));
  clock.after(10, () => seen.push(`first at ${clock.now()}`));
  clock.after(10, () => seen.push(`second at ${clock.now()}`));
  await clock.advance(15);
  assert.deepEqual(seen, ["first at 10", "second at 10"]);
  await clock.advance(5);
  assert.deepEqual(seen.at(-1), "late at 20");
});

Deno.test("fake clock: a sleeper that sleeps again wakes at both times", async () => {
  const clock = new FakeClock(0);
  const wakes: number[] = [];
  (async () => {
    for (let i = 0; i < 3; i += 1) {
      await clock.sleep(10);
      wakes.push(clock.now());
    }
  })();
  await clock.advance(25);
  assert.deepEqual(wakes, [10, 20]);
});

Deno.test("fake clock: an aborted sleep ends at once and leaves no timer", async () => {
  const clock = new FakeClock(0);
  const controller = new AbortController();
  const sleep = clock.sleep(1000, controller.signal);
  controller.abort();
  await sleep;
  assert.equal(clock.pending, 0);
});
