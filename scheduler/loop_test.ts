import assert from "node:assert/strict";
import type { PersistentVolumeClaim, Pod } from "../api/types/core_v1.ts";
import {
  EVENTS,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
} from "../api/types/resources.ts";
import { STORAGE_CLASSES } from "../api/types/storage_v1.ts";
import { StatusError } from "../api/types/status.ts";
import { FakeApi } from "../client/fake_api.ts";
import { FakeClock } from "../client/fake_clock.ts";
import { Informers } from "../client/informer.ts";
import { nodeWith, podWith, type PodWords } from "./fake_world.ts";
import { runScheduler } from "./loop.ts";

Deno.test("row 50: the scheduler binds a pod and says so", async () => {
  const world = await setUp();
  await world.api.create(NODES, nodeWith("node-1"));
  await world.create("web");
  assert.deepEqual(await world.places(), { web: "node-1" });
  assert.deepEqual(await world.events(), [
    "Normal Scheduled Successfully assigned default/web to node-1",
  ]);
  world.stop();
});

Deno.test("row 50: condition and event say why a pod waits, once", async () => {
  const world = await setUp();
  for (const n of [1, 2, 3]) await world.api.create(NODES, nodeWith(`node-${n}`, { cpu: "1" }));
  await world.create("big", { cpu: "2" });
  const message = "0/3 nodes are available: 3 Insufficient cpu. " +
    "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
  const [condition] = (await world.get("big")).status?.conditions ?? [];
  assert.deepEqual([condition?.type, condition?.status, condition?.reason, condition?.message], [
    "PodScheduled",
    "False",
    "Unschedulable",
    message,
  ]);
  assert.deepEqual(await world.events(), [`Warning FailedScheduling ${message}`]);
  const before = world.api.calls.length;
  await world.clock.advance(280_000);
  assert.equal(world.api.calls.length, before, "nothing is asked while nothing changes");
  world.stop();
});

Deno.test("row 33: a new node, a freed one and an uncordoned one let a waiting pod run", async () => {
  const world = await setUp();
  await world.create("first", { cpu: "3" });
  await world.api.create(NODES, nodeWith("node-1"));
  await world.clock.advance(1_000);
  assert.deepEqual(await world.places(), { first: "node-1" });
  await world.create("second", { cpu: "3" });
  await world.clock.advance(60_000);
  await world.api.delete(PODS, "default", "first", { gracePeriodSeconds: 0 });
  await world.clock.settle();
  assert.deepEqual(await world.places(), { second: "node-1" });
  const cordoned = nodeWith("node-2", { spec: { unschedulable: true } });
  const made = await world.api.create(NODES, cordoned);
  await world.create("third", { cpu: "3" });
  await world.clock.advance(60_000);
  await world.api.update(NODES, { ...made, spec: {} });
  await world.clock.settle();
  assert.deepEqual(await world.places(), { second: "node-1", third: "node-2" });
  world.stop();
});

Deno.test("row 32: a cordoned node keeps its pods and gets none of 100 new ones", async () => {
  const world = await setUp();
  const made = await world.api.create(NODES, nodeWith("node-1"));
  await world.create("old");
  await world.api.update(NODES, { ...made, spec: { unschedulable: true } });
  await world.api.create(NODES, nodeWith("node-2"));
  await world.clock.settle();
  for (let i = 0; i < 100; i += 1) await world.api.create(PODS, podWith(`new-${i}`));
  await world.clock.settle();
  const places = Object.values(await world.places());
  assert.deepEqual(count(places), { "node-1": 1, "node-2": 100 });
  world.stop();
});

Deno.test("row 52: ten pods with one host port land on ten nodes though the watch is 5 s late", async () => {
  const world = await setUp();
  for (let n = 0; n < 10; n += 1) await world.api.create(NODES, nodeWith(`node-${n}`));
  await world.clock.settle();
  world.api.watchDelayMs = 5_000;
  for (let i = 0; i < 10; i += 1) {
    await world.api.create(PODS, podWith(`p${i}`, { hostPort: 8080 }));
  }
  await world.clock.advance(20_000);
  const places = Object.values(await world.places());
  assert.equal(new Set(places).size, 10);
  assert.equal(world.api.count("bind"), 10, "none was tried twice");
  world.stop();
});

Deno.test("row 52: a binding that fails frees the place and is tried again after its back-off", async () => {
  const world = await setUp();
  await world.api.create(NODES, nodeWith("node-1", { cpu: "1" }));
  let failures = 3;
  const tries: number[] = [];
  const began = world.clock.now();
  world.api.intercept = ({ verb }) => {
    if (verb !== "bind") return;
    tries.push((world.clock.now() - began) / 1000);
    if ((failures -= 1) >= 0) throw new StatusError("ServiceUnavailable", "away");
  };
  await world.create("web", { cpu: "1" });
  await world.clock.advance(60_000);
  assert.deepEqual(tries, [0, 1, 3, 7]);
  assert.deepEqual(await world.places(), { web: "node-1" });
  world.stop();
});

