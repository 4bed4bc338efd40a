/** A service beside the pod's own address, in turns: rates, latencies and CPU for each operation. */
import type { EchoPod } from "../dataplane/pod_world_contract.ts";
import { type Ask, type Done, type Kind, LOAD_PORT } from "./dataplane_load.ts";

const LOAD = new URL("./dataplane_load.ts", import.meta.url).pathname;
/** How often each way is measured, and for how long. */
export interface Rounds {
  readonly rounds: number;
  readonly ms: number;
}

const SHORT: Rounds = { rounds: 5, ms: 120 };

/**
 * Who asks and who answers have a processor each: left to the scheduler they share one in some samples and not in
 * others, which is a larger difference than any that is looked for here.
 */
const [CLIENTS_CPU, SERVERS_CPU] = ["0", navigator.hardwareConcurrency > 1 ? "1" : "0"];

/** One way to the pod, and what has to be done before it is measured. */
export interface Way {
  readonly host: string;
  readonly port: number;
  prepare?(): void;
}

/** Of a way beside the direct one: medians of the ratios of pairs. */
export interface Compared {
  readonly kind: Kind;
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpu: number;
  /** Of the direct way. */
  readonly direct: Done;
}

/** A process in the network of a pod, or of another one of the world. */
export class Loader {
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly child: Deno.ChildProcess;
  #text = "";

  private constructor(network: string, cgroup: string, args: readonly string[]) {
    const script = `echo $$ > ${cgroup}/cgroup.procs && exec "$@"`;
    const place = ["taskset", "--cpu-list", args[0] === "serve" ? SERVERS_CPU : CLIENTS_CPU];
    const run = [Deno.execPath(), "run", "--no-lock", "-A", LOAD, ...args];
    const enter = [...place, "nsenter", `--net=${network}`, ...run];
    this.child = new Deno.Command("sh", {
      args: ["-c", script, "sh", ...enter],
      ...{ stdin: "piped", stdout: "piped" },
    }).spawn();
    this.#lines = this.child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#input = this.child.stdin.getWriter();
  }

  static start(pid: number, cgroup: string, ...args: string[]): Promise<Loader> {
    return Loader.startIn(`/proc/${pid}/ns/net`, cgroup, ...args);
  }

  /** @param network path of a network namespace */
  static async startIn(network: string, cgroup: string, ...args: string[]): Promise<Loader> {
    const loader = new Loader(network, cgroup, args);
    await loader.#line();
    return loader;
  }

  async load(ask: Ask): Promise<Done> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(ask)}\n`));
    return JSON.parse(await this.#line()) as Done;
  }

  async stop(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.status;
    await this.#lines.cancel();
    await this.#input.abort().catch(() => {});
  }

  async #line(): Promise<string> {
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("Cannot measure: the load ended");
      this.#text += value;
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }
}

/** Servers of both protocols in a pod. */
export async function serveIn(pod: EchoPod, cgroup: string): Promise<Loader[]> {
  const { pid } = pod.echo.child;
  return await Promise.all(["tcp", "udp"].map((each) => Loader.start(pid, cgroup, "serve", each)));
}

/** Both ways in turns, in random order within each pair. */
export async function compare(
  client: Loader,
  cgroups: readonly string[],
  kind: Kind,
  ways: { direct: Way; through: Way },
  { rounds, ms }: Rounds = SHORT,
): Promise<Compared> {
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round++) {
    const order = Math.random() < 0.5
      ? ["direct", "through"] as const
      : ["through", "direct"] as const;
    const pair: Partial<Record<"direct" | "through", Sample>> = {};
    for (const name of order) {
      const { prepare, ...way } = ways[name];
      prepare?.();
      pair[name] = await sample(client, cgroups, { kind, ...way, ms });
    }
    pairs.push(pair as Pair);
  }
  return comparedOf(kind, pairs);
}

/** One way beside the other, measured one after the other. */
export interface Pair {
  readonly direct: Sample;
  readonly through: Sample;
}

export function comparedOf(kind: Kind, pairs: readonly Pair[]): Compared {
  const ratio = (of: (sample: Sample) => number) =>
    median(pairs.map(({ direct, through }) => of(through) / of(direct)));
  return {
    kind,
    rate: ratio(({ perSecond }) => perSecond),
    p50: ratio(({ p50Us }) => p50Us),
    p99: ratio(({ p99Us }) => p99Us),
    cpu: ratio(({ cpuUs, count }) => cpuUs / count),
    direct: pairs.map(({ direct }) => direct).sort((a, b) =>
      a.perSecond - b.perSecond
    )[pairs.length >> 1]!,
  };
}

export interface Sample extends Done {
  readonly cpuUs: number;
}

export async function sample(
  client: Loader,
  cgroups: readonly string[],
  ask: Ask,
): Promise<Sample> {
  const before = await cpuUs(cgroups);
  const done = await client.load(ask);
  return { ...done, cpuUs: await cpuUs(cgroups) - before };
}

/** Of all processes that take part, with what the kernel does for them. */
async function cpuUs(cgroups: readonly string[]): Promise<number> {
  let sum = 0;
  for (const cgroup of cgroups) {
    const text = await Deno.readTextFile(`${cgroup}/cpu.stat`);
    sum += Number(/usage_usec (\d+)/.exec(text)?.[1] ?? Number.NaN);
  }
  return sum;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

export const ownWay = (ip: string): Way => ({ host: ip, port: LOAD_PORT });
