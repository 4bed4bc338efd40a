import assert from "node:assert/strict";
import type { Pod } from "../api/types/core_v1.ts";
import { EVENTS } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import { BURST_PER_OBJECT_MAX, EventRecorder, EVENTS_REMEMBERED_MAX } from "./events.ts";
import { FakeApi } from "./fake_api.ts";
import { FakeClock } from "./fake_clock.ts";

Deno.test("row 100: a thousand repeats are one object that counts to a thousand", async () => {
  const { api, clock, recorder } = setUp();
  for (let i = 0; i < 1000; i += 1) {
    recorder.record(pod("web"), "Warning", "BackOff", "Back-off restarting");
    await clock.advance(10);
  }
  await clock.advance(2_000);
  const { items } = await api.list(EVENTS);
  assert.equal(items.length, 1);
  assert.equal(items[0]?.count, 1000);
  assert.equal(items[0]?.firstTimestamp, "2026-01-01T00:00:00Z");
  assert.equal(items[0]?.lastTimestamp, "2026-01-01T00:00:09Z");
  assert.ok(api.count("patch") <= 12, "about one write a second");
});

Deno.test("events: are named and shaped as Kubernetes's", async () => {
  const { api, clock, recorder } = setUp();
  recorder.record(pod("web"), "Normal", "Scheduled", "Successfully assigned default/web to node-1");
  await clock.settle();
  const [event] = (await api.list(EVENTS)).items;
  assert.match(event?.metadata.name ?? "", /^web\.[0-9a-f]{16}$/);
  assert.deepEqual(event?.involvedObject, {
    kind: "Pod",
    namespace: "default",
    name: "web",
    uid: "u-web",
    apiVersion: "v1",
  });
  assert.deepEqual([event?.type, event?.source?.component], ["Normal", "default-scheduler"]);
});

Deno.test("events: another reason, message or object is another event", async () => {
  const { api, clock, recorder } = setUp();
  recorder.record(pod("web"), "Normal", "A", "x");
  recorder.record(pod("web"), "Normal", "B", "x");
  recorder.record(pod("web"), "Normal", "A", "y");
  recorder.record(pod("db"), "Normal", "A", "x");
  await clock.settle();
  assert.equal((await api.list(EVENTS)).items.length, 4);
});

Deno.test("events: one object cannot flood the cluster with different messages", async () => {
  const { api, clock, recorder } = setUp();
  for (let i = 0; i < 1000; i += 1) recorder.record(pod("web"), "Normal", "A", `message ${i}`);
  recorder.record(pod("db"), "Normal", "A", "still heard");
  await clock.settle();
  assert.equal((await api.list(EVENTS)).items.length, BURST_PER_OBJECT_MAX + 1);
  assert.equal(recorder.dropped, 1000 - BURST_PER_OBJECT_MAX);
});

Deno.test("row 100: the oldest of 4,096 is forgotten and counted from 1 again", async () => {
  const { api, clock, recorder } = setUp();
  recorder.record(pod("first"), "Normal", "A", "x");
  for (let i = 0; i < EVENTS_REMEMBERED_MAX; i += 1) {
    recorder.record(pod(`p${i}`), "Normal", "A", "x");
  }
  recorder.record(pod("first"), "Normal", "A", "x");
  await clock.advance(1_000);
  const firsts = (await api.list(EVENTS)).items.filter(({ metadata }) =>
    metadata.name.startsWith("first.")
  );
  assert.deepEqual(firsts.map(({ count }) => count), [1, 1]);
});

Deno.test("events: one that expired is written anew with its count", async () => {
  const { api, clock, recorder } = setUp();
  recorder.record(pod("web"), "Normal", "A", "x");
  await clock.settle();
  await api.deleteCollection(EVENTS, {});
  recorder.record(pod("web"), "Normal", "A", "x");
  await clock.advance(1_000);
  assert.deepEqual((await api.list(EVENTS)).items.map(({ count }) => count), [2]);
});

Deno.test("events: an apiserver that is away is tried again, then given up", async () => {
  const { api, clock, recorder } = setUp();
  api.intercept = () => {
    throw new StatusError("ServiceUnavailable", "away");
  };
  recorder.record(pod("web"), "Normal", "A", "x");
  await clock.advance(60_000);
  assert.equal(api.count("create"), 5);
  assert.equal(recorder.dropped, 1);
  assert.equal(clock.pending, 0);
});

Deno.test("events: an apiserver that is too slow for them holds up 4,096, is told of once, and the rest is left out", async () => {
  const { api, clock, recorder, logged } = setUp();
  const answer = Promise.withResolvers<void>();
  api.intercept = () => answer.promise;
  for (let i = 0; i < EVENTS_REMEMBERED_MAX + 100; i += 1) {
    recorder.record(pod(`p${i}`), "Normal", "A", "x");
  }
  const underWay = api.count("create");
  assert.equal(recorder.dropped, 100 - underWay);
  assert.equal(logged.length, 1);
  answer.resolve();
  await clock.settle();
  assert.equal((await api.list(EVENTS)).items.length, EVENTS_REMEMBERED_MAX + underWay);
  recorder.record(pod(`p${EVENTS_REMEMBERED_MAX + 99}`), "Normal", "A", "x");
  await clock.settle();
  assert.equal((await api.list(EVENTS)).items.length, EVENTS_REMEMBERED_MAX + underWay + 1);
});

function setUp() {
  const clock = new FakeClock();
  const api = new FakeApi(clock);
  let state = 1;
  const random = () => (state = state * 48271 % 2147483647) / 2147483647;
  const logged: string[] = [];
  const recorder = new EventRecorder({
    api,
    clock,
    random,
    log: (line) => logged.push(line),
    component: "default-scheduler",
  });
  return { api, clock, recorder, logged };
}

function pod(name: string): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: `u-${name}` },
    spec: { containers: [] },
  };
}
