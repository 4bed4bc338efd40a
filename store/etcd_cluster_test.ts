import assert from "node:assert/strict";
import { hasReason } from "../api/types/status.ts";
import { type Etcd, hasEtcd, startEtcd } from "../tests/fixtures/etcd.ts";
import { allOf, historyOf, put } from "./ledger_contract.ts";
import type { Store } from "./store.ts";
import { creating, deleting, labelling, openOn, putting, randomFrom } from "./store_contract.ts";

/** How this file is started as the process that is to be killed. */
const AS_WRITER = "etcd-writer";
const WRITERS = 8;

function test(name: string, members: number, run: (etcd: Etcd) => Promise<void>): void {
  Deno.test({
    name: `etcd: ${name}`,
    ignore: !hasEtcd,
    async fn() {
      const etcd = await startEtcd(members);
      try {
        await run(etcd);
      } finally {
        await etcd.stop();
      }
    },
  });
}

const onPrefix = (etcd: Etcd) => ({
  open: () => etcd.open("/cluster/"),
  remove: () => Promise.resolve(),
});

/** Everything that happened, from the ledger itself: gapless, and each event fits the one before. */
async function eventsOf(etcd: Etcd): Promise<string[]> {
  const changes = await historyOf(onPrefix(etcd));
  assert.deepEqual(changes.map(({ revision }) => revision), changes.map((_, at) => at + 1));
  const standing = new Map<string, number>();
  for (const { key, revision, replaced } of changes) {
    assert.equal(replaced?.revision, standing.get(key), `${key}@${revision} follows another`);
    standing.set(key, revision);
  }
  return changes.map(({ key, revision }) => `${key} ${revision}`);
}

