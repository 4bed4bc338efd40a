import assert from "node:assert/strict";
import type { Sabotage } from "./cluster.ts";
import { DOUBLE_BIND, LOST_ENDPOINT_REMOVAL, QUOTA_RACE } from "./sabotage.ts";
import { simulate } from "./simulate.ts";

const SEEDS_MAX = 1_000;

const TABLE: readonly { name: string; sabotage: Sabotage; from: number; says: RegExp }[] = [
  { name: "double bind", sabotage: DOUBLE_BIND, from: 1, says: /is bound twice/ },
  {
    name: "lost endpoint removal",
    sabotage: LOST_ENDPOINT_REMOVAL,
    from: 1,
    says: /which is not ready for|do not name its pods/,
  },
  {
    name: "quota race",
    sabotage: QUOTA_RACE,
    from: 1,
    says: /whose quota allows|quota-0 counts/,
  },
];

for (const { name, sabotage, from, says } of TABLE) {
  Deno.test(`simulation: finds a planted ${name}`, async () => {
    for (let seed = from; seed < from + SEEDS_MAX; seed += 1) {
      const { broken } = await simulate({ seed, sabotage });
      if (broken === undefined || !says.test(broken)) continue;
      return console.log(`seed ${seed}: ${broken}`);
    }
    assert.fail(`${SEEDS_MAX} seeds did not find it`);
  });
}
