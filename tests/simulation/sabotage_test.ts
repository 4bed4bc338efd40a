import assert from "node:assert/strict";
import { findPlanted } from "./find_planted.ts";
import { PLANTED } from "./sabotage.ts";

/** The first suffices as a rule; `deno task sim --planted NAME` searches elsewhere. */
const SEEDS_MAX = 1_000;

for (const [name, planted] of Object.entries(PLANTED)) {
  Deno.test(`simulation: finds a planted ${name}`, async () => {
    const found = await findPlanted(planted, {
      from: planted.knownSeed,
      count: SEEDS_MAX,
    });
    assert.ok(found !== undefined, `${SEEDS_MAX} seeds did not find it`);
    console.log(`after ${found.tried} seeds: ${found.what}`);
  });
}
