import assert from "node:assert/strict";
import { findPlanted } from "./find_planted.ts";
import { PLANTED } from "./sabotage.ts";

/** Of them the first few suffice; `deno task sim --planted NAME` searches elsewhere. */
const SEEDS = { from: 1, count: 1_000 };

for (const [name, planted] of Object.entries(PLANTED)) {
  Deno.test(`simulation: finds a planted ${name}`, async () => {
    const found = await findPlanted(planted, SEEDS);
    assert.ok(found !== undefined, `${SEEDS.count} seeds did not find it`);
    console.log(`after ${found.tried} seeds: ${found.what}`);
  });
}
