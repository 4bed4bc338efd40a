import assert from "node:assert/strict";
import { FakeClock } from "../client/fake_clock.ts";
import { CHANGES } from "./changes.ts";
import { podWith } from "./fake_world.ts";
import { PriorityLine } from "./priority_line.ts";
import { SchedulingQueue } from "./queue.ts";

Deno.test("row 51: tries come at 0, 1, 3, 7, 15 s and then each 10 s, however often it is woken", async () => {
  const { queue, clock, tries } = reading(() => {});
  queue.put(podWith("big"), true);
  for (let seconds = 0; seconds <= 40; seconds += 1) {
    await clock.settle();
    queue.wake();
    await clock.advance(1_000);
  }
  assert.deepEqual(tries, [0, 1, 3, 7, 15, 25, 35]);
});

Deno.test("queue: a pod that nothing helps is tried again every five minutes", async () => {
  const { queue, clock, tries } = reading(() => {});
  queue.put(podWith("big"), true);
  await clock.advance(900_000);
  assert.deepEqual(tries, [0, 300, 600, 900]);
  queue.close();
  assert.equal(clock.pending, 0);
});

Deno.test("queue: only what could help wakes a pod", async () => {
  const { queue, clock, names } = reading((pod) =>
    queue.park(pod, pod.metadata.name === "big" ? CHANGES.podGone : CHANGES.nodeLabels)
  );
  queue.put(podWith("big"), true);
  queue.put(podWith("picky"), true);
  await clock.advance(10_000);
  queue.wake(CHANGES.podPlaced | CHANGES.nodeReady);
  await clock.settle();
  assert.deepEqual(names, ["big", "picky"]);
  queue.wake(CHANGES.podGone);
  await clock.settle();
  assert.deepEqual(names, ["big", "picky", "big"]);
});

Deno.test("queue: higher priorities go first, and equals in their order", () => {
  const line = new PriorityLine<string>();
  for (const [name, priority] of [["a", 0], ["b", 10], ["c", 0], ["d", -1], ["e", 10]] as const) {
    line.push(name, priority);
  }
  const order: (string | undefined)[] = [];
  for (let i = 0; i < 6; i += 1) order.push(line.shift());
  assert.deepEqual(order, ["b", "e", "a", "c", "d", undefined]);
});

Deno.test("queue: a pod that waited long is tried at once and begins with a short back-off", async () => {
  const { queue, clock, tries } = reading(() => {});
  queue.put(podWith("big"), true);
  await clock.advance(200_000);
  queue.wake();
  await clock.settle();
  queue.wake();
  await clock.advance(1_000);
  assert.deepEqual(tries, [0, 200, 201]);
});

Deno.test("row 51: others are not held up", async () => {
  const { queue, clock, names } = reading(() => {});
  queue.put(podWith("big"), true);
  await clock.settle();
  queue.put(podWith("good"), true);
  await clock.settle();
  assert.deepEqual(names, ["big", "good"]);
});

Deno.test("row 53: a pod that is removed while it waits is never taken", async () => {
  const { queue, clock, names } = reading((pod) => queue.retry(pod));
  queue.put(podWith("bad"), true);
  await clock.settle();
  queue.remove(podWith("bad"));
  queue.put(podWith("gone"), true);
  queue.remove(podWith("gone"));
  await clock.advance(600_000);
  assert.deepEqual(names, ["bad"]);
  assert.equal(queue.size, 0);
});

Deno.test("queue: a changed pod is tried again, a changed condition alone does nothing", async () => {
  const { queue, clock, tries } = reading(() => {});
  queue.put(podWith("big"), true);
  await clock.advance(10_000);
  queue.put(podWith("big"), false);
  await clock.advance(10_000);
  queue.put(podWith("big"), true);
  await clock.advance(10_000);
  assert.deepEqual(tries, [0, 20]);
});

/** Takes every pod as it comes and parks it, after `and`. */
function reading(and: (pod: ReturnType<typeof podWith>) => void) {
  const clock = new FakeClock(0);
  const queue = new SchedulingQueue(clock);
  const tries: number[] = [];
  const names: string[] = [];
  const signal = new AbortController().signal;
  (async () => {
    for (let pod = await queue.next(signal); pod !== undefined; pod = await queue.next(signal)) {
      tries.push(clock.now() / 1000);
      names.push(pod.metadata.name);
      and(pod);
      queue.park(pod);
    }
  })();
  return { queue, clock, tries, names };
}
