import assert from "node:assert/strict";
import { hasReason } from "../api/types/status.ts";
import { openKvLedger } from "./kv_ledger.ts";
import type { Ledger, Record, Revision } from "./ledger.ts";
import { MemoryLedger, MemoryMedium } from "./memory_ledger.ts";
import {
  creating,
  deleting,
  keysOf,
  labelling,
  openOn,
  putting,
  stillClock,
  testStore,
} from "./store_contract.ts";
import { openStore } from "./mvcc_store.ts";

testStore("MemoryLedger", () => {
  const medium = new MemoryMedium();
  return Promise.resolve({
    open: () => Promise.resolve(new MemoryLedger(medium)),
    remove: () => Promise.resolve(),
  });
});

testStore("KvLedger", async () => {
  const folder = await Deno.makeTempDir({ prefix: "wherry-store-" });
  return {
    open: () => openKvLedger(`${folder}/store.db`),
    remove: () => Deno.remove(folder, { recursive: true }),
  };
});

/** A ledger whose appends wait and fail as the test says. */
class FaultyLedger extends MemoryLedger {
  appends: number[] = [];
  failsNext: "before" | "after" | undefined;
  isDeaf = false;
  gate: Promise<void> = Promise.resolve();
  constructor(readonly medium = new MemoryMedium()) {
    super(medium);
  }

  override async append(head: Revision, records: readonly Record[]): Promise<boolean> {
    this.appends.push(records.length);
    await this.gate;
    const fault = this.failsNext;
    this.failsNext = undefined;
    if (fault === "before") throw new Error("disk is full");
    const isWritten = await super.append(head, records);
    if (fault === "after") throw new Error("connection lost");
    return isWritten;
  }

  override readAfter(revision: Revision): Promise<readonly Record[]> {
    return this.isDeaf ? Promise.reject(new Error("no answer")) : super.readAfter(revision);
  }
}

const openFaulty = async (ledger = new FaultyLedger()) => {
  const messages: string[] = [];
  const store = await openOn(
    { open: (): Promise<Ledger> => Promise.resolve(ledger) },
    {},
    (message) => void messages.push(message),
  );
  return { ledger, store, messages };
};

const isUnavailable = (error: unknown) => hasReason(error, "ServiceUnavailable");

Deno.test("store: commits of one moment go out as one append, the next while it is on its way", async () => {
  const { ledger, store } = await openFaulty();
  const gate = Promise.withResolvers<void>();
  ledger.gate = gate.promise;
  const first = ["a", "b", "c"].map((name) => store.commit(creating(name)));
  await Promise.resolve();
  await Promise.resolve();
  const second = ["d", "e"].map((name) => store.commit(creating(name)));
  assert.equal(store.revision, 0);
  gate.resolve();
  await Promise.all([...first, ...second]);
  assert.deepEqual(ledger.appends, [3, 2]);
  await store.close();
});

Deno.test("store: no append is larger than the ledger takes, no transaction is split", async () => {
  const { ledger, store } = await openFaulty();
  const three = (n: number) => ["a", "b", "c"].map((name) => putting(`${name}${n}`));
  await Promise.all(Array.from({ length: 100 }, (_, n) => store.commit(() => three(n))));
  assert.deepEqual(ledger.appends, [120, 120, 60]);
  await assert.rejects(
    store.commit(() => Array.from({ length: 121 }, (_, n) => putting(`x${n}`))),
    (error) => hasReason(error, "RequestEntityTooLarge"),
  );
  await store.close();
});

Deno.test("store: a commit without writes does not touch the ledger", async () => {
  const { ledger, store } = await openFaulty();
  assert.deepEqual(await store.commit(() => []), []);
  assert.deepEqual([ledger.appends, store.revision], [[], 0]);
  await store.close();
});

