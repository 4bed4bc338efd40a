import assert from "node:assert/strict";
import { ageAt, humanDuration } from "./human_duration.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const CASES: readonly [ms: number, want: string][] = [
  [-5 * SECOND, "<invalid>"],
  [-SECOND, "0s"],
  [0, "0s"],
  [119 * SECOND, "119s"],
  [2 * MINUTE, "2m"],
  [3 * MINUTE + 5 * SECOND, "3m5s"],
  [10 * MINUTE + 59 * SECOND, "10m"],
  [179 * MINUTE, "179m"],
  [3 * HOUR, "3h"],
  [7 * HOUR + 20 * MINUTE, "7h20m"],
  [47 * HOUR, "47h"],
  [2 * DAY, "2d"],
  [7 * DAY + 3 * HOUR, "7d3h"],
  [700 * DAY, "700d"],
  [730 * DAY, "2y"],
  [735 * DAY, "2y5d"],
  [3000 * DAY, "8y"],
];

for (const [ms, want] of CASES) {
  Deno.test(`human duration: ${ms} ms is ${want}`, () => assert.equal(humanDuration(ms), want));
}

Deno.test("age: counts from the timestamp, and is unknown without one", () => {
  assert.equal(ageAt("2026-01-01T00:00:30Z", "2026-01-01T00:00:00Z"), "30s");
  assert.equal(ageAt("2026-01-01T00:00:30Z", undefined), "<unknown>");
});
