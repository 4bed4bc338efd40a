import assert from "node:assert/strict";
import { runSeeds } from "./run_seeds.ts";
import { simulate } from "./simulate.ts";
import { commandFor } from "./replay.ts";

/** Seeds that have found something, and are tried for ever. */
const KEPT = [
  1,
  2,
  46,
  102,
  131,
  2008,
  20009,
  60185,
  60342,
  61537,
  62128,
  65385,
  70145,
  100120,
  100940,
  115346,
  116757,
  5730326,
  2023166921,
];

const SECONDS_MAX = 300;
/** Tried besides: always the same, and others each time. */
const RANGES = [
  { name: "more seeds", from: 103, count: 24, least: 24, seconds: SECONDS_MAX },
  // where the machine is slow, fewer are begun
  {
    name: "fresh seeds",
    from: Math.floor(Math.random() * 2 ** 31),
    count: 40,
    least: 1,
    seconds: 40,
  },
];

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

for (const { name, least, ...range } of RANGES) {
  Deno.test(`simulation: ${name} break nothing`, async () => {
    const workers = navigator.hardwareConcurrency;
    const { tried, broken } = await runSeeds({ ...range, workers });
    const said = broken.map(({ seed, what }) => `${what}: ${commandFor({ seed })}`);
    assert.deepEqual(said, []);
    assert.ok(tried >= least, `${tried} seeds were tried`);
  });
}
