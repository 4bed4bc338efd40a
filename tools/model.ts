import { parseArgs } from "node:util";
import { runModel } from "../tests/integration/model/run.ts";

/**
 * Random operations on the API against a reference, as many as one likes, with the store on memory, kv, etcd or
 * etcd-3 (three members):
 *
 *     deno run -A tools/model.ts [--seed=N] [--operations=N] [--medium=NAME]
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    operations: { type: "string", default: "100000" },
    medium: { type: "string", default: "memory" },
  },
});
const { seed, operations, medium } = values;
const from = performance.now();
console.log(
  `deno run -A tools/model.ts --seed=${seed} --operations=${operations} --medium=${medium}`,
);
await runModel({ seed: Number(seed), operations: Number(operations), medium });
const seconds = ((performance.now() - from) / 1000).toFixed(1);
console.log(`${operations} operations in ${seconds} s`);
