import assert from "node:assert/strict";
import type { Clock, Log } from "../api/types/ambient.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { hasReason, StatusError } from "../api/types/status.ts";
import type { HistoryLimits } from "./history.ts";
import type { Key, Ledger, Revision } from "./ledger.ts";
import type { Medium } from "./ledger_contract.ts";
import { openStore } from "./mvcc_store.ts";
import type { Store, StoreEvent, Transaction, Versioned, View, Write } from "./store.ts";

/** The promises of store.ts as tests, over any medium. */
export function testStore(name: string, makeMedium: () => Promise<Medium>): void {
  const test = (promise: string, run: (medium: Medium) => Promise<void>) =>
    Deno.test(`store on ${name}: ${promise}`, async () => {
      const medium = await makeMedium();
      try {
        await run(medium);
      } finally {
        await medium.remove();
      }
    });

  test("every write gets its own revision, stamped into object and bytes", async (medium) => {
    const store = await openOn(medium);
    const written = await store.commit(
      () => [putting("a"), putting("b"), putting("a", { n: "2" })],
    );
    assert.deepEqual(written.map(({ key, revision }) => `${key}@${revision}`), [
      "pods/x/a@1",
      "pods/x/b@2",
      "pods/x/a@3",
    ]);
    for (const version of written) {
      assert.equal(version.object.metadata.resourceVersion, String(version.revision));
      assert.deepEqual(JSON.parse(new TextDecoder().decode(version.bytes)), version.object);
    }
    assert.equal(store.revision, 3);
    assert.equal(store.get("pods/x/a")?.bytes, written[2]?.bytes);
    await store.close();
  });

  test("of 50 concurrent creates one wins", async (medium) => {
    const store = await openOn(medium);
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => store.commit(creating("web", { n: String(n) }))),
    );
    const lost = results.filter((result) => result.status === "rejected");
    assert.equal(lost.length, 49);
    assert.ok(lost.every(({ reason }) => hasReason(reason, "AlreadyExists")));
    assert.equal(store.revision, 1);
    await store.close();
  });

  test("of two writers on the same revision the second is refused", async (medium) => {
    const store = await openOn(medium);
    await store.commit(creating("web"));
    const results = await Promise.allSettled([
      store.commit(replacing("web", 1, { by: "first" })),
      store.commit(replacing("web", 1, { by: "second" })),
    ]);
    assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected"]);
    assert.deepEqual(store.get("pods/x/web")?.object.metadata.labels, { by: "first" });
    await store.close();
  });

  test("32 concurrent updaters lose no label", async (medium) => {
    const store = await openOn(medium);
    await store.commit(creating("web"));
    const names = Array.from({ length: 32 }, (_, n) => `l${n}`);
    await Promise.all(names.map((label) => store.commit(labelling("web", label))));
    const labels = store.get("pods/x/web")?.object.metadata.labels ?? {};
    assert.deepEqual(Object.keys(labels).sort(), names.sort());
    await store.close();
  });

  test("a transaction that throws writes nothing", async (medium) => {
    const store = await openOn(medium);
    const failing: Transaction = () => {
      throw new StatusError("Forbidden", "quota");
    };
    await assert.rejects(store.commit(failing), (error) => hasReason(error, "Forbidden"));
    await assert.rejects(
      store.commit(() => [putting("a"), { key: "pods/x/none", object: undefined }]),
      (error) => hasReason(error, "NotFound"),
    );
    assert.deepEqual([store.revision, store.list("").length], [0, 0]);
    await store.close();
  });

  test("a deletion has its own revision and returns the last state at it", async (medium) => {
    const store = await openOn(medium);
    await store.commit(creating("web", { app: "web" }));
    const [last] = await store.commit(() => [deleting("web")]);
    assert.equal(last?.revision, 2);
    assert.deepEqual(last?.object.metadata, {
      name: "web",
      labels: { app: "web" },
      resourceVersion: "2",
    });
    assert.equal(store.get("pods/x/web"), undefined);
    await store.close();
  });

  test("lists are in key order and end with their prefix", async (medium) => {
    const store = await openOn(medium);
    for (const key of ["pods/b/2", "pods/a/2", "nodes//n", "pods/a/10", "podsx/a/1", "pods/a/1"]) {
      await store.commit(() => [{ key, object: pod("p") }]);
    }
    assert.deepEqual(keysOf(store.list("pods/")), [
      "pods/a/1",
      "pods/a/10",
      "pods/a/2",
      "pods/b/2",
    ]);
    assert.deepEqual(keysOf(store.list("pods/b/")), ["pods/b/2"]);
    assert.equal(store.list("").length, 6);
    await store.close();
  });

  test("a transaction sees what waits before it, in get and list", async (medium) => {
    const store = await openOn(medium);
    await store.commit(() => [putting("a"), putting("b"), putting("c")]);
    const waiting = store.commit(() => [putting("bb"), deleting("b"), putting("c", { n: "2" })]);
    let seen: string[] = [];
    await store.commit((view) => {
      seen = view.list("pods/").map(({ key, revision }) => `${key}@${revision}`);
      assert.equal(view.get("pods/x/b"), undefined);
      assert.equal(view.revision, 6);
      return [];
    });
    assert.deepEqual(seen, ["pods/x/a@1", "pods/x/bb@4", "pods/x/c@6"]);
    await waiting;
    await store.close();
  });

  test("versions of 100 KB and 1 MB come back, larger than 1.5 MiB are refused", async (medium) => {
    const store = await openOn(medium);
    for (const size of [100_000, 1_000_000, 1_500_000]) {
      await store.commit(() => [putting(`of${size}`, { pad: "x".repeat(size) })]);
    }
    await assert.rejects(
      store.commit(() => [putting("huge", { pad: "x".repeat(1_572_864) })]),
      (error) => hasReason(error, "RequestEntityTooLarge"),
    );
    await assert.rejects(
      store.commit(() => [putting("n".repeat(641))]),
      (error) => hasReason(error, "RequestEntityTooLarge"),
    );
    await store.close();
    const again = await openOn(medium);
    const sizes = again.list("pods/").map(({ object }) => object.metadata.labels?.["pad"]?.length);
    assert.deepEqual(sizes, [100_000, 1_000_000, 1_500_000]);
    await again.close();
  });

  for (const seed of [1, 2, 3]) {
    test(`watches, lists and restarts agree with a model (seed ${seed})`, async (medium) => {
      const random = randomFrom(seed);
      const model = new Model();
      for (let life = 0; life < 3; life += 1) {
        const store = await openOn(medium);
        assert.deepEqual(statesOf(store.list("")), model.at(store.revision));
        const logs = Array.from({ length: 6 }, () => watchSomewhere(store, random));
        const burst = () => Array.from({ length: 12 }, () => store.commit(randomWrites(random)));
        for (let round = 0; round < 8; round += 1) {
          const writing = Promise.all(burst());
          logs.push(watchSomewhere(store, random));
          await writing;
          logs.push(watchSomewhere(store, random));
        }
        await Promise.resolve();
        model.learn(logs[0]?.all ?? []);
        for (const log of logs) assert.deepEqual(log.seen, model.events(log.prefix, log.after));
        for (let times = 0; times < 20; times += 1) {
          const revision = Math.floor(random() * (store.revision + 1));
          assert.deepEqual(statesOf(store.listAt("pods/x/", revision)), model.at(revision));
        }
        await store.close();
      }
    });
  }

  test("past the bound of history watches and lists are told to list again", async (medium) => {
    const store = await openOn(medium, { events: 10 });
    for (let n = 0; n < 30; n += 1) await store.commit(() => [putting("a", { n: String(n) })]);
    assert.equal(store.compacted, 20);
    const isExpired = (error: unknown) => hasReason(error, "Expired");
    assert.throws(() => store.watch("", 19, () => {}), isExpired);
    assert.throws(() => store.listAt("", 19), isExpired);
    assert.equal(store.listAt("", 20)[0]?.revision, 20);
    assert.throws(() => store.listAt("", 31), (error) => hasReason(error, "Timeout"));
    await store.close();
  });

  test("compaction goes on beside writes, and the file keeps up", async (medium) => {
    const store = await openOn(medium, { events: 100 });
    const seen: Revision[] = [];
    store.watch("pods/", 0, (events) => seen.push(...events.map(({ revision }) => revision)));
    for (let round = 0; round < 30; round += 1) {
      const names = Array.from({ length: 80 }, (_, n) => `p${n}`);
      await Promise.all(
        names.map((name) => store.commit(() => [putting(name, { r: `${round}` })])),
      );
    }
    assert.deepEqual(seen, Array.from({ length: 2_400 }, (_, at) => at + 1));
    await store.close();
    const ledger = await medium.open();
    const { head, compacted } = await ledger.load();
    assert.equal(head, 2_400);
    assert.ok(compacted >= 1_000, `compacted to ${compacted}`);
    await ledger.close();
    const again = await openOn(medium);
    assert.equal(again.list("pods/").length, 80);
    assert.ok(again.list("pods/").every(({ object }) => object.metadata.labels?.["r"] === "29"));
    await again.close();
  });

  test("a closed store refuses commits", async (medium) => {
    const store = await openOn(medium);
    const last = store.commit(creating("web"));
    await store.close();
    await last;
    await assert.rejects(
      store.commit(creating("b")),
      (error) => hasReason(error, "ServiceUnavailable"),
    );
  });
}

