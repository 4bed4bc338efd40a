import assert from "node:assert/strict";
import { delayAfter, delayOfNext, durationText } from "./back_off.ts";
import { deadAt, T0 } from "./pod_fixtures.ts";

Deno.test("back-off: none after the first end, then 10 s that double up to 5 minutes", () => {
  const delays: number[] = [];
  let container = deadAt(1);
  for (let attempt = 0; attempt < 9; attempt++) {
    delays.push(delayAfter(container));
    container = deadAt(1, { attempt, backOffSeconds: delayOfNext(container) });
  }
  assert.deepEqual(delays, [0, 10, 20, 40, 80, 160, 300, 300, 300]);
});

Deno.test("back-off: begins anew after ten minutes of running", () => {
  const long = deadAt(1, { backOffSeconds: 160, finishedAt: T0 + 600_000 });
  assert.equal(delayAfter(long), 0);
  assert.equal(delayOfNext(long), 10);
  assert.equal(delayAfter({ ...long, finishedAt: T0 + 599_000 }), 160);
});

Deno.test("back-off: is told as Go prints a duration", () => {
  assert.deepEqual([10, 80, 300].map(durationText), ["10s", "1m20s", "5m0s"]);
});