Deno.test("row 53: a pod that another bound first is left alone", async () => {
  const world = await setUp();
  await world.api.create(NODES, nodeWith("node-1"));
  await world.api.create(NODES, nodeWith("node-2"));
  let isFirst = true;
  world.api.intercept = async ({ verb, name }) => {
    if (verb !== "bind" || !isFirst) return;
    isFirst = false;
    await world.api.bind("default", name, "", "node-2");
  };
  await world.create("web");
  await world.clock.advance(10_000);
  assert.deepEqual(await world.places(), { web: "node-2" });
  assert.equal(world.api.count("bind"), 2, "ours was refused, and not tried again");
  world.stop();
});

Deno.test("row 53: pods that are deleted at any moment are never bound, and the others all are", async () => {
  const world = await setUp();
  for (let n = 0; n < 4; n += 1) await world.api.create(NODES, nodeWith(`node-${n}`));
  world.api.watchDelayMs = 7;
  let state = 3;
  const whole = (max: number) => (state = state * 48271 % 2147483647) % max;
  const deleted = new Set<string>();
  for (let i = 0; i < 200; i += 1) {
    await world.api.create(PODS, podWith(`p${i}`));
    await world.clock.advance(whole(10));
    const victim = `p${whole(i + 1)}`;
    if (deleted.has(victim)) continue;
    await world.api.delete(PODS, "default", victim, { gracePeriodSeconds: 0 });
    deleted.add(victim);
  }
  await world.clock.advance(120_000);
  const places = await world.places();
  assert.equal(Object.keys(places).length, 200 - deleted.size);
  assert.ok(Object.values(places).every((node) => node !== ""));
  world.stop();
});

Deno.test("scheduler: a more important pod takes the place of the least important one, with its grace", async () => {
  const world = await setUp();
  await world.api.create(NODES, nodeWith("node-1", { cpu: "1" }));
  await world.api.create(NODES, nodeWith("node-2", { cpu: "1" }));
  await world.create("low", { cpu: "1", spec: { priority: 1 } });
  await world.create("middle", { cpu: "1", spec: { priority: 5 } });
  const { low } = await world.places();
  await world.create("high", { cpu: "1", spec: { priority: 10 } });
  const high = await world.get("high");
  assert.equal(high.status?.nominatedNodeName, low);
  assert.equal(
    high.status?.conditions?.[0]?.message,
    "0/2 nodes are available: 2 Insufficient cpu.",
  );
  const deletion = world.api.calls.filter(({ verb }) => verb === "delete");
  assert.deepEqual(deletion.map(({ name }) => name), ["low"]);
  const isEnding = (await world.get("low")).metadata.deletionTimestamp !== undefined;
  assert.ok(isEnding, "it has its grace");
  await world.api.delete(PODS, "default", "low", { gracePeriodSeconds: 0 });
  await world.clock.advance(60_000);
  const { high: where, middle } = await world.places();
  assert.equal(where, low);
  assert.ok(middle);
  const events = await world.events();
  assert.ok(
    events.includes(`Normal Preempted Preempted by pod ${high.metadata.uid} on node ${low}`),
  );
  world.stop();
});

Deno.test("scheduler: while room is made nobody less important takes it", async () => {
  const world = await setUp();
  await world.api.create(NODES, nodeWith("node-1", { cpu: "1" }));
  await world.create("low", { cpu: "1" });
  world.api.intercept = ({ verb, name }) => {
    if (verb === "delete" && name === "low") throw new StatusError("ServiceUnavailable", "away");
  };
  await world.create("high", { cpu: "1", spec: { priority: 10 } });
  world.api.intercept = () => {};
  await world.create("other", { cpu: "1" });
  await world.api.delete(PODS, "default", "low", { gracePeriodSeconds: 0 });
  await world.clock.advance(30_000);
  assert.deepEqual(await world.places(), { high: "node-1", other: "" });
  world.stop();
});

Deno.test("scheduler: a victim that could not be told is told after the pod's back-off", async () => {
  const world = await setUp();
  await world.api.create(NODES, nodeWith("node-1", { cpu: "1" }));
  await world.create("low", { cpu: "1" });
  let failures = 1;
  world.api.intercept = ({ verb, name }) => {
    if (verb !== "delete" || name !== "low" || (failures -= 1) < 0) return;
    throw new StatusError("ServiceUnavailable", "away");
  };
  await world.create("high", { cpu: "1", spec: { priority: 10 } });
  await world.clock.advance(2_000);
  assert.equal(world.api.count("delete", PODS), 2);
  world.stop();
});

Deno.test("scheduler: a pod with preemptionPolicy Never waits", async () => {
  const world = await setUp();
  await world.api.create(NODES, nodeWith("node-1", { cpu: "1" }));
  await world.create("low", { cpu: "1" });
  await world.create("high", { cpu: "1", spec: { priority: 10, preemptionPolicy: "Never" } });
  const [condition] = (await world.get("high")).status?.conditions ?? [];
  assert.equal(
    condition?.message,
    "0/1 nodes are available: 1 Insufficient cpu. " +
      "preemption: not eligible due to preemptionPolicy=Never.",
  );
  assert.equal(world.api.count("delete"), 0);
  world.stop();
});

