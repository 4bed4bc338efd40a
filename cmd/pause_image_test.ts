import assert from "node:assert/strict";
import type { Clock } from "../api/types/ambient.ts";
import { obtainPauseImage } from "./pause_image.ts";

Deno.test("pause image: an engine that is not there yet is asked again, ever less often", async () => {
  const waited: number[] = [];
  let calls = 0;
  await obtainPauseImage({
    ensure: () => ++calls < 9 ? Promise.reject(new Error("no engine")) : Promise.resolve(),
    clock: { sleep: (ms: number) => (waited.push(ms), Promise.resolve()) } as unknown as Clock,
    log: () => {},
    signal: new AbortController().signal,
  });
  assert.equal(calls, 9);
  assert.deepEqual(waited, [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
});
