import assert from "node:assert/strict";
import { limited, rulesOf, type ScaleEvent, stabilized } from "./behavior.ts";

const SPEC = { maxReplicas: 100, scaleTargetRef: { kind: "Deployment", name: "web" } };
const DEFAULTS = rulesOf(SPEC);
const NOW = 1_000_000;
const policy = (type: "Pods" | "Percent", value: number) => ({ type, value, periodSeconds: 60 });
const rules = (selectPolicy: "Max" | "Min" | "Disabled") => {
  const both = { selectPolicy, policies: [policy("Pods", 3), policy("Percent", 50)] };
  return rulesOf({ ...SPEC, behavior: { scaleUp: both, scaleDown: both } });
};

// deno-fmt-ignore
const LIMITS: readonly { name: string; rules: typeof DEFAULTS; current: number; size: number; events?: ScaleEvent[]; want: number }[] = [
  { name: "by default it doubles",                  rules: DEFAULTS,          current: 10, size: 50, want: 20 },
  { name: "or adds four",                           rules: DEFAULTS,          current: 1,  size: 50, want: 5 },
  { name: "by default all may go",                  rules: DEFAULTS,          current: 10, size: 1,  want: 1 },
  { name: "the larger of two steps up",             rules: rules("Max"),      current: 10, size: 50, want: 15 },
  { name: "the smaller of two steps up",            rules: rules("Min"),      current: 10, size: 50, want: 13 },
  { name: "the larger of two steps down",           rules: rules("Max"),      current: 10, size: 1,  want: 5 },
  { name: "the smaller of two steps down",          rules: rules("Min"),      current: 10, size: 1,  want: 7 },
  { name: "neither way where it is forbidden",      rules: rules("Disabled"), current: 10, size: 50, want: 10 },
  { name: "what came a moment ago counts",          rules: rules("Min"),      current: 10, size: 50, events: [{ at: NOW - 30_000, change: 2 }], want: 11 },
  { name: "what came long ago does not",            rules: rules("Min"),      current: 10, size: 50, events: [{ at: NOW - 90_000, change: 2 }], want: 13 },
];

for (const { name, rules, current, size, events = [], want } of LIMITS) {
  Deno.test(`autoscaler limits: ${name}`, () => {
    assert.equal(limited({ current, size, now: NOW }, rules, events), want);
  });
}

Deno.test("autoscaler: shrinks to the largest wish of the last five minutes", () => {
  const since = (fact: string) => NOW - (fact === "at most 8" ? 301_000 : 60_000);
  assert.equal(stabilized({ current: 10, wished: 3, now: NOW }, DEFAULTS, since), 8);
});

Deno.test("autoscaler: grows at once", () => {
  assert.equal(stabilized({ current: 3, wished: 9, now: NOW }, DEFAULTS, () => NOW), 9);
});