/** Bound once a pod has a node. */
async function claimThatWaits(api: FakeApi): Promise<PersistentVolumeClaim> {
  await api.create(STORAGE_CLASSES, {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "local" },
    provisioner: "example.com/disk",
    volumeBindingMode: "WaitForFirstConsumer",
  });
  return await api.create(PERSISTENT_VOLUME_CLAIMS, {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "data", namespace: "default" },
    spec: { storageClassName: "local", accessModes: ["ReadWriteOnce"] },
  });
}

const USES_CLAIM = {
  spec: { volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }] },
};

Deno.test("scheduler: a claim that could not be told the node is told after the pod's back-off", async () => {
  const world = await setUp();
  await world.api.create(NODES, nodeWith("node-1"));
  await claimThatWaits(world.api);
  let failures = 2;
  world.api.intercept = ({ verb, resource }) => {
    if (verb !== "patch" || resource !== "persistentvolumeclaims" || (failures -= 1) < 0) return;
    throw new StatusError("ServiceUnavailable", "away");
  };
  await world.create("db", USES_CLAIM);
  await world.clock.advance(5_000);
  const { metadata } = await world.api.get(PERSISTENT_VOLUME_CLAIMS, "default", "data");
  assert.equal(metadata.annotations?.["volume.kubernetes.io/selected-node"], "node-1");
  world.stop();
});

Deno.test("scheduler: a claim that waits for its pod learns the node, and the pod goes there when it is bound", async () => {
  const world = await setUp();
  await world.api.create(NODES, nodeWith("node-1"));
  const claim = await claimThatWaits(world.api);
  await world.create("db", USES_CLAIM);
  const chosen = await world.api.get(PERSISTENT_VOLUME_CLAIMS, "default", "data");
  assert.equal(chosen.metadata.annotations?.["volume.kubernetes.io/selected-node"], "node-1");
  assert.deepEqual(await world.places(), { db: "" });
  await world.api.create(PERSISTENT_VOLUMES, {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "pv" },
    spec: { capacity: { storage: "1Gi" } },
  });
  await world.api.update(PERSISTENT_VOLUME_CLAIMS, {
    ...chosen,
    spec: { ...claim.spec, volumeName: "pv" },
  });
  await world.clock.advance(2_000);
  assert.deepEqual(await world.places(), { db: "node-1" });
  world.stop();
});

Deno.test("scheduler: leaves pods of other schedulers, gated and ending pods alone", async () => {
  const world = await setUp();
  await world.api.create(NODES, nodeWith("node-1"));
  await world.create("other", { spec: { schedulerName: "mine" } });
  await world.create("gated", { spec: { schedulingGates: [{ name: "wait" }] } });
  const held = podWith("ending");
  held.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
  await world.api.create(PODS, held);
  await world.clock.advance(10_000);
  assert.deepEqual(await world.places(), { ending: "", gated: "", other: "" });
  world.stop();
});

Deno.test("scheduler: 2,000 pods over 200 nodes are bound without waiting for each other", async () => {
  const world = await setUp();
  for (let n = 0; n < 200; n += 1) await world.api.create(NODES, nodeWith(`node-${n}`));
  for (let i = 0; i < 2_000; i += 1) {
    await world.api.create(PODS, podWith(`p${i}`, { cpu: "100m", memory: "100Mi" }));
  }
  for (let i = 0; i < 50; i += 1) await world.clock.settle();
  const { "": waiting = 0, ...counts } = count(Object.values(await world.places()));
  assert.equal(waiting, 0);
  assert.ok(
    Math.max(...Object.values(counts)) <= 20,
    "scores are whole tenths: near even is enough",
  );
  world.stop();
});

async function setUp() {
  const clock = new FakeClock();
  const api = new FakeApi(clock);
  const controller = new AbortController();
  const { signal } = controller;
  let state = 11;
  const random = () => (state = state * 48271 % 2147483647) / 2147483647;
  const log = () => {};
  const cache = new Informers({ api, clock, random, log, signal });
  void runScheduler({ api, cache, clock, random, log, signal });
  await clock.settle();
  return {
    api,
    clock,
    stop: () => controller.abort(),
    get: (name: string) => api.get(PODS, "default", name),
    async create(name: string, words: PodWords = {}): Promise<Pod> {
      const pod = await api.create(PODS, podWith(name, words));
      await clock.settle();
      return pod;
    },
    async places(): Promise<Record<string, string>> {
      const { items } = await api.list(PODS);
      return Object.fromEntries(
        items.map(({ metadata, spec }) => [metadata.name, spec.nodeName ?? ""]),
      );
    },
    async events(): Promise<string[]> {
      const { items } = await api.list(EVENTS);
      return items.map(({ type, reason, message }) => `${type} ${reason} ${message}`);
    },
  };
}

function count(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names.sort()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
