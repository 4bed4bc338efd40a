import assert from "node:assert/strict";
import type { Observations, Signal } from "./signals.ts";
import { crossed, durationMs, EVICTION_HARD_DEFAULT, thresholdsOf } from "./thresholds.ts";

const NONE = { hard: "", soft: "", softGracePeriod: "", minimumReclaim: "" };

Deno.test("thresholds: the kubelet's defaults are read", () => {
  const thresholds = thresholdsOf({ ...NONE, hard: EVICTION_HARD_DEFAULT });
  assert.deepEqual(thresholds.map(({ signal, amount }) => [signal, amount]), [
    ["memory.available", { is: "quantity", text: "100Mi" }],
    ["nodefs.available", { is: "share", share: 0.1 }],
    ["nodefs.inodesFree", { is: "share", share: 0.05 }],
    ["imagefs.available", { is: "share", share: 0.15 }],
    ["imagefs.inodesFree", { is: "share", share: 0.05 }],
  ]);
});

// deno-fmt-ignore
const REFUSED = [
  { flags: { hard: "memory<1Gi" },                 says: /^--eviction-hard "memory<1Gi": must be SIGNAL<VALUE/ },
  { flags: { hard: "memory.available=1Gi" },       says: /^--eviction-hard "memory.available=1Gi": / },
  { flags: { hard: "memory.available<lots" },      says: /^--eviction-hard "lots": must be an amount/ },
  { flags: { hard: "memory.available<120%" },      says: /^--eviction-hard "120%": / },
  { flags: { hard: "memory.available<-1Gi" },      says: /^--eviction-hard "-1Gi": / },
  { flags: { soft: "memory.available<1Gi" },       says: /needs a grace period/ },
  { flags: { minimumReclaim: "disk=1Gi" },         says: /^--eviction-minimum-reclaim "disk=1Gi": / },
];
for (const { flags, says } of REFUSED) {
  Deno.test(`thresholds: refuses ${JSON.stringify(flags)}`, () => {
    assert.throws(() => thresholdsOf({ ...NONE, ...flags }), { name: "RangeError", message: says });
  });
}

// deno-fmt-ignore
const CROSSED = [
  { name: "above an amount",              hard: "memory.available<100",  available: 100, was: false, want: false },
  { name: "below an amount",              hard: "memory.available<100",  available: 99,  was: false, want: true },
  { name: "below a share",                hard: "memory.available<10%",  available: 99,  was: false, want: true },
  { name: "above it again, too little",   hard: "memory.available<100",  available: 149, was: true,  want: true },
  { name: "above it again, far enough",   hard: "memory.available<100",  available: 150, was: true,  want: false },
];
for (const { name, hard, available, was, want } of CROSSED) {
  Deno.test(`thresholds: ${name}`, () => {
    const thresholds = thresholdsOf({ ...NONE, hard, minimumReclaim: "memory.available=50" });
    const seen: Observations = new Map<Signal, { available: number; capacity: number }>([
      ["memory.available", { available, capacity: 1000 }],
    ]);
    const before = new Set(was ? thresholds : []);
    assert.equal(crossed(thresholds, seen, before).length > 0, want);
  });
}

Deno.test("thresholds: a file system without inodes has none to run out of", () => {
  const thresholds = thresholdsOf({ ...NONE, hard: "nodefs.inodesFree<5%" });
  const seen = new Map([["nodefs.inodesFree" as const, { available: 0, capacity: 0 }]]);
  assert.deepEqual(crossed(thresholds, seen), []);
});

Deno.test("thresholds: durations as flags have them", () => {
  assert.deepEqual(["0", "30s", "1m30s", "1.5h", "250ms"].map(durationMs), [
    ...[0, 30_000, 90_000, 5_400_000, 250],
  ]);
  assert.throws(() => durationMs("30"), /must be a duration such as 1m30s/);
});
