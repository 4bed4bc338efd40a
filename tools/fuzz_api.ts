import { fuzz } from "../tests/integration/fuzz/run.ts";

/**
 * Random requests to the API in this process, until something is found or the time is over:
 *
 *     deno run -A tools/fuzz_api.ts [--seed=N] [--requests=N] [--seconds=N]
 */
const flags = new Map(Deno.args.map((flag) => {
  const [name = "", value = ""] = flag.replace(/^--/, "").split("=");
  return [name, Number(value)];
}));
const requests = flags.get("requests") ?? 5_000;
const signal = AbortSignal.timeout((flags.get("seconds") ?? 30) * 1000);
const first = flags.get("seed") ?? Math.floor(Math.random() * 2 ** 31);
const isOne = flags.has("seed");
const counts = new Map<string, number>();
let count = 0;
for (let seed = first; !signal.aborted; seed += 1) {
  const findings = await fuzz({ seed, requests, signal, counts });
  count += findings.length;
  for (const { index, request, what } of findings) {
    console.log(`seed ${seed}, request ${index}: ${what}\n  ${request}`);
    console.log(`  again: deno run -A tools/fuzz_api.ts --seed=${seed} --requests=${index + 1}`);
  }
  if (isOne) break;
  console.log(`seed ${seed}: ${findings.length} found`);
}
console.log([...counts].sort().map(([kind, times]) => `${kind}: ${times}`).join(", "));
Deno.exit(count > 0 ? 1 : 0);
