import assert from "node:assert/strict";
import { podNamed } from "../fake_cluster.ts";
import { proposalOf, type Sample } from "./usage.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");
const LONG_AGO = "2026-01-01T10:00:00Z";

/** One word for each pod: its use in milli-units, `?` without a sample, `-` where it is not ready yet. */
function measuring(words: string) {
  const samples = new Map<string, Sample>();
  const pods = words.split(" ").map((word, i) => {
    const name = `p${i}`;
    const value = parseInt(word);
    if (!Number.isNaN(value)) samples.set(name, { value, at: NOW, windowMs: 15_000 });
    const isReady = !word.includes("-");
    const status = isReady ? "True" as const : "False" as const;
    const ready = { type: "Ready", status, lastTransitionTime: LONG_AGO };
    return {
      ...podNamed(name),
      status: { phase: "Running" as const, startTime: LONG_AGO, conditions: [ready] },
    };
  });
  return { pods, samples };
}

// Source of the arithmetic: Kubernetes, "Horizontal Pod Autoscaling", algorithm details. A pod should use 100.
// deno-fmt-ignore
const CASES = [
  { name: "twice the target doubles",                       pods: "200 200",            want: 4 },
  { name: "half the target halves",                         pods: "50 50 50 50",        want: 2 },
  { name: "a tenth more is left alone",                     pods: "110 110",            want: 2 },
  { name: "a tenth less is left alone",                     pods: "90 90",              want: 2 },
  { name: "half a pod is a pod",                            pods: "130 130 130",        want: 4 },
  { name: "a pod that starts counts as idle when growing",  pods: "300 300 -",          want: 6 },
  { name: "and may turn growth into rest",                  pods: "150 150 -",          want: 3 },
  { name: "a pod without a sample counts as idle when growing", pods: "200 ?",          want: 2 },
  { name: "and as busy when shrinking",                     pods: "20 20 ?",            want: 2 },
  { name: "nothing is used",                                pods: "0 0",                want: 0 },
];

for (const { name, pods: words, want } of CASES) {
  Deno.test(`row 104: autoscaler: ${name}`, () => {
    const { pods, samples } = measuring(words);
    const proposal = proposalOf({
      pods,
      samples,
      isCpu: true,
      now: NOW,
      target: () => 100,
      current: pods.length,
    });
    assert.equal(proposal?.replicas, want);
  });
}

Deno.test("autoscaler: without any sample nobody knows", () => {
  const { pods, samples } = measuring("? ?");
  const asked = { pods, samples, isCpu: true, now: NOW, target: () => 100, current: 2 };
  assert.equal(proposalOf(asked), undefined);
});
