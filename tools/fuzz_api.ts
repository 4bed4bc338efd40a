import { parseArgs } from "node:util";
import { Choices } from "../tests/integration/choices.ts";
import { fuzz } from "../tests/integration/fuzz/run.ts";
import { fuzzWire } from "../tests/integration/fuzz/wire.ts";

/**
 * Random requests to the API in this process, until the time is over, with --custom for kinds that they declare; or,
 * with --wire, connections to it that do not keep to HTTP:
 *
 *     deno run -A tools/fuzz_api.ts [--custom] [--seed=N] [--requests=N] [--seconds=N]
 *     deno run -A tools/fuzz_api.ts --wire [--seed=N] [--attacks=N] [--seconds=N]
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    requests: { type: "string", default: "5000" },
    attacks: { type: "string", default: "5000" },
    seconds: { type: "string", default: "30" },
    custom: { type: "boolean", default: false },
    wire: { type: "boolean", default: false },
  },
});
const signal = AbortSignal.timeout(Number(values.seconds) * 1000);
const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));

async function fuzzRequests(): Promise<number> {
  const counts = new Map<string, number>();
  let count = 0;
  for (let seed = first; !signal.aborted; seed += 1) {
    const requests = Number(values.requests);
    const findings = await fuzz({ seed, requests, signal, counts, isCustom: values.custom });
    count += findings.length;
    for (const { index, request, what } of findings) {
      console.log(`seed ${seed}, request ${index}: ${what}\n  ${request}`);
      const custom = values.custom ? " --custom" : "";
      const again = `tools/fuzz_api.ts${custom} --seed=${seed} --requests=${index + 1}`;
      console.log(`  again: deno run -A ${again}`);
    }
    if (values.seed !== undefined) break;
    console.log(`seed ${seed}: ${findings.length} found`);
  }
  print(counts);
  return count;
}

async function fuzzConnections(): Promise<number> {
  console.log(`deno run -A tools/fuzz_api.ts --wire --seed=${first} --attacks=${values.attacks}`);
  const run = { choices: new Choices(first), attacks: Number(values.attacks), signal };
  const { findings, counts } = await fuzzWire(run);
  for (const finding of findings) console.log(finding);
  print(counts);
  console.log(`${Math.round(Deno.memoryUsage().rss / 2 ** 20)} MiB resident`);
  return findings.length;
}

function print(counts: ReadonlyMap<string, number>): void {
  console.log([...counts].sort().map(([kind, times]) => `${kind}: ${times}`).join(", "));
}

const found = values.wire ? await fuzzConnections() : await fuzzRequests();
Deno.exit(found > 0 ? 1 : 0);
