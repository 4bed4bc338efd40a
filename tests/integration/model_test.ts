import { hasEtcd } from "../fixtures/etcd.ts";
import { runModel } from "./model/run.ts";

/**
 * How much of the model the suite runs, on each medium: seeds that are kept (the first few, and each that has ever
 * found something) and a new one. `tools/model.ts` does as many operations as one likes.
 */
const RUNS: readonly { medium: string; operations: number; seeds: readonly number[] }[] = [
  { medium: "memory", operations: 500, seeds: [1, 2, 3] },
  { medium: "kv", operations: 500, seeds: [1] },
  { medium: "etcd", operations: 300, seeds: [1] },
];

for (const { medium, operations, seeds } of RUNS) {
  for (const seed of [...seeds, Math.floor(Math.random() * 2 ** 31)]) {
    const which = seeds.includes(seed) ? `seed ${seed}` : "a new seed";
    Deno.test({
      name: `model: ${which} on ${medium} loses, repeats and reorders nothing`,
      ignore: medium === "etcd" && !hasEtcd,
      async fn() {
        try {
          await runModel({ seed, operations, medium });
        } catch (error) {
          const flags = `--seed=${seed} --operations=${operations} --medium=${medium}`;
          console.error(`Again: deno run -A tools/model.ts ${flags}`);
          throw error;
        }
      },
    });
  }
}
