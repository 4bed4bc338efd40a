import assert from "node:assert/strict";
import type { ConfigMap } from "../api/types/core_v1.ts";
import { CONFIG_MAPS, SECRETS } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import { FakeApi } from "../client/fake_api.ts";
import { FakeClock } from "../client/fake_clock.ts";
import { Informers } from "../client/informer.ts";
import type { Controller, World } from "./controller.ts";
import { onChangeOf } from "./controller.ts";
import { Facts } from "./facts.ts";
import { ControllerRuntime } from "./runtime.ts";
import { TokenBucket } from "./token_bucket.ts";

Deno.test("runtime: plans a key again only when the cache has seen what it wrote", async () => {
  const seen: string[] = [];
  const { api, clock } = await run({
    requeueOn: [onChangeOf(SECRETS, () => [{ namespace: "default", name: "a" }])],
    plan({ metadata, data }) {
      const count = Number(data?.count ?? 0);
      seen.push(`${metadata.name} ${count}`);
      if (count === 2) return { writes: [] };
      const object = { ...configMap("a"), metadata, data: { count: String(count + 1) } };
      return { writes: [{ verb: "update", object }] };
    },
  });
  api.watchDelayMs = 1_000;
  await api.create(CONFIG_MAPS, configMap("a"));
  for (let i = 0; i < 50; i += 1) {
    await api.create(SECRETS, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: `s${i}`, namespace: "default" },
    });
    await clock.advance(100);
  }
  await clock.advance(5_000);
  assert.deepEqual([...new Set(seen)], ["a 0", "a 1", "a 2"]);
  assert.equal(api.count("update"), 2, "no write was made twice");
});

Deno.test("runtime: failures back off and are logged, conflicts are silent", async () => {
  for (const [reason, wantLogs] of [["InternalError", true], ["Conflict", false]] as const) {
    const { api, clock, logged } = await run({
      plan: ({ metadata }) => ({
        writes: [{ verb: "update", object: { ...configMap("a"), metadata } }],
      }),
    });
    api.intercept = ({ verb }) => {
      if (verb === "update") throw new StatusError(reason, "no");
    };
    await api.create(CONFIG_MAPS, configMap("a"));
    await clock.advance(10_000);
    const tries = api.count("update");
    assert.ok(tries > 5 && tries < 15, `${tries} tries`);
    assert.equal(logged.length > 0, wantLogs);
  }
});

Deno.test("runtime: againMs plans again though nothing changes", async () => {
  const times: number[] = [];
  const { api, clock } = await run({
    plan(_, { now }) {
      times.push(now - began);
      return { writes: [], ...(times.length < 3 ? { againMs: 1_000 } : {}) };
    },
  });
  const began = clock.now();
  await api.create(CONFIG_MAPS, configMap("a"));
  await clock.advance(10_000);
  assert.deepEqual(times, [0, 1_000, 2_000]);
});

Deno.test("runtime: a rate lets its burst pass, then one at a time", async () => {
  const { api, clock } = await run({
    rates: { slow: { perSecond: 0.5, burst: 2 } },
    plan: (object) => ({ writes: [{ verb: "delete", object }], takes: "slow" }),
  });
  for (const name of ["a", "b", "c", "d"]) await api.create(CONFIG_MAPS, configMap(name));
  const left: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    await clock.settle();
    left.push((await api.list(CONFIG_MAPS)).items.length);
    await clock.advance(1_000);
  }
  assert.deepEqual(left, [2, 2, 1, 1, 0]);
});

Deno.test("runtime: an object that is gone is planned by planGone, with what it reads", async () => {
  const gone: string[] = [];
  const { api, clock } = await run({
    reads: (_, object) =>
      object === undefined ? [{ resource: CONFIG_MAPS, options: { namespace: "default" } }] : [],
    plan: () => ({ writes: [] }),
    planGone({ namespace, name }, world: World) {
      gone.push(`${namespace}/${name} ${world.read(CONFIG_MAPS).length}`);
      return { writes: [] };
    },
  });
  for (const name of ["a", "b"]) await api.create(CONFIG_MAPS, configMap(name));
  await clock.settle();
  await api.delete(CONFIG_MAPS, "default", "a");
  await clock.settle();
  assert.deepEqual(gone, ["default/a 1"]);
});

Deno.test("runtime: many writes begin with one and stop where one fails", async () => {
  const { api, clock } = await run({
    plan: () => ({
      writes: Array.from({ length: 100 }, (_, i) => ({
        verb: "create" as const,
        object: { ...configMap(`made-${i}`), kind: "Secret" },
      })),
    }),
  });
  api.intercept = ({ name }) => {
    if (name === "made-2") throw new StatusError("Forbidden", "full");
  };
  await api.create(CONFIG_MAPS, configMap("a"));
  await clock.settle();
  assert.equal(api.count("create", SECRETS), 3, "one, then two of which one failed");
});

Deno.test("facts: hold from the first of the latest plans in a row", () => {
  const facts = new Facts();
  const at = (now: number, isAsked: boolean) => {
    const since = isAsked ? facts.since("silent", now) : undefined;
    facts.turn();
    return since;
  };
  assert.deepEqual([at(1, true), at(5, true), at(6, false), at(9, true)], [1, 1, undefined, 9]);
});

Deno.test("token bucket: fills up to its burst and says how long to wait", () => {
  const bucket = new TokenBucket(0.1, 2);
  assert.deepEqual([bucket.take(0), bucket.take(0), bucket.take(0)], [0, 0, 10_000]);
  assert.deepEqual([bucket.take(10_000), bucket.take(15_000)], [0, 5_000]);
  assert.deepEqual([bucket.take(9e6), bucket.take(9e6), bucket.take(9e6)], [0, 0, 10_000]);
});

async function run(words: Partial<Controller<ConfigMap>> & Pick<Controller<ConfigMap>, "plan">) {
  const clock = new FakeClock();
  const api = new FakeApi(clock);
  const logged: string[] = [];
  const { signal } = new AbortController();
  const shared = { api, clock, random: () => 0.5, signal };
  const log = (message: string) => void logged.push(message);
  const cache = new Informers({ ...shared, log });
  const controller = { name: "test", reconciles: CONFIG_MAPS, requeueOn: [], ...words };
  void new ControllerRuntime(controller, { ...shared, cache, log }).run();
  await clock.settle();
  return { api, clock, logged };
}

function configMap(name: string): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } };
}
