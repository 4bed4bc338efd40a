/** `deno task sim --seed 7` replays one life of a cluster with its story; `--seeds 1000` tries so many on all cores. */
import { parseArgs } from "node:util";
import { findPlanted } from "./find_planted.ts";
import { commandFor } from "./replay.ts";
import { type Broken, runSeeds } from "./run_seeds.ts";
import { PLANTED } from "./sabotage.ts";
import { shrink } from "./shrink.ts";
import { OPERATIONS, simulate } from "./simulate.ts";

/** Of a long run it is told how far it is after so many. */
const SEEDS_PER_LINE = 500;

/** Within so many a planted mistake must be found. */
const PLANTED_SEEDS = 1_000;

const USAGE = `usage: deno task sim --seed N [--without 3,7] [--lines all]
       deno task sim --seeds COUNT [--from N] [--seconds S] [--workers W]
       deno task sim --planted NAME [--from N] [--seeds COUNT]
Planted mistakes: ${Object.keys(PLANTED).join(", ")}`;

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    from: { type: "string" },
    seconds: { type: "string" },
    workers: { type: "string" },
    without: { type: "string" },
    lines: { type: "string" },
    planted: { type: "string" },
  },
});

async function replay(seed: number): Promise<number> {
  const without = new Set(
    (values.without ?? "").split(",").filter((one) => one !== "").map(Number),
  );
  const outcome = await simulate({ seed, without, keepsLines: true });
  const isTold = (line: string) => values.lines === "all" || !/ PUT events| PUT nodes/.test(line);
  console.log(outcome.lines.filter(isTold).join("\n"));
  console.log(`seed ${seed}: ${outcome.broken ?? "all is well"} (trace ${outcome.hash})`);
  if (outcome.broken === undefined) return 0;
  if (values.without === undefined) {
    const smaller = await shrink(outcome, OPERATIONS);
    console.log(`With fewer operations: ${commandFor(smaller)}`);
  }
  return 1;
}

async function tryMany(count: number): Promise<number> {
  // what CI tries is new each time
  const from = values.from === undefined
    ? Math.floor(Math.random() * 2 ** 31)
    : Number(values.from);
  const seconds = values.seconds === undefined ? Infinity : Number(values.seconds);
  const workers = Number(values.workers ?? navigator.hardwareConcurrency);
  const onBroken = ({ seed, what }: Broken) => console.log(`${what}\n  ${commandFor({ seed })}`);
  let done = 0;
  const onTried = () => {
    done += 1;
    if (done % SEEDS_PER_LINE === 0 && done < count) console.log(`${done} of ${count} seeds`);
  };
  const range = { from, count, seconds, workers };
  const { tried, broken } = await runSeeds({ ...range, onBroken, onTried });
  console.log(`${tried} seeds from ${from}: ${broken.length} broken`);
  return broken.length === 0 ? 0 : 1;
}

/** How soon a mistake is found that was put in on purpose. */
async function search(name: string, count: number): Promise<number> {
  const planted = PLANTED[name];
  if (planted === undefined) {
    console.error(USAGE);
    return 2;
  }
  const found = await findPlanted(planted, { from: Number(values.from ?? 1), count });
  console.log(
    found === undefined
      ? `${count} seeds did not find it`
      : `seed ${found.seed}, the ${found.tried}. tried: ${found.what}`,
  );
  return found === undefined ? 1 : 0;
}

if (import.meta.main) {
  if (values.planted !== undefined) {
    Deno.exit(await search(values.planted, Number(values.seeds ?? PLANTED_SEEDS)));
  }
  if (values.seed !== undefined) Deno.exit(await replay(Number(values.seed)));
  if (values.seeds !== undefined) Deno.exit(await tryMany(Number(values.seeds)));
  console.error(USAGE);
  Deno.exit(2);
}
