import { deepEqual, equal } from "node:assert/strict";
import { type Counts, countsIn, lineOf, sumOf } from "./run_tests.ts";

const OUTPUTS: { name: string; output: string; exitCode: number; want: Counts }[] = [
  {
    name: "a summary is read",
    output: "x ... ok\n\nok | 12 passed | 0 failed (3s)\n",
    exitCode: 0,
    want: { passed: 12, failed: 0, skipped: 0 },
  },
  {
    name: "steps are not counted, ignored tests are",
    output: "FAILED | 1 passed (1 step) | 2 failed (1 step) | 1 ignored (1 step) (10ms)\n",
    exitCode: 1,
    want: { passed: 1, failed: 2, skipped: 1 },
  },
  {
    name: "the last summary counts: a test may print another",
    output: "ok | 9 passed | 0 failed (3s)\nok | 1 passed | 0 failed (3s)\n",
    exitCode: 0,
    want: { passed: 1, failed: 0, skipped: 0 },
  },
  {
    name: "a crash is a failure",
    output: "x ... ",
    exitCode: 139,
    want: { passed: 0, failed: 1, skipped: 0 },
  },
  {
    name: "so is a bad end after a good summary",
    output: "ok | 3 passed | 0 failed (3s)\n",
    exitCode: 1,
    want: { passed: 3, failed: 1, skipped: 0 },
  },
];

for (const { name, output, exitCode, want } of OUTPUTS) {
  Deno.test(`run tests: ${name}`, () => deepEqual(countsIn(output, exitCode), want));
}

Deno.test("run tests: the closing line tells of skips only when there are some", () => {
  const one = { passed: 2, failed: 1, skipped: 0 };
  equal(lineOf(sumOf([one, one])), "4 passed, 2 failed");
  equal(
    lineOf(sumOf([one, { passed: 0, failed: 0, skipped: 3 }])),
    "2 passed, 1 failed, 3 skipped",
  );
});