Deno.test("store: an answer that rests on a waiting write waits for it", async () => {
  const { ledger, store } = await openFaulty();
  const gate = Promise.withResolvers<void>();
  ledger.gate = gate.promise;
  const order: string[] = [];
  const writing = store.commit(creating("web")).then(() => order.push("written"));
  const refused = store.commit(creating("web")).catch(() => order.push("refused"));
  const idle = store.commit(() => []).then(() => order.push("nothing to do"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(order, []);
  gate.resolve();
  await Promise.all([writing, refused, idle]);
  assert.deepEqual(order, ["written", "refused", "nothing to do"]);
  await store.close();
});

Deno.test("store: a failed append is refused, its write is not there, the next goes on", async () => {
  const { ledger, store, messages } = await openFaulty();
  ledger.failsNext = "before";
  const failed = store.commit(creating("a"));
  await Promise.resolve();
  await Promise.resolve();
  const next = store.commit((view) => [putting(view.get("pods/x/a") ? "after-a" : "without-a")]);
  await assert.rejects(failed, isUnavailable);
  assert.deepEqual(keysOf(await next), ["pods/x/without-a"]);
  assert.deepEqual(keysOf(store.list("")), ["pods/x/without-a"]);
  assert.deepEqual([store.revision, ledger.medium.head], [1, 1]);
  assert.deepEqual(messages, ["Cannot append to the ledger"]);
  await store.close();
});

Deno.test("store: a write that landed although its append failed is shown once, in order", async () => {
  const { ledger, store } = await openFaulty();
  const seen: string[] = [];
  store.watch("", 0, (events) => seen.push(...events.map(({ key, revision }) => key + revision)));
  ledger.failsNext = "after";
  await assert.rejects(store.commit(creating("a")), isUnavailable);
  await store.commit(creating("b"));
  assert.deepEqual(seen, ["pods/x/a1", "pods/x/b2"]);
  await store.close();
});

Deno.test("store: while the ledger does not answer nothing is written, then it goes on", async () => {
  const { ledger, store, messages } = await openFaulty();
  ledger.failsNext = "after";
  ledger.isDeaf = true;
  await assert.rejects(store.commit(creating("a")), isUnavailable);
  await assert.rejects(store.commit(creating("b")), isUnavailable);
  await assert.rejects(store.commit(() => []), isUnavailable);
  assert.equal(store.get("pods/x/a"), undefined);
  ledger.isDeaf = false;
  await assert.rejects(store.commit(creating("a")), (error) => hasReason(error, "AlreadyExists"));
  await store.commit(creating("b"));
  assert.deepEqual(keysOf(store.list("")), ["pods/x/a", "pods/x/b"]);
  assert.deepEqual(messages, [
    "Cannot append to the ledger",
    "The store is read-only: its ledger does not answer",
    "The store is writable again",
  ]);
  await store.close();
});

Deno.test("store: two servers on one medium lose nothing and see the same", async () => {
  const medium = new MemoryMedium();
  const open = () => Promise.resolve(new MemoryLedger(medium));
  const stores = [await openOn({ open }), await openOn({ open })];
  await stores[0]?.commit(creating("web"));
  const logs = stores.map((store) => {
    const seen: string[] = [];
    store.watch("", 0, (events) => {
      seen.push(
        ...events.map(({ revision, current }) => revision + JSON.stringify(current.object)),
      );
    });
    return { store, seen };
  });
  await Promise.all(
    Array.from({ length: 200 }, (_, n) => stores[n % 2]?.commit(labelling("web", `l${n}`))),
  );
  while (logs.some(({ seen }) => seen.length < 201)) await Promise.resolve();
  assert.deepEqual(logs[0]?.seen, logs[1]?.seen);
  for (const { store } of logs) {
    assert.equal(store.revision, 201);
    const labels = store.get("pods/x/web")?.object.metadata.labels ?? {};
    assert.equal(Object.keys(labels).length, 200);
    await store.close();
  }
});

Deno.test("store: a watcher that throws is logged and disturbs nobody", async () => {
  const { store, messages } = await openFaulty();
  const seen: Revision[] = [];
  store.watch("", 0, () => {
    throw new Error("broken");
  });
  store.watch("", 0, (events) => seen.push(...events.map(({ revision }) => revision)));
  await store.commit(creating("a"));
  assert.deepEqual([seen, messages], [[1], ["A watcher failed on its events"]]);
  await store.close();
});

Deno.test("store: a watch that ends itself gets nothing more, one that begins in a delivery misses nothing", async () => {
  const { store } = await openFaulty();
  await store.commit(creating("a"));
  const [ended, begun]: [Revision[], Revision[]] = [[], []];
  const stop = store.watch("", 0, (events) => {
    ended.push(...events.map(({ revision }) => revision));
    stop();
    store.watch("", 0, (later) => begun.push(...later.map(({ revision }) => revision)));
  });
  await store.commit(creating("b"));
  await store.commit(() => [deleting("b")]);
  assert.deepEqual([ended, begun], [[1], [1, 2, 3]]);
  await store.close();
});

Deno.test("store: times never fall, whatever the clock does", async () => {
  const times = [5_000, 3_000, 9_000];
  const clock = { ...stillClock, now: () => times[0] ?? 0 };
  const store = await openStore(new MemoryLedger(), { clock, log: () => {} });
  const seen: number[] = [];
  store.watch("", 0, (events) => seen.push(...events.map(({ at }) => at)));
  for (; times.length > 0; times.shift()) await store.commit(creating(`p${times.length}`));
  assert.deepEqual(seen, [5_000, 5_000, 9_000]);
  await store.close();
});

Deno.test("store: a quiet store has no timer; one with a long history looks again and forgets", async () => {
  let now = 0;
  const timers: (() => void)[] = [];
  const clock = {
    ...stillClock,
    now: () => now,
    after: (_: number, callback: () => void) => {
      timers.push(callback);
      return () => {};
    },
  };
  const historyLimits = { events: 100, bytes: 1e9, ageMs: 1_000, youngEvents: 3 };
  const options = { clock, log: () => {}, historyLimits };
  const store = await openStore(new MemoryLedger(), options);
  for (const name of ["a", "b", "c"]) await store.commit(creating(name));
  assert.equal(timers.length, 0);
  for (const name of ["d", "e", "f"]) await store.commit(creating(name));
  assert.deepEqual([timers.length, store.compacted], [1, 0]);
  now = 5_000;
  timers[0]?.();
  assert.deepEqual([timers.length, store.compacted], [1, 3]);
  await store.close();
});