test("one member of three is killed: nothing is lost, doubled or refused", 3, async (etcd) => {
  const store = await openOn(onPrefix(etcd));
  const seen: string[] = [];
  store.watch("", 0, (events) => seen.push(...events.map((one) => `${one.key} ${one.revision}`)));
  const answered: string[] = [];
  let next = 0;
  const write = async () => {
    while (next < 600) {
      const n = next++;
      // The first member is the one that is connected to.
      if (n === 200) await etcd.kill(0);
      const [version] = await store.commit(creating(`p${n}`));
      answered.push(`${version?.key} ${version?.revision}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, write));
  assert.equal(answered.length, 600);
  assert.deepEqual(seen, await eventsOf(etcd));
  assert.deepEqual(answered.sort(), seen.sort());
  await store.close();
});

test(
  "a member that hangs is left, and what it does when it wakes counts for nothing",
  3,
  async (etcd) => {
    const store = await openOn(onPrefix(etcd));
    for (let n = 0; n < 20; n += 1) await store.commit(creating(`a${n}`));
    etcd.freeze(0);
    const names = Array.from({ length: 20 }, (_, n) => `b${n}`);
    const written = await Promise.all(names.map((name) => store.commit(creating(name))));
    etcd.thaw(0);
    for (let n = 0; n < 20; n += 1) await store.commit(creating(`c${n}`));
    await store.close();
    const events = await eventsOf(etcd);
    assert.equal(events.length, 60);
    for (const [version] of written) {
      assert.ok(events.includes(`${version?.key} ${version?.revision}`));
    }
  },
);

test("two stores on three members, one of which is killed, see the same", 3, async (etcd) => {
  const stores = [await openOn(onPrefix(etcd)), await openOn(onPrefix(etcd))];
  const logs = stores.map((store) => {
    const seen: string[] = [];
    store.watch("", 0, (events) => seen.push(...events.map((one) => `${one.key} ${one.revision}`)));
    return seen;
  });
  await stores[0]!.commit(creating("web"));
  const label = async (n: number) => {
    if (n === 60) await etcd.kill(0);
    await stores[n % 2]!.commit(labelling("web", `l${n}`));
  };
  for (let n = 0; n < 200; n += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, at) => label(n + at)));
  }
  await Promise.all(stores.map((store) => store.catchUp()));
  for (const store of stores) {
    const labels = store.get("pods/x/web")?.object.metadata.labels ?? {};
    assert.equal(Object.keys(labels).length, 200);
  }
  const events = await eventsOf(etcd);
  assert.equal(events.length, 201);
  for (const seen of logs) assert.deepEqual(seen, events);
  await Promise.all(stores.map((store) => store.close()));
});

test(
  "a read after catchUp shows what another server was told; so does a refusal",
  1,
  async (etcd) => {
    const [mine, theirs] = [await openOn(onPrefix(etcd)), await openOn(onPrefix(etcd))];
    for (let n = 0; n < 50; n += 1) {
      const [version] = await theirs.commit(creating("web"));
      await mine.catchUp();
      assert.equal(mine.get("pods/x/web")?.revision, version?.revision);
      await theirs.commit(() => [deleting("web")]);
      await mine.commit(creating("web")); // refused on a state that is a moment old
      await assert.rejects(theirs.commit(creating("web")), (e) => hasReason(e, "AlreadyExists"));
      await theirs.commit(() => [deleting("web")]);
      await mine.catchUp();
      assert.equal(mine.get("pods/x/web"), undefined);
    }
    await Promise.all([mine.close(), theirs.close()]);
  },
);

test("many who catch up at once share two readings", 1, async (etcd) => {
  const ledger = await etcd.open("/cluster/");
  let readings = 0;
  const counted = new Proxy(ledger, {
    get(target, name) {
      if (name === "readAfter") readings += 1;
      const member = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const store = await openOn({ open: () => Promise.resolve(counted) });
  await store.catchUp();
  const before = readings;
  await Promise.all(Array.from({ length: 100 }, () => store.catchUp()));
  assert.equal(readings - before, 2);
  await store.close();
});

test(
  "follow tells what others append, in order, without what was appended here",
  1,
  async (etcd) => {
    const [mine, theirs] = [await etcd.open("/cluster/"), await etcd.open("/cluster/")];
    const ending = new AbortController();
    const seen: number[] = [];
    await mine.append(0, [put("a", 1)]);
    await theirs.append(1, [put("b", 2)]);
    for await (const records of mine.follow(1, ending.signal)) {
      seen.push(...records.map(({ revision }) => revision));
      const head = seen.at(-1) ?? 0;
      if (head >= 8) ending.abort();
      else {
        await mine.append(head, [put("a", head + 1)]);
        await theirs.append(head + 1, [put("b", head + 2)]);
      }
    }
    assert.deepEqual(seen.filter((revision) => revision % 2 === 0), [2, 4, 6, 8]);
    await Promise.all([mine.close(), theirs.close()]);
  },
);

test(
  "parts of an append that never ended are removed, those of a living one are not",
  1,
  async (etcd) => {
    const large = () => ({ ...put("big", 1), bytes: new Uint8Array(1_500_000).fill(65) });
    const [mine, theirs] = [await etcd.open("/cluster/"), await etcd.open("/cluster/")];
    await mine.load();
    await theirs.append(0, [put("a", 1)]);
    assert.equal(await mine.append(0, [large()]), false); // its parts are left behind, and so is its mark
    await (await theirs.load()).head;
    assert.equal(await mine.append(1, [{ ...large(), revision: 2 }]), true);
    const loaded = await theirs.load();
    assert.equal(
      (await allOf(loaded.present)).find(({ key }) => key === "big")?.bytes.length,
      1_500_000,
    );
    await Promise.all([mine.close(), theirs.close()]);
  },
);

test("a store that others left behind for too long is told so", 1, async (etcd) => {
  const [mine, theirs] = [await etcd.open("/cluster/"), await etcd.open("/cluster/")];
  for (let head = 0; head < 5; head += 1) await theirs.append(head, [put("a", head + 1, head)]);
  await theirs.compact(3);
  assert.deepEqual((await mine.readAfter(3)).map(({ revision }) => revision), [4, 5]);
  await assert.rejects(mine.readAfter(2), { name: "ForgottenError" });
  await Promise.all([mine.close(), theirs.close()]);
});

/** Writes as fast as it can and prints each answer: `key revision`. */
async function writeUntilKilled(endpoint: string, round: string): Promise<void> {
  const { connect } = await import("node:http2");
  const { openEtcdLedger } = await import("./etcd_ledger.ts");
  const { realClock } = await import("../cmd/clock.ts");
  const newUid = () => crypto.randomUUID();
  const options = { endpoints: [endpoint], prefix: "/cluster/", connect, clock: realClock, newUid };
  const store = await openOn({ open: () => openEtcdLedger({ ...options, log: () => {} }) });
  const encoder = new TextEncoder();
  const write = async (writer: number): Promise<void> => {
    for (let n = 0;; n += 1) {
      const pad = "x".repeat(n % 20 === 7 ? 400_000 : 500);
      const name = n % 3 > 0 ? `r${round}-w${writer}-${n}` : `w${writer}`;
      const [version] = await store.commit(() => [putting(name, { pad, round })]);
      Deno.stdout.writeSync(encoder.encode(`${version?.key} ${version?.revision}\n`));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
}

if (Deno.args[0] === AS_WRITER) await writeUntilKilled(Deno.args[1] ?? "", Deno.args[2] ?? "");

/** @returns what the process was answered before it was killed, whole lines only */
async function killedAfter(count: number, endpoint: string, round: number): Promise<string[]> {
  const file = import.meta.filename ?? "";
  const args = ["run", "-A", "--no-check", file, AS_WRITER, endpoint, `${round}`];
  const process = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  let text = "";
  let isKilled = false;
  for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (isKilled || text.split("\n").length <= count) continue;
    process.kill("SIGKILL");
    isKilled = true;
  }
  await process.status;
  return text.split("\n").slice(0, -1);
}

test("kill -9 of one of two servers loses and doubles nothing", 1, async (etcd) => {
  const mine = await openOn(onPrefix(etcd));
  const answered: string[] = [];
  const random = randomFrom(Date.now());
  let isOver = false;
  const write = async (store: Store) => {
    for (let n = 0; !isOver; n += 1) {
      const [version] = await store.commit(() => [putting(`w${n % 5}`, { by: "me" })]);
      answered.push(`${version?.key} ${version?.revision}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const writing = write(mine);
  for (let round = 0; round < 3; round += 1) {
    const count = 50 + Math.floor(random() * 200);
    answered.push(...await killedAfter(count, etcd.endpoints[0]!, round));
  }
  isOver = true;
  await writing;
  await mine.close();
  const events = new Set(await eventsOf(etcd));
  assert.equal(new Set(answered).size, answered.length);
  assert.deepEqual(answered.filter((one) => !events.has(one)), []);
});
