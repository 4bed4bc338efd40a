import { runModel } from "../tests/integration/model/run.ts";

/**
 * Random operations on the API against a reference, as many as one likes:
 *
 *     deno run -A tools/model.ts [--seed=N] [--operations=N]
 */
const flags = new Map(Deno.args.map((flag) => {
  const [name = "", value = ""] = flag.replace(/^--/, "").split("=");
  return [name, Number(value)];
}));
const seed = flags.get("seed") ?? Math.floor(Math.random() * 2 ** 31);
const operations = flags.get("operations") ?? 100_000;
const from = performance.now();
console.log(`deno run -A tools/model.ts --seed=${seed} --operations=${operations}`);
await runModel({ seed, operations });
console.log(`${operations} operations in ${((performance.now() - from) / 1000).toFixed(1)} s`);
