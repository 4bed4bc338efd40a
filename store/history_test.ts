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

const TIMES: { name: string; time: number; want: number | undefined }[] = [
  { name: "of the last write is what it made", time: 110_000, want: 110 },
  { name: "after all writes is the newest state", time: 999_000, want: 110 },
  { name: "between two writes is the earlier", time: 105_999, want: 105 },
  { name: "of the newest forgotten write is still known", time: 90_000, want: 90 },
  { name: "right before the first that is left is the same", time: 90_999, want: 90 },
  { name: "before that is forgotten", time: 89_999, want: undefined },
];

for (const { name, time, want } of TIMES) {
  Deno.test(`history: the state at the time ${name}`, () => {
    const history = new History(10, { ...WIDE, events: 20 });
    for (let revision = 11; revision <= 110; revision += 1) history.push(event(revision));
    history.trim(0);
    if (want !== undefined) return assert.equal(history.revisionAt(time), want);
    assert.throws(() => history.revisionAt(time), { reason: "Expired" });
  });
}

Deno.test("history: with nothing in it the state is known since it was opened, or since ever", () => {
  const opened = new History(10, WIDE, 5_000);
  assert.equal(opened.revisionAt(5_000), 10);
  assert.throws(() => opened.revisionAt(4_999), { reason: "Expired" });
  assert.equal(new History(0, WIDE, 5_000).revisionAt(0), 0);
});
