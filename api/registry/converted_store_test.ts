import assert from "node:assert/strict";
import type { Event as CoreEvent } from "../types/core_v1.ts";
import { MemoryLedger } from "../../store/memory_ledger.ts";
import { openStore } from "../../store/mvcc_store.ts";
import type { StoreEvent } from "../../store/store.ts";
import { events } from "./events.ts";
import { eventsV1 } from "./events_v1.ts";
import { horizontalPodAutoscalers } from "./horizontalpodautoscalers.ts";
import { horizontalPodAutoscalersV1 } from "./horizontalpodautoscalers_v1.ts";
import type { AnyKind } from "./kind.ts";
import { NOW, WRITE } from "./kinds_fixture.ts";
import { Registry } from "./registry.ts";

const clock = { now: () => Date.parse(NOW), sleep: () => Promise.resolve(), after: () => () => {} };

async function opened() {
  const store = await openStore(new MemoryLedger(), { clock, log: () => {} });
  const newUid = () => "uid-1";
  const around = { store, volatileStore: store, admission: [], clock, random: () => 0, newUid };
  return { store, registry: (kind: AnyKind) => new Registry(kind, around) };
}

const PLACE = { namespace: "default", name: "web" };

Deno.test("events: one object under two names", async () => {
  const { store, registry } = await opened();
  const [core, newer] = [registry(events), registry(eventsV1)];
  const seen: StoreEvent[] = [];
  const stop = newer.store.watch("events.k8s.io/events/", 0, (events) => seen.push(...events));
  await newer.create("default", {
    metadata: { name: "web" },
    regarding: { kind: "Pod", namespace: "default", name: "web" },
    ...{ note: "started", reason: "Started", action: "Start", type: "Normal" },
    ...{ reportingController: "agent", reportingInstance: "node-1" },
    eventTime: "2026-01-01T12:00:00.000000Z",
  }, WRITE);
  const { involvedObject, message, apiVersion } = core.get(PLACE).object as CoreEvent;
  assert.deepEqual([involvedObject.name, message, apiVersion], ["web", "started", "v1"]);
  const { key, bytes } = newer.get(PLACE);
  assert.equal(key, "events.k8s.io/events/default/web");
  assert.equal(JSON.parse(new TextDecoder().decode(bytes)).note, "started");
  await Promise.resolve();
  assert.deepEqual(seen.map(({ key }) => key), ["events.k8s.io/events/default/web"]);
  stop();
  await store.close();
});

Deno.test("autoscalers: what version 1 has no fields for survives it", async () => {
  const { store, registry } = await opened();
  const [newer, older] = [
    registry(horizontalPodAutoscalers),
    registry(horizontalPodAutoscalersV1),
  ];
  const memory = {
    type: "Resource",
    resource: { name: "memory", target: { type: "AverageValue", averageValue: "1Gi" } },
  };
  const cpu = {
    type: "Resource",
    resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } },
  };
  const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
  await newer.create("default", {
    metadata: { name: "web" },
    spec: { scaleTargetRef, maxReplicas: 4, metrics: [memory, cpu] },
  }, WRITE);
  const shown = older.get(PLACE).object as unknown as { spec: Record<string, unknown> };
  assert.deepEqual(shown.spec, {
    scaleTargetRef,
    maxReplicas: 4,
    minReplicas: 1,
    targetCPUUtilizationPercentage: 70,
  });
  await older.patch(PLACE, { type: "merge", body: { spec: { maxReplicas: 5 } } }, WRITE);
  const stored = newer.get(PLACE).object as unknown as { spec: Record<string, unknown> };
  assert.deepEqual([stored.spec["maxReplicas"], stored.spec["metrics"]], [5, [memory, cpu]]);
  await store.close();
});

Deno.test("autoscalers: annotations that are no metrics are nothing", async () => {
  const { store, registry } = await opened();
  const older = registry(horizontalPodAutoscalersV1);
  const annotations = { "autoscaling.alpha.kubernetes.io/metrics": "[null, 3, {}]" };
  const spec = { scaleTargetRef: { kind: "Deployment", name: "web" }, maxReplicas: 1 };
  await older.create("default", { metadata: { name: "web", annotations }, spec }, WRITE);
  assert.equal(older.get(PLACE).object.metadata.name, "web");
  await store.close();
});
