import assert from "node:assert/strict";
import { FakeClock } from "./fake_clock.ts";
import { WorkQueue } from "./queue.ts";

Deno.test("queue: a key waits once, however often it is added", async () => {
  const { queue, signal } = setUp();
  for (const key of ["a", "b", "a", "b"]) queue.add(key);
  assert.equal(queue.length, 2);
  assert.deepEqual([await queue.next(signal), await queue.next(signal)], ["a", "b"]);
});

Deno.test("queue: a key added while in work comes again after done, not before", async () => {
  const { queue, signal } = setUp();
  queue.add("a");
  await queue.next(signal);
  queue.add("a");
  assert.equal(queue.length, 0);
  queue.done("a");
  assert.equal(await queue.next(signal), "a");
});

Deno.test("queue: back-off doubles for each key and is forgotten on success", () => {
  const { queue } = setUp();
  const waits = Array.from({ length: 7 }, () => queue.addLater("a"));
  assert.deepEqual(waits, [10, 20, 40, 80, 160, 200, 200]);
  assert.equal(queue.addLater("b"), 10);
  queue.forget("a");
  assert.equal(queue.addLater("a"), 10);
});

Deno.test("queue: of two times for a key the earlier one wins", async () => {
  const { queue, clock } = setUp();
  queue.addAfter("a", 100);
  queue.addAfter("a", 50);
  queue.addAfter("a", 70);
  await clock.advance(50);
  assert.equal(queue.length, 1);
  assert.equal(clock.pending, 0);
});

Deno.test("queue: who waits for a key gets the one that comes, or undefined at the end", async () => {
  const { queue, signal, stop } = setUp();
  const first = queue.next(signal);
  const second = queue.next(signal);
  queue.add("a");
  assert.equal(await first, "a");
  stop();
  assert.equal(await second, undefined);
});

Deno.test("queue: order holds over thousands of keys", async () => {
  const { queue, signal } = setUp();
  const keys = Array.from({ length: 5000 }, (_, index) => `k${index}`);
  for (const key of keys) queue.add(key);
  const seen: (string | undefined)[] = [];
  for (const _ of keys) seen.push(await queue.next(signal));
  assert.deepEqual(seen, keys);
});

function setUp() {
  const clock = new FakeClock(0);
  const controller = new AbortController();
  const queue = new WorkQueue({ clock, backoffFirstMs: 10, backoffMaxMs: 200 });
  return { clock, queue, signal: controller.signal, stop: () => controller.abort() };
}
