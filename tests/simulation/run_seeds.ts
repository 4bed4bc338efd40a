/** Many seeds at once, each worker in a process of its own. */
import { simulate } from "./simulate.ts";

export interface SeedRange {
  readonly from: number;
  readonly count: number;
  /** No seed is begun after this; those under way end. */
  readonly seconds: number;
  readonly workers: number;
  /** Told of each at once: a long run may be ended before its end. */
  readonly onBroken?: (broken: Broken) => void;
  readonly onTried?: () => void;
}

export interface Broken {
  readonly seed: number;
  readonly what: string;
}

export interface Tried {
  readonly tried: number;
  readonly broken: readonly Broken[];
}

/** A seed that is still not done when so many looks have seen it hangs; a machine that slept meanwhile costs one look. */
const LOOKS_MAX = 60;
const LOOK_MS = 10_000;

export async function runSeeds(range: SeedRange): Promise<Tried> {
  const parts = await Promise.all(
    Array.from({ length: range.workers }, (_, index) => runWorker(range, index)),
  );
  return {
    tried: parts.reduce((sum, { tried }) => sum + tried, 0),
    broken: parts.flatMap(({ broken }) => broken).sort((a, b) => a.seed - b.seed),
  };
}

/** Every `step`th seed from its own. */
async function runWorker(
  { from, count, seconds, workers: step, onBroken = () => {}, onTried = () => {} }: SeedRange,
  index: number,
): Promise<Tried> {
  const worker = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", import.meta.filename!, `${from + index}`, `${step}`]
      .concat([`${from + count}`, `${seconds}`]),
    stdout: "piped",
  }).spawn();
  let tried = 0;
  const broken: Broken[] = [];
  const note = (one: Broken) => {
    broken.push(one);
    onBroken(one);
  };
  let rest = "";
  for await (const text of worker.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const { seed, what } = JSON.parse(line) as { seed: number; what?: string };
      tried += 1;
      onTried();
      if (what !== undefined) note({ seed, what });
    }
  }
  const { code } = await worker.status;
  if (code !== 0) note({ seed: from + index + tried * step, what: "its process ended" });
  return { tried, broken };
}

/** Nobody reads where errors were made; of many they take their time. */
const STACK_LINES = 2;

async function work([first, step, end, seconds]: readonly number[]): Promise<void> {
  Error.stackTraceLimit = STACK_LINES;
  const until = Date.now() + seconds! * 1000;
  for (let seed = first!; seed < end! && Date.now() < until; seed += step!) {
    let looks = 0;
    const watch = setInterval(() => (looks += 1) < LOOKS_MAX || Deno.exit(3), LOOK_MS);
    const { broken: what } = await simulate({ seed });
    clearInterval(watch);
    console.log(JSON.stringify({ seed, what }));
  }
}

if (import.meta.main) await work(Deno.args.map(Number));
