import assert from "node:assert/strict";
import { runSeeds } from "./run_seeds.ts";
import { simulate } from "./simulate.ts";
import { commandFor } from "./replay.ts";

/** Seeds that have found something, and are tried for ever. */
const KEPT = [1, 2];

/** For seeds that nobody has tried. */
const FRESH_SECONDS = 30;

Deno.test("simulation: a seed does the same each time", async () => {
  const [first, second] = [await simulate({ seed: 3 }), await simulate({ seed: 3 })];
  assert.equal(first.hash, second.hash);
  assert.notEqual((await simulate({ seed: 4 })).hash, first.hash);
});

for (const seed of KEPT) {
  Deno.test(`simulation: seed ${seed} breaks nothing`, async () => {
    const { broken } = await simulate({ seed });
    assert.equal(broken, undefined, `${broken}: ${commandFor({ seed })}`);
  });
}

Deno.test("simulation: fresh seeds break nothing", async () => {
  const from = Math.floor(Math.random() * 2 ** 31);
  const workers = navigator.hardwareConcurrency;
  const { tried, broken } = await runSeeds({ from, count: 1_000, seconds: FRESH_SECONDS, workers });
  const [first] = broken;
  assert.ok(tried > 0);
  assert.equal(first, undefined, `${first?.what}: ${commandFor({ seed: first?.seed ?? 0 })}`);
});
