import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Change, Ledger, Present, Record, Revision } from "./ledger.ts";

import { MemoryLedger, MemoryMedium } from "./memory_ledger.ts";

/** A medium that outlives the ledgers on it. */
export interface Medium {
  open(): Promise<Ledger>;
  remove(): Promise<void>;
}

/** The promises of ledger.ts as tests; every implementation calls this with its own medium. */
export function testLedger(name: string, makeMedium: () => Promise<Medium>): void {
  const test = (promise: string, run: (medium: Medium) => Promise<void>) =>
    Deno.test(`${name}: ${promise}`, async () => {
      const medium = await makeMedium();
      try {
        await run(medium);
      } finally {
        await medium.remove();
      }
    });

  test("an empty ledger is at revision 0", async (medium) => {
    assert.deepEqual(await contentOf(medium), { head: 0, compacted: 0, present: {}, history: [] });
  });

  test("what was appended is there after reopening", async (medium) => {
    await appendTo(medium, 0, [put("a", 1), put("b", 2)]);
    await appendTo(medium, 2, [put("a", 3, 1), gone("b", 4, 2)]);
    assert.deepEqual(await contentOf(medium), {
      head: 4,
      compacted: 0,
      present: { a: "a@3" },
      history: ["a@1", "b@2", "a@3 over a@1", "b@4 over b@2"],
    });
  });

  test("an append on another head writes nothing", async (medium) => {
    const ledger = await medium.open();
    await ledger.load();
    assert.equal(await ledger.append(0, [put("a", 1)]), true);
    assert.equal(await ledger.append(0, [put("b", 1)]), false);
    assert.equal(await ledger.append(7, [put("b", 8)]), false);
    await ledger.close();
    assert.deepEqual((await contentOf(medium)).present, { a: "a@1" });
  });

  test("one key may change twice in one append", async (medium) => {
    await appendTo(medium, 0, [put("a", 1), put("a", 2, 1), gone("a", 3, 2), put("a", 4)]);
    const { present, history } = await contentOf(medium);
    assert.deepEqual(present, { a: "a@4" });
    assert.deepEqual(history, ["a@1", "a@2 over a@1", "a@3 over a@2", "a@4"]);
  });

  test("readAfter gives records with what they wrote", async (medium) => {
    const ledger = await medium.open();
    await ledger.load();
    await ledger.append(0, [put("a", 1), put("b", 2), put("a", 3, 1)]);
    await ledger.append(3, [gone("b", 4, 2)]);
    const texts = async (after: Revision) =>
      (await ledger.readAfter(after)).map(({ revision, bytes }) => `${revision} ${textOf(bytes)}`);
    assert.deepEqual(await texts(0), ["1 a@1", "2 b@2", "3 a@3", "4 -"]);
    assert.deepEqual(await texts(1), ["2 b@2", "3 a@3", "4 -"]);
    assert.deepEqual(await texts(4), []);
    await ledger.close();
  });

  test("compaction forgets the past and keeps the present", async (medium) => {
    const ledger = await medium.open();
    await ledger.load();
    for (let revision = 0; revision < 20; revision += 1) {
      const key = `k${revision % 3}`;
      await ledger.append(revision, [
        put(key, revision + 1, revision < 3 ? undefined : revision - 2),
      ]);
    }
    await ledger.compact(17);
    await ledger.close();
    assert.deepEqual(await contentOf(medium), {
      head: 20,
      compacted: 17,
      present: { k0: "k0@19", k1: "k1@20", k2: "k2@18" },
      history: ["k2@18 over k2@15", "k0@19 over k0@16", "k1@20 over k1@17"],
    });
  });

  test("appends go on while it compacts", async (medium) => {
    const ledger = await medium.open();
    await ledger.load();
    const first = Array.from({ length: 300 }, (_, at) => put(`k${at}`, at + 1));
    for (let head = 0; head < 300; head += 100) {
      await ledger.append(head, first.slice(head, head + 100));
    }
    const compaction = ledger.compact(300);
    for (let head = 300; head < 320; head += 1) {
      assert.equal(await ledger.append(head, [put("late", head + 1, head > 300 ? head : 0)]), true);
    }
    await compaction;
    await ledger.close();
    const { head, compacted, history } = await contentOf(medium);
    assert.deepEqual([head, compacted, history.length], [320, 300, 20]);
  });

  for (const bytes of [1, 61_440, 61_441, 65_536, 100_000, 1_000_000, 1_572_864]) {
    test(`keeps a version of ${bytes} bytes, also once replaced`, async (medium) => {
      const large = { ...put("a", 1), bytes: filled(bytes, 7) };
      await appendTo(medium, 0, [large]);
      assert.deepEqual((await presentOf(medium))[0]?.bytes, large.bytes);
      const replaced = { revision: 1, bytes: large.bytes };
      await appendTo(medium, 1, [{ ...put("a", 2), replaced }]);
      const [, change] = await historyOf(medium);
      assert.deepEqual(change?.replaced, replaced);
    });
  }

  test("one append holds more than one commit of its medium takes", async (medium) => {
    const { limits } = await opened(medium);
    const size = 60_000;
    const records = Array.from({ length: limits.records }, (_, at) => ({
      ...put(`${"long".repeat(158)}${at}`, at + 1),
      bytes: filled(at < 40 ? size : 10, at % 256),
    }));
    await appendTo(medium, 0, records);
    const again = records.slice(0, 40).map(({ key, revision, bytes }, at) => ({
      ...put(key, limits.records + at + 1),
      replaced: { revision, bytes },
    }));
    await appendTo(medium, limits.records, again);
    assert.equal((await presentOf(medium)).length, limits.records);
    const changes = (await historyOf(medium)).slice(limits.records);
    const sizes = changes.map(({ replaced }) => replaced?.bytes.length);
    assert.deepEqual(sizes, again.map(() => size));
  });

  test("takes over what another ledger holds, and goes on from there", async (medium) => {
    const other = new MemoryMedium();
    await fillWithHistory(new MemoryLedger(other));
    const ledger = await medium.open();
    await ledger.fill(await new MemoryLedger(other).load());
    await ledger.close();
    const from = { open: () => Promise.resolve(new MemoryLedger(other)), remove: medium.remove };
    assert.deepEqual(await allIn(medium), await allIn(from));
    await appendTo(medium, 6, [put("c", 7), gone("a", 8, 5)]);
    const again = await medium.open();
    await again.compact(8);
    await again.close();
    assert.deepEqual(Object.keys((await contentOf(medium)).present), ["c", "large"]);
  });

  test("takes over nothing when something is in it", async (medium) => {
    await appendTo(medium, 0, [put("a", 1)]);
    const ledger = await medium.open();
    await assert.rejects(
      async () => await ledger.fill(await new MemoryLedger().load()),
      /Cannot fill/,
    );
    await ledger.close();
    assert.deepEqual((await contentOf(medium)).present, { a: "a@1" });
  });

  test("compaction lets large versions go with the changes that replaced them", async (medium) => {
    const ledger = await medium.open();
    await ledger.load();
    const [first, second] = [filled(200_000, 1), filled(300_000, 2)];
    await ledger.append(0, [{ ...put("a", 1), bytes: first }]);
    const replaced = { revision: 1, bytes: first };
    await ledger.append(1, [{ ...put("a", 2), bytes: second, replaced }]);
    await ledger.compact(2);
    await ledger.close();
    assert.deepEqual((await presentOf(medium))[0]?.bytes, second);
    assert.deepEqual(await historyOf(medium), []);
  });
}

