import assert from "node:assert/strict";
import { History, type HistoryLimits } from "./history.ts";
import type { StoreEvent } from "./store.ts";
import { Version } from "./version.ts";

const WIDE: HistoryLimits = { events: 1e9, bytes: 1e9, ageMs: 1e9, youngEvents: 0 };

/** An event a second, each replacing 100 bytes. */
function event(revision: number): StoreEvent {
  const key = `pods/x/p${revision % 2}`;
  const current = new Version(key, revision, new Uint8Array(100));
  const previous = new Version(key, revision - 2, new Uint8Array(100));
  return { type: "PUT", key, revision, at: revision * 1_000, current, previous };
}

const CASES: { name: string; limits: Partial<HistoryLimits>; wantCompacted: number }[] = [
  { name: "keeps all within its limits", limits: {}, wantCompacted: 10 },
  { name: "is bounded by count", limits: { events: 30 }, wantCompacted: 80 },
  { name: "is bounded by bytes", limits: { bytes: 2_000 }, wantCompacted: 90 },
  { name: "is bounded by time", limits: { ageMs: 5_000 }, wantCompacted: 104 },
  { name: "keeps young ones", limits: { ageMs: 0, youngEvents: 7 }, wantCompacted: 103 },
  { name: "the tightest", limits: { events: 50, bytes: 3_000, ageMs: 90e3 }, wantCompacted: 80 },
];

for (const { name, limits, wantCompacted } of CASES) {
  Deno.test(`history: ${name}`, () => {
    const history = new History(10, { ...WIDE, ...limits });
    for (let revision = 11; revision <= 110; revision += 1) history.push(event(revision));
    history.trim(110_000);
    assert.deepEqual([history.compacted, history.size], [wantCompacted, 110 - wantCompacted]);
    const revisions = history.after(wantCompacted, "").map(({ revision }) => revision);
    assert.deepEqual([revisions[0] ?? 0, revisions.at(-1)], [wantCompacted + 1, 110]);
  });
}

Deno.test("history: counts on rightly after it has let many go", () => {
  const history = new History(0, { ...WIDE, events: 600 });
  for (let revision = 1; revision <= 10_000; revision += 1) {
    history.push(event(revision));
    history.trim(0);
  }
  const found = history.after(9_990, "pods/x/p1").map(({ revision }) => revision);
  assert.deepEqual(found, [9_991, 9_993, 9_995, 9_997, 9_999]);
  assert.equal(history.replacedAfter(9_996, "pods/x/p0").get("pods/x/p0")?.revision, 9_996);
});
