import assert from "node:assert/strict";
import type { Event } from "../api/types/core_v1.ts";
import { EVENTS, NAMESPACES } from "../api/types/resources.ts";
import { EVENT_MS, EVENTS_MAX, expiredOf } from "./event_expiry.ts";
import { startCluster } from "./fake_cluster.ts";

const NOW = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

function eventAt(name: string, at: number, writtenAt?: number): Event {
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: {
      ...{ name, namespace: "default", creationTimestamp: time(at) },
      ...(writtenAt !== undefined && {
        managedFields: [{ manager: "kubelet", time: time(writtenAt) }],
      }),
    },
    involvedObject: { kind: "Pod", namespace: "default", name: "web" },
  };
}

// deno-fmt-ignore
const CASES: { name: string; event: Event; isOver: boolean }[] = [
  { name: "a minute old",                        event: eventAt("e", NOW - MINUTE),                         isOver: false },
  { name: "a moment short of an hour old",       event: eventAt("e", NOW - EVENT_MS + 1),                   isOver: false },
  { name: "an hour old",                         event: eventAt("e", NOW - EVENT_MS),                       isOver: true },
  { name: "old, and counted again a minute ago", event: eventAt("e", NOW - 2 * EVENT_MS, NOW - MINUTE),     isOver: false },
  { name: "old, and not counted for an hour",    event: eventAt("e", NOW - 2 * EVENT_MS, NOW - EVENT_MS),   isOver: true },
];

for (const { name, event, isOver } of CASES) {
  Deno.test(`row 100: an event that is ${name} ${isOver ? "goes" : "stays"}`, () => {
    assert.equal(expiredOf([event], NOW).length, isOver ? 1 : 0);
  });
}

Deno.test("event expiry: of too many the oldest go", () => {
  const events = Array.from(
    { length: EVENTS_MAX + 2 },
    (_, i) => eventAt(`e${i}`, NOW - 10 * i),
  );
  const names = expiredOf(events, NOW).map(({ metadata }) => metadata.name);
  assert.deepEqual(names, [`e${EVENTS_MAX + 1}`, `e${EVENTS_MAX}`]);
});

Deno.test("row 100: an event is gone an hour later", async () => {
  const cluster = await startCluster();
  const metadata = { name: "default" };
  await cluster.api.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata, spec: {} });
  const event = eventAt("e", cluster.clock.now());
  await cluster.api.create(EVENTS, event);
  await cluster.clock.advance(EVENT_MS - MINUTE);
  assert.equal((await cluster.api.list(EVENTS)).items.length, 1);
  await cluster.clock.advance(2 * MINUTE);
  assert.equal((await cluster.api.list(EVENTS)).items.length, 0);
  cluster.stop();
});