export const quiet: Log = () => {};

/** Stands still, and calls nobody back. */
export const stillClock: Clock = {
  now: () => 1_000_000,
  sleep: () => Promise.resolve(),
  after: () => () => {},
};

const WIDE: HistoryLimits = { events: 100_000, bytes: 1e9, ageMs: 1e9, youngEvents: 10 };

export async function openOn(
  medium: { open(): Promise<Ledger> },
  limits: Partial<HistoryLimits> = {},
  log: Log = quiet,
): Promise<Store> {
  const historyLimits = { ...WIDE, ...limits };
  return await openStore(await medium.open(), { clock: stillClock, log, historyLimits });
}

export function pod(name: string, labels?: { [label: string]: string }): KubeObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, ...(labels && { labels }) } };
}

export const putting = (name: string, labels?: { [label: string]: string }) => ({
  key: `pods/x/${name}`,
  object: pod(name, labels),
});

export const deleting = (name: string) => ({ key: `pods/x/${name}`, object: undefined });

export function creating(name: string, labels?: { [label: string]: string }): Transaction {
  return (view) => {
    if (view.get(`pods/x/${name}`)) throw new StatusError("AlreadyExists", name);
    return [putting(name, labels)];
  };
}

function replacing(name: string, expected: Revision, labels: { [label: string]: string }) {
  return (view: View) => {
    const current = view.get(`pods/x/${name}`);
    if (current?.revision !== expected) throw new StatusError("Conflict", name);
    return [putting(name, labels)];
  };
}

