import assert from "node:assert/strict";
import type { Pod } from "../api/types/core_v1.ts";
import { CONFIG_MAPS, PODS, SECRETS, SERVICES } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import { FakeApi } from "./fake_api.ts";
import { FakeClock } from "./fake_clock.ts";
import { Informers } from "./informer.ts";
import type { Transform } from "./reflector.ts";

Deno.test("informers: what is there and what comes reach the cache in order", async () => {
  const { api, clock, cache } = world();
  await api.create(PODS, pod("b"));
  cache.watch(PODS);
  await cache.synced();
  await api.create(PODS, pod("a"));
  await api.create(PODS, pod("x", "other"));
  await clock.settle();
  assert.deepEqual(names(cache), ["default/a", "default/b", "other/x"]);
  assert.deepEqual(cache.list(PODS, "other").map(({ metadata }) => metadata.name), ["x"]);
  assert.equal(cache.revisionOf(PODS), api.revision);
});

Deno.test("informers: listeners get what is there first, then before and after", async () => {
  const { api, clock, cache } = world();
  const made = await api.create(PODS, pod("a"));
  cache.watch(PODS);
  await cache.synced();
  const seen: string[] = [];
  const versionOf = (object?: Readonly<Pod>) => object?.metadata.labels?.v ?? (object ? "0" : "-");
  const stop = cache.onChange(PODS, (before, after) => {
    seen.push(`${versionOf(before)} ${versionOf(after)}`);
  });
  await api.update(PODS, { ...made, metadata: { ...made.metadata, labels: { v: "1" } } });
  await api.delete(PODS, "default", "a");
  await clock.settle();
  stop();
  await api.create(PODS, pod("b"));
  await clock.settle();
  assert.deepEqual(seen, ["- 0", "0 1", "1 -"]);
});

Deno.test("informers: a list that was handed out never changes", async () => {
  const { api, clock, cache } = world();
  cache.watch(PODS);
  await api.create(PODS, pod("a"));
  await clock.advance(1);
  const before = cache.list(PODS);
  await api.create(PODS, pod("b"));
  await clock.settle();
  assert.equal(before.length, 1);
  assert.equal(cache.list(PODS).length, 2);
  assert.equal(cache.list(PODS), cache.list(PODS), "the same list while nothing changes");
});

Deno.test("informers: a watch that ends goes on from the last revision, without a list", async () => {
  const { api, clock, cache } = world();
  cache.watch(PODS);
  await clock.settle();
  api.endWatches();
  await api.create(PODS, pod("a"));
  await clock.advance(1_000);
  assert.deepEqual(names(cache), ["default/a"]);
  assert.equal(api.count("list"), 1);
});

Deno.test("informers: Expired lists again and tells what changed meanwhile", async () => {
  const { api, clock, cache } = world();
  await api.create(PODS, pod("gone"));
  await api.create(PODS, pod("stays"));
  cache.watch(PODS);
  await cache.synced();
  const seen: string[] = [];
  cache.onChange(PODS, (before, after) => {
    seen.push(`${before?.metadata.name ?? "-"} ${after?.metadata.name ?? "-"}`);
  });
  seen.length = 0;
  await clock.settle();
  api.endWatches(new StatusError("Expired", "too old"));
  await api.delete(PODS, "default", "gone");
  await api.create(PODS, pod("new"));
  await clock.advance(1_000);
  assert.deepEqual(seen, ["- new", "gone -"]);
  assert.equal(api.count("list"), 2);
});

Deno.test("informers: what is listed in pages is there at once, and whole", async () => {
  const { api, cache } = world();
  for (let i = 0; i < 1_200; i++) await api.create(PODS, pod(`pod-${10_000 + i}`));
  cache.watch(PODS);
  await cache.synced();
  assert.equal(cache.list(PODS).length, 1_200);
  assert.equal(api.count("list"), 3);
});

