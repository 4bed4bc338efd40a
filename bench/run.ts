/** `deno task bench api idle pod_start`: runs the named benchmarks (all when none is named) and prints their tables. */
export interface Row {
  readonly what: string;
  readonly figure: string;
  readonly goal?: string;
}

interface Benchmark {
  run(): Promise<Row[]>;
}

const BENCHMARKS: Readonly<Record<string, () => Promise<Benchmark>>> = {
  api: () => import("./api.ts"),
  store: () => import("./store.ts"),
  stored: () => import("./stored.ts"),
  idle: () => import("./idle.ts"),
  pod_start: () => import("./pod_start.ts"),
  pods110: () => import("./pods110.ts"),
  dataplane: () => import("./dataplane.ts"),
  dns: () => import("./dns.ts"),
  scheduler: () => import("./scheduler.ts"),
  controllers: () => import("./controllers.ts"),
  scale: () => import("./scale.ts"),
};

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ what, figure, goal }) => `| ${what} | ${figure} | ${goal ?? ""} |`);
  return ["| what | figure | goal |", "|---|---|---|", ...lines].join("\n");
}

async function machine(): Promise<string> {
  const { stdout } = await new Deno.Command("git", { args: ["rev-parse", "--short", "HEAD"] })
    .output();
  const commit = new TextDecoder().decode(stdout).trim();
  const cores = navigator.hardwareConcurrency;
  return `commit ${commit}, ${cores} cores, Linux ${Deno.osRelease()}, Deno ${Deno.version.deno}`;
}

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !(name in BENCHMARKS));
  if (unknown.length > 0) {
    const known = Object.keys(BENCHMARKS).join(", ");
    console.error(`No benchmark named ${unknown.join(", ")}: there are ${known}`);
    Deno.exit(1);
  }
  console.log(await machine());
  for (const name of names.length === 0 ? Object.keys(BENCHMARKS) : names) {
    const benchmark = await BENCHMARKS[name]!();
    console.log(`\n## ${name}\n\n${table(await benchmark.run())}`);
  }
}

if (import.meta.main) {
  await main(Deno.args);
  // what nodes that were ended still wait for is no part of it
  Deno.exit(0);
}
