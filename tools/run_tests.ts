/**
 * `deno task test`: prepares the host, runs the tests in groups, prints `N passed, N failed` as the last line
 * and exits 1 unless all is well. `--pure` runs the groups that need neither root nor a container engine. Under
 * CI=true a test that was skipped is a failure: a machine that cannot run it proves nothing.
 */
import { parseArgs } from "node:util";
import { type PreparedHost, prepareTestHost } from "./prepare_test_host.ts";

export interface Group {
  readonly name: string;
  readonly folders: readonly string[];
  /** At once, file by file: the tests share nothing. */
  readonly isParallel: boolean;
  /** What of the host it cannot do without. */
  readonly needs: readonly Need[];
  /** So many files at once, each in a process of its own: they wait more than they work. Absent: one process for all. */
  readonly lanes?: number;
}

export type Need = "root" | "container engine" | "kubectl" | "python client";

const GROUPS: readonly Group[] = [
  {
    name: "pure",
    folders: [
      ..."api store client controllers scheduler dns cmd images tools".split(" "),
    ],
    isParallel: true,
    needs: [],
  },
  // Beside the files too, but some use the kernel and the engine of this host, and measure.
  { name: "node", folders: ["agent", "dataplane"], isParallel: false, needs: [] },
  { name: "integration", folders: ["tests/integration"], isParallel: false, needs: [] },
  { name: "simulation", folders: ["tests/simulation"], isParallel: false, needs: [] },
  { name: "clients", folders: ["tests/clients"], isParallel: false, needs: ["python client"] },
  { name: "kubectl", folders: ["tests/kubectl"], isParallel: false, needs: ["kubectl"], lanes: 2 },
  {
    name: "e2e",
    folders: ["tests/e2e"],
    isParallel: false,
    needs: ["root", "container engine", "kubectl"],
    lanes: 2,
  },
  // Compares the state of the whole host, so nothing else may run.
  {
    name: "host",
    folders: ["tests/host"],
    isParallel: false,
    needs: ["root", "container engine", "kubectl"],
  },
];

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A test that hangs must not hold up all others: it has failed after so long without a word of progress. */
const SILENT_MS_MAX = 10 * 60_000;
/** What Deno says while nothing happens. */
const STILL_RUNNING = /has been running for over/;

/** Reads Deno's summary; a group that ended without one has crashed, which counts as a failure. */
export function countsIn(output: string, exitCode: number): Counts {
  const summaries = [...output.matchAll(/^(?:ok|FAILED) \| (\d+) passed.*?\| (\d+) failed(.*)$/gm)];
  const last = summaries.at(-1);
  if (last === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const [, passed, failed, rest = ""] = last;
  const skipped = /\| (\d+) ignored/.exec(rest)?.[1] ?? "0";
  const isCrash = exitCode !== 0 && failed === "0";
  return {
    passed: Number(passed),
    failed: isCrash ? 1 : Number(failed),
    skipped: Number(skipped),
  };
}

export function sumOf(counts: readonly Counts[]): Counts {
  return counts.reduce((sum, { passed, failed, skipped }) => ({
    passed: sum.passed + passed,
    failed: sum.failed + failed,
    skipped: sum.skipped + skipped,
  }), { passed: 0, failed: 0, skipped: 0 });
}

/** The closing line. */
export function lineOf({ passed, failed, skipped }: Counts): string {
  const more = skipped === 0 ? "" : `, ${skipped} skipped`;
  return `${passed} passed, ${failed} failed${more}`;
}

async function runGroup(group: Group, lacks: ReadonlyMap<Need, string>): Promise<Counts> {
  const folders = group.folders.filter(holdsTests);
  if (folders.length === 0) return { passed: 0, failed: 0, skipped: 0 };
  console.log(`\n── ${group.name}`);
  const missing = group.needs.flatMap((need) => lacks.get(need) ?? []);
  if (missing.length > 0) {
    console.log(`skipped: ${missing.join("; ")}`);
    return { passed: 0, failed: 0, skipped: folders.flatMap(testFilesIn).length };
  }
  const counts = group.lanes === undefined
    ? await runFiles(group, folders)
    : await runLanes(folders.flatMap(testFilesIn).sort(), group.lanes);
  if (counts.failed > 0) console.log(`${group.name}: ${lineOf(counts)}`);
  return counts;
}

/** Prints as it goes. */
async function runFiles(group: Group, files: readonly string[]): Promise<Counts> {
  const flags = group.isParallel ? ["--parallel"] : [];
  const write = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(text));
  return await runTests([...flags, ...files], write);
}

/** Prints each file when it is done. */
async function runLanes(files: readonly string[], lanes: number): Promise<Counts> {
  const waiting = [...files];
  const counts: Counts[] = [];
  const lane = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      let output = "";
      counts.push(await runTests([file], (text) => output += text));
      Deno.stdout.writeSync(new TextEncoder().encode(output));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return sumOf(counts);
}

async function runTests(args: readonly string[], write: (text: string) => void): Promise<Counts> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--quiet", "-A", "--no-check", ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  let output = "";
  const giveUp = () => {
    write(`\nnothing has happened for ${SILENT_MS_MAX / 60_000} minutes: it is ended\n`);
    child.kill("SIGKILL");
  };
  let silence = setTimeout(giveUp, SILENT_MS_MAX);
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    output += text;
    write(text);
    if (STILL_RUNNING.test(text)) continue;
    clearTimeout(silence);
    silence = setTimeout(giveUp, SILENT_MS_MAX);
  }
  clearTimeout(silence);
  const { code, signal } = await child.status;
  const counts = countsIn(output, code);
  if (counts.failed > 0) write(`ended with ${signal ?? `exit code ${code}`}\n`);
  return counts;
}

function testFilesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return testFilesIn(path);
    return name.endsWith("_test.ts") ? [path] : [];
  });
}

function holdsTests(folder: string): boolean {
  try {
    return testFilesIn(folder).length > 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: { pure: { type: "boolean" }, group: { type: "string", multiple: true } },
  });
  const chosen = GROUPS.filter(({ name, needs }) =>
    values.pure ? needs.length === 0 : values.group?.includes(name) ?? true
  );
  const host: PreparedHost = values.pure
    ? { lacks: new Map(), release: () => Promise.resolve() }
    : await prepareTestHost();
  const counts: Counts[] = [];
  try {
    for (const group of chosen) counts.push(await runGroup(group, host.lacks));
  } finally {
    await host.release();
  }
  const sum = sumOf(counts);
  const isSkipAllowed = Deno.env.get("CI") !== "true";
  if (sum.skipped > 0 && !isSkipAllowed) {
    console.log("\nUnder CI=true a skipped test is a failure.");
  }
  console.log(`\n${lineOf(sum)}`);
  Deno.exit(sum.failed > 0 || (sum.skipped > 0 && !isSkipAllowed) ? 1 : 0);
}

if (import.meta.main) {
  Deno.chdir(new URL("../", import.meta.url));
  await main();
}
