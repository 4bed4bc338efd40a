import assert from "node:assert/strict";
import { fuzz } from "./fuzz/run.ts";

/** Of each seed; `tools/fuzz_api.ts` does as many as one likes. */
const REQUESTS = 1_500;

/** One to begin with, and each that has ever found something. */
const SEEDS = [1, 2, 573329508, 2019232068];

for (const seed of [...SEEDS, Math.floor(Math.random() * 2 ** 31)]) {
  const name = SEEDS.includes(seed) ? `seed ${seed}` : "a new seed";
  Deno.test(`fuzz: ${name} gets neither a failure nor silence`, async () => {
    const findings = await fuzz({ seed, requests: REQUESTS });
    for (const { index } of findings) {
      console.error(`Again: deno run -A tools/fuzz_api.ts --seed=${seed} --requests=${index + 1}`);
    }
    assert.deepEqual(findings, []);
  });
}

/** The same of custom kinds. */
const CUSTOM_SEEDS = [1, 661177121];

for (const seed of [...CUSTOM_SEEDS, Math.floor(Math.random() * 2 ** 31)]) {
  const name = CUSTOM_SEEDS.includes(seed) ? `seed ${seed}` : "a new seed";
  Deno.test(`fuzz: ${name} of custom kinds gets neither a failure nor silence`, async () => {
    const findings = await fuzz({ seed, requests: REQUESTS, isCustom: true });
    for (const { index } of findings) {
      const again = `tools/fuzz_api.ts --custom --seed=${seed} --requests=${index + 1}`;
      console.error(`Again: deno run -A ${again}`);
    }
    assert.deepEqual(findings, []);
  });
}
