import assert from "node:assert/strict";
import { Choices } from "./choices.ts";
import { fuzzWire } from "./fuzz/wire.ts";

/** `tools/fuzz_api.ts --wire` does as many as one likes. */
const ATTACKS = 300;

/** Resident memory that attacks may leave behind, code and buffers of TLS included. */
const GROWTH_BYTES_MAX = 300 * 1024 * 1024;

for (const seed of [1, Math.floor(Math.random() * 2 ** 31)]) {
  const name = seed === 1 ? "seed 1" : "a new seed";
  Deno.test(`fuzz: connections of ${name} that do not keep to HTTP hurt nobody`, async () => {
    const before = Deno.memoryUsage().rss;
    const { findings } = await fuzzWire({ choices: new Choices(seed), attacks: ATTACKS });
    if (findings.length > 0) {
      console.error(
        `Again: deno run -A tools/fuzz_api.ts --wire --seed=${seed} --attacks=${ATTACKS}`,
      );
    }
    assert.deepEqual(findings, []);
    const growth = Deno.memoryUsage().rss - before;
    assert.ok(growth < GROWTH_BYTES_MAX, `${Math.round(growth / 2 ** 20)} MiB were left behind`);
  });
}
