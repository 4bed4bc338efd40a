/**
 * Questions per second of a pod for 10,000 services, each asked in turn: from the kernel, from the agent alone, from
 * unbound and from dnsmasq with the same names at the same address, in the same run, in turns. Where client and server
 * share few cores, the CPU that a question takes of the whole machine says more than the rate.
 */
import { carryDnsAddress, dropDnsAddress } from "../dataplane/dns_address.ts";
import { HostCommands } from "../dataplane/host_commands.ts";
import { NameAnswers, removeNameAnswers } from "../dataplane/name_answers.ts";
import { linkNameOf, namesOf } from "../dataplane/names.ts";
import { PodNetwork } from "../dataplane/pod_network.ts";
import { lines, nameOf, OWN_PORT, SERVERS } from "./dns_servers.ts";
import type { Row } from "./run.ts";

const ROUNDS = 3;
const SECONDS = 3;
const DNSPERF = ["-c", "8", "-q", "200", "-l", `${SECONDS}`];
const ADDRESS = "10.197.77.10";
const POD = { uid: "bench-dns", namespace: "default", name: "bench-dns" };
const START_TRIES_MAX = 100;
/** Source: CLK_TCK, which is 100 on every Linux that Deno runs on. */
const TICK_MICROSECONDS = 10_000;

const names = namesOf("bench-dns");
const commands = new HostCommands();

interface Way {
  readonly what: string;
  readonly port: number;
  readonly isInKernel?: boolean;
  readonly goal?: string;
}

/** What is measured, in this order in every round. */
const WAYS: readonly Way[] = [
  { what: "wherry, in the kernel", port: OWN_PORT, isInKernel: true, goal: "≥ 50,000/s" },
  { what: "wherry, the agent alone", port: OWN_PORT, goal: "≥ 15,000/s" },
  ...SERVERS.filter(({ port }) => port !== OWN_PORT).map(({ name, port }) => ({
    what: name,
    port,
  })),
];

export async function run(): Promise<Row[]> {
  for (const program of ["dnsperf", "unbound", "dnsmasq"]) {
    if (!await commands.has(program)) return [{ what: "skipped", figure: `missing ${program}` }];
  }
  await using scene = await startScene();
  const figures = new Map(WAYS.map(({ what }) => [what, [] as Figure[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of WAYS) figures.get(way.what)?.push(await scene.measure(way));
  }
  return WAYS.map(({ what, goal }) => {
    const of = figures.get(what) ?? [];
    const rate = Math.round(median(of.map(({ rate }) => rate))).toLocaleString("en");
    const cpu = median(of.map(({ cpu }) => cpu)).toFixed(1);
    const figure = `${rate}/s, ${cpu} µs CPU each, both sides`;
    return { what, figure, ...(goal === undefined ? {} : { goal }) };
  });
}

interface Figure {
  readonly rate: number;
  /** Microseconds a question, of client, kernel and server. */
  readonly cpu: number;
}

interface Scene extends AsyncDisposable {
  measure(way: Way): Promise<Figure>;
}

async function startScene(): Promise<Scene> {
  const folder = await Deno.makeTempDir({ prefix: "bench-dns-" });
  const pod = new Deno.Command("unshare", { args: ["--net", "sleep", "600"] }).spawn();
  const children = [pod];
  const network = await PodNetwork.open({
    ...{ names, commands, log: () => {} },
    podCidr: "10.198.77.0/24",
  });
  const end = async () => {
    for (const child of children) {
      child.kill("SIGKILL");
      await child.status;
    }
    await removeNameAnswers(names);
    await network.remove();
    await dropDnsAddress(names, commands);
    await Deno.remove(names.pins).catch(() => {});
    await Deno.remove(folder, { recursive: true });
  };
  try {
    await untilOwnNetwork(pod.pid);
    await network.attach(POD, pod.pid);
    await carryDnsAddress({ names, commands }, ADDRESS);
    for (const { program, args } of SERVERS) {
      const place = { folder, address: ADDRESS, cluster: names.cluster };
      const options = { args: await args(place), stdin: "null", stdout: "null" } as const;
      const stderr = program === Deno.execPath() ? "inherit" : "null";
      children.push(new Deno.Command(program, { ...options, stderr }).spawn());
    }
    await Deno.writeTextFile(`${folder}/names`, lines((i) => `${nameOf(i)} A`));
    const ask = asker(pod.pid, folder);
    for (const { port } of SERVERS) await untilItAnswers(ask, port);
    const answers = await NameAnswers.open({ names, commands });
    return { measure: (way) => measure(ask, answers, way), [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** @returns what dnsperf says */
type Ask = (port: number, how: readonly string[]) => Promise<string>;

function asker(pid: number, folder: string): Ask {
  return async (port, how) => {
    const enter = [`--net=/proc/${pid}/ns/net`, "dnsperf", "-s", ADDRESS, "-p", `${port}`];
    const args = [...enter, "-d", `${folder}/names`, ...how];
    const { stdout } = await new Deno.Command("nsenter", { args, stderr: "null" }).output();
    return new TextDecoder().decode(stdout);
  };
}

async function measure(ask: Ask, answers: NameAnswers, way: Way): Promise<Figure> {
  const link = linkNameOf(names, POD.uid);
  if (way.isInKernel) await answers.attach(link);
  else await answers.detach(link);
  await ask(way.port, ["-c", "8", "-n", "1"]); // every name once, so that all are warm
  const before = await busyMicroseconds();
  const text = await ask(way.port, DNSPERF);
  const busy = await busyMicroseconds() - before;
  const figure = (what: RegExp) => Number(what.exec(text)?.[1] ?? 0);
  const completed = figure(/Queries completed:\s+(\d+)/);
  const good = figure(/NOERROR (\d+)/);
  if (good !== completed) throw new Error(`${way.what}: ${completed - good} questions failed`);
  return { rate: figure(/Queries per second:\s+([\d.]+)/), cpu: busy / completed };
}

async function untilItAnswers(ask: Ask, port: number): Promise<void> {
  for (let attempt = 0; attempt < START_TRIES_MAX; attempt++) {
    const text = await ask(port, ["-c", "1", "-t", "1", "-Q", "20", "-l", "0.2"]);
    if (/NOERROR [1-9]/.test(text)) return;
  }
  throw new Error(`Nobody answers at port ${port}`);
}

async function untilOwnNetwork(pid: number): Promise<void> {
  const own = await Deno.readLink("/proc/self/ns/net");
  for (let attempt = 0; attempt < START_TRIES_MAX; attempt++) {
    if (await Deno.readLink(`/proc/${pid}/ns/net`) !== own) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("unshare made no network");
}

/** Of all cores: everything but idling and waiting for disks. */
async function busyMicroseconds(): Promise<number> {
  const [line = ""] = (await Deno.readTextFile("/proc/stat")).split("\n");
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, soft = 0] = line.split(/\s+/).slice(1)
    .map(Number);
  return (user + nice + system + interrupts + soft) * TICK_MICROSECONDS;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