/** Revisions 1 to 6, forgotten up to 3, with a version that is large and one that was. */
export async function fillWithHistory(ledger: Ledger): Promise<void> {
  const large = { ...put("large", 1), bytes: filled(200_000, 1) };
  await ledger.append(0, [large, put("b", 2), put("a", 3)]);
  const replaced = { revision: 1, bytes: large.bytes };
  await ledger.append(3, [{ ...put("large", 4), bytes: filled(100_000, 2), replaced }]);
  await ledger.append(4, [put("a", 5, 3), gone("b", 6, 2)]);
  await ledger.compact(3);
}

/** Everything, in an order that does not depend on the medium; of versions what tells them apart. */
export async function allIn(medium: Medium) {
  const ledger = await medium.open();
  const { head, compacted, ...loaded } = await ledger.load();
  const present = (await allOf(loaded.present)).map(({ key, revision, bytes }) => (
    `${key}@${revision} ${digestOf(bytes)}`
  ));
  const history = (await allOf(loaded.history)).map(({ key, revision, at, replaced }) => (
    `${key}@${revision} ${at} ${replaced?.revision} ${digestOf(replaced?.bytes)}`
  ));
  await ledger.close();
  return { head, compacted, history, present: present.sort() };
}

function digestOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "-" : createHash("sha256").update(bytes).digest("hex");
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function put(key: string, revision: Revision, over = 0): Record {
  const bytes = encoder.encode(`${key}@${revision}`);
  const replaced = over === 0
    ? undefined
    : { revision: over, bytes: put(key, over).bytes ?? bytes };
  return { key, revision, at: 1_000 + revision, bytes, replaced };
}

export function gone(key: string, revision: Revision, over: Revision): Record {
  return { ...put(key, revision, over), bytes: undefined };
}

export function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

function textOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "-" : decoder.decode(bytes);
}

async function opened({ open }: Medium): Promise<Ledger> {
  const ledger = await open();
  await ledger.close();
  return ledger;
}

async function appendTo(medium: Medium, head: Revision, records: readonly Record[]) {
  const ledger = await medium.open();
  const loaded = await ledger.load();
  await allOf(loaded.present);
  await allOf(loaded.history);
  assert.equal(loaded.head, head);
  assert.equal(await ledger.append(head, records), true);
  await ledger.close();
}

async function presentOf(medium: Medium): Promise<Present[]> {
  const ledger = await medium.open();
  const present = await allOf((await ledger.load()).present);
  await ledger.close();
  return present;
}

export async function historyOf(medium: Medium): Promise<Change[]> {
  const ledger = await medium.open();
  const loaded = await ledger.load();
  await allOf(loaded.present);
  const history = await allOf(loaded.history);
  await ledger.close();
  return history;
}

async function contentOf(medium: Medium) {
  const ledger = await medium.open();
  const { head, compacted } = await ledger.load();
  await ledger.close();
  const present = (await presentOf(medium)).map(({ key, bytes }) => [key, textOf(bytes)] as const);
  const history = (await historyOf(medium)).map(({ key, revision, replaced }) =>
    `${key}@${revision}${replaced ? ` over ${textOf(replaced.bytes)}` : ""}`
  );
  return { head, compacted, present: Object.fromEntries(present.sort()), history };
}

export async function allOf<T>(groups: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const group of groups) all.push(...group);
  return all;
}