Deno.test("informers: a state that is forgotten between two pages is listed in one", async () => {
  const { api, clock, cache } = world();
  for (let i = 0; i < 600; i++) await api.create(PODS, pod(`pod-${10_000 + i}`));
  const asked: (number | undefined)[] = [];
  const list = api.list.bind(api);
  api.list = async (resource, options) => {
    asked.push(options?.limit);
    if (options?.continue !== undefined) await api.delete(PODS, "default", "pod-10000");
    return await list(resource, options);
  };
  cache.watch(PODS);
  await clock.advance(1_000);
  assert.deepEqual(asked, [500, 500, undefined]);
  assert.equal(cache.list(PODS).length, 599);
  assert.equal(cache.revisionOf(PODS), api.revision);
});

Deno.test("informers: of each object as much is kept as was asked for", async () => {
  const { api, clock, cache } = world((object) => ({ ...object, spec: undefined }));
  await api.create(PODS, pod("listed"));
  cache.watch(PODS);
  await cache.synced();
  await api.create(PODS, pod("watched"));
  await clock.settle();
  assert.deepEqual(cache.list(PODS).map(({ spec }) => spec), [undefined, undefined]);
});

Deno.test("informers: an object that was made again under its name is told as two", async () => {
  const { api, clock, cache } = world();
  await api.create(PODS, pod("a"));
  cache.watch(PODS);
  await cache.synced();
  const seen: string[] = [];
  cache.onChange(PODS, (before, after) => {
    seen.push(`${before === undefined ? "-" : "a"} ${after === undefined ? "-" : "a"}`);
  });
  seen.length = 0;
  await clock.settle();
  api.endWatches(new StatusError("Expired", "too old"));
  await api.delete(PODS, "default", "a");
  await api.create(PODS, pod("a"));
  await clock.advance(1_000);
  assert.deepEqual(seen, ["a -", "- a"]);
});

Deno.test("informers: back-off grows to 30 s while the apiserver is away", async () => {
  const { api, clock, cache } = world();
  const tries: number[] = [];
  const began = clock.now();
  api.intercept = () => {
    tries.push(clock.now() - began);
    throw new StatusError("ServiceUnavailable", "away");
  };
  cache.watch(PODS);
  await clock.advance(180_000);
  const gaps = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
  assert.deepEqual(gaps.slice(0, 5), [75, 150, 300, 600, 1200]);
  assert.equal(gaps.at(-1), 22_500, "30 s with the jitter of this random source");
});

Deno.test("informers: a watch that stays silent past its time is opened anew", async () => {
  const { api, clock, cache } = world();
  cache.watch(PODS);
  await clock.advance(300_000 * 2 + 31_000);
  assert.equal(api.count("watch"), 2);
});

Deno.test("informers: nothing runs on after the signal", async () => {
  const { clock, cache, stop } = world();
  cache.watch(PODS);
  await clock.settle();
  stop();
  await clock.settle();
  assert.equal(clock.pending, 0);
});

function world(transform?: Transform) {
  const clock = new FakeClock();
  const api = new FakeApi(clock);
  const controller = new AbortController();
  const cache = new Informers({
    api,
    clock,
    random: () => 0.5,
    log: () => {},
    signal: controller.signal,
    ...(transform !== undefined && { transform }),
  });
  return { api, clock, cache, stop: () => controller.abort() };
}

function names(cache: Informers): string[] {
  return cache.list(PODS).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
}

function pod(name: string, namespace = "default"): Pod {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, namespace }, spec: { containers: [] } };
}

Deno.test("informers: know what they follow whole, and follow no longer what is unwatched", async () => {
  const { api, clock, cache } = world();
  cache.watch(PODS);
  cache.watch(CONFIG_MAPS, { fieldSelector: "metadata.name=a" });
  cache.watch(SECRETS, { onlyMetadata: true });
  await cache.synced();
  const whole = [PODS, CONFIG_MAPS, SECRETS, SERVICES].map((one) => cache.isWatchingAll(one));
  assert.deepEqual(whole, [true, false, false, false]);
  cache.unwatch(PODS);
  const calls = api.calls.length;
  await api.create(PODS, pod("a"));
  await clock.advance(600_000);
  assert.equal(cache.isWatching(PODS), false);
  assert.equal(api.calls.slice(calls + 1).filter(({ resource }) => resource === "pods").length, 0);
  cache.watch(PODS);
  await cache.synced();
  assert.deepEqual(names(cache), ["default/a"]);
});
