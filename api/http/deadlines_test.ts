import assert from "node:assert/strict";
import type { Clock } from "../types/ambient.ts";
import { Deadlines } from "./deadlines.ts";

function withClock() {
  let now = 0;
  const timers = new Set<{ at: number; callback: () => void }>();
  const clock: Clock = {
    now: () => now,
    sleep: () => Promise.resolve(),
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  const goTo = (time: number) => {
    now = time;
    for (const timer of [...timers]) if (timer.at <= now && timers.delete(timer)) timer.callback();
  };
  const late: string[] = [];
  const deadlines = new Deadlines(clock, 60);
  const begin = (name: string) => deadlines.begin(() => late.push(name));
  return { begin, goTo, late, timers };
}

Deno.test("deadlines: each is told when its own time is over, by one timer", () => {
  const { begin, goTo, late, timers } = withClock();
  begin("first");
  goTo(10);
  const end = begin("second");
  goTo(20);
  begin("third");
  assert.equal(timers.size, 1);
  end();
  goTo(59);
  assert.deepEqual(late, []);
  goTo(60);
  assert.deepEqual(late, ["first"]);
  assert.equal(timers.size, 1);
  goTo(80);
  assert.deepEqual(late, ["first", "third"]);
  assert.equal(timers.size, 0);
});

Deno.test("deadlines: nothing is left when all were in time", () => {
  const { begin, goTo, late, timers } = withClock();
  const ends = [begin("first"), begin("second")];
  for (const end of ends) end();
  assert.equal(timers.size, 0);
  goTo(1_000);
  assert.deepEqual(late, []);
});