export function labelling(name: string, label: string): Transaction {
  return (view) => {
    const labels = view.get(`pods/x/${name}`)?.object.metadata.labels ?? {};
    return [putting(name, { ...labels, [label]: "yes" })];
  };
}

export function keysOf(versions: readonly Versioned[]): Key[] {
  return versions.map(({ key }) => key);
}

/** Mulberry32: the same numbers for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One to three writes on twelve keys: creates, updates, and deletions of what is there. */
function randomWrites(random: () => number): Transaction {
  const wishes = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
    name: `p${Math.floor(random() * 12)}`,
    isDeletion: random() < 0.35,
    n: String(random()),
  }));
  return (view) => {
    const there = new Set(keysOf(view.list("pods/x/")));
    return wishes.flatMap(({ name, isDeletion, n }): Write[] => {
      if (!isDeletion) {
        there.add(`pods/x/${name}`);
        return [putting(name, { n })];
      }
      return there.delete(`pods/x/${name}`) ? [deleting(name)] : [];
    });
  };
}

function statesOf(versions: readonly Versioned[]): string[] {
  return versions.map(({ key, object }) => `${key} ${JSON.stringify(object)}`);
}

interface WatchLog {
  readonly prefix: Key;
  readonly after: Revision;
  readonly seen: string[];
  readonly all: StoreEvent[];
}

function watchSomewhere(store: Store, random: () => number): WatchLog {
  const prefix = ["pods/", "", "pods/x/p1", "nodes/"][Math.floor(random() * 4)] ?? "";
  const after = Math.floor(random() * (store.revision + 1));
  const seen: string[] = [];
  const all: StoreEvent[] = [];
  store.watch(prefix, after, (events) => seen.push(...events.map(describe)));
  store.watch("", 0, (events) => void all.push(...events));
  return { prefix, after, seen, all };
}

function describe({ type, key, revision, current, previous }: StoreEvent): string {
  assert.equal(current.revision, revision);
  const before = JSON.stringify(previous?.object);
  return `${revision} ${type} ${key} ${JSON.stringify(current.object)} was ${before}`;
}

/** What the events say, replayed in the plainest way. */
class Model {
  #events: StoreEvent[] = [];

  /** @param events all from revision 1 on: gapless, and each knows what it replaced */
  learn(events: readonly StoreEvent[]): void {
    assert.deepEqual(events.map(({ revision }) => revision), events.map((_, at) => at + 1));
    assert.deepEqual(
      events.slice(0, this.#events.length).map(describe),
      this.#events.map(describe),
    );
    const standing = new Map<Key, string>();
    for (const { type, key, current, previous } of events) {
      assert.equal(previous && JSON.stringify(previous.object), standing.get(key));
      if (type === "PUT") standing.set(key, JSON.stringify(current.object));
      else standing.delete(key);
    }
    this.#events = [...events];
  }

  events(prefix: Key, after: Revision): string[] {
    return this.#events.filter(({ key, revision }) => revision > after && key.startsWith(prefix))
      .map(describe);
  }

  at(revision: Revision): string[] {
    const standing = new Map<Key, Versioned>();
    for (const event of this.#events.filter((one) => one.revision <= revision)) {
      if (event.type === "PUT") standing.set(event.key, event.current);
      else standing.delete(event.key);
    }
    return statesOf([...standing.values()].sort((a, b) => (a.key < b.key ? -1 : 1)));
  }
}
