/**
 * Questions per second for 10,000 services, each asked in turn: the agent's own path beside unbound and dnsmasq with
 * the same names, on the same machine in the same run, in turns. A query costs about as much to ask as to answer, so
 * the CPU that each server took per query says more than the rate where both share few cores.
 */
import { decode, encode } from "../dns/fixtures_contract.ts";
import { HostExchange } from "../dns/host_exchange.ts";
import { realClock } from "../cmd/clock.ts";
import type { Row } from "./run.ts";

const SERVICES = 10_000;
const ROUNDS = 3;
const SECONDS = 3;
const DNSPERF = ["-c", "8", "-q", "200", "-l", `${SECONDS}`];
const GOAL = "≥ 15,000/s, at unbound's or dnsmasq's";

interface Server {
  readonly name: string;
  readonly program: string;
  args(folder: string, port: number): Promise<string[]>;
}

const nameOf = (i: number) => `svc-${i}.default.svc.cluster.local`;
const ipOf = (i: number) => `10.96.${i >> 8}.${i & 255}`;
const lines = (line: (i: number) => string) =>
  Array.from({ length: SERVICES }, (_, i) => `${line(i)}\n`).join("");

const SERVERS: readonly Server[] = [
  {
    name: "wherry",
    program: Deno.execPath(),
    args: (_folder, port) =>
      Promise.resolve([
        ...["run", "-A", "--quiet", new URL("./dns_server.ts", import.meta.url).pathname],
        ...[`${SERVICES}`, `${port}`],
      ]),
  },
  {
    name: "unbound",
    program: "unbound",
    async args(folder, port) {
      const settings = `server:\n  interface: 127.0.0.1\n  port: ${port}\n  username: ""\n` +
        `  chroot: ""\n  pidfile: ""\n  num-threads: 1\n  use-syslog: no\n  do-daemonize: no\n` +
        `  directory: "${folder}"\n  local-zone: "cluster.local." static\n` +
        lines((i) => `  local-data: "${nameOf(i)}. 5 A ${ipOf(i)}"`);
      await Deno.writeTextFile(`${folder}/unbound.conf`, settings);
      return ["-d", "-c", `${folder}/unbound.conf`];
    },
  },
  {
    name: "dnsmasq",
    program: "dnsmasq",
    async args(folder, port) {
      await Deno.writeTextFile(`${folder}/hosts`, lines((i) => `${ipOf(i)} ${nameOf(i)}`));
      return [
        ...["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root"],
        ...[`--addn-hosts=${folder}/hosts`, `--port=${port}`, "--bind-interfaces"],
        ...[
          "--listen-address=127.0.0.1",
          "--local=/cluster.local/",
          "--local-ttl=5",
          "--pid-file=",
        ],
      ];
    },
  },
];

export async function run(): Promise<Row[]> {
  if (!await isInstalled("dnsperf")) return [{ what: "skipped", figure: "missing dnsperf" }];
  const folder = await Deno.makeTempDir({ prefix: "bench-dns-" });
  const started: { name: string; port: number; child: Deno.ChildProcess }[] = [];
  const rows: Row[] = [];
  try {
    await Deno.writeTextFile(`${folder}/names`, lines((i) => `${nameOf(i)} A`));
    for (const { name, program, args } of SERVERS) {
      if (program === name && !await isInstalled(program)) {
        rows.push({ what: name, figure: "not installed" });
        continue;
      }
      const port = freePort();
      const child = new Deno.Command(program, {
        args: await args(folder, port),
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      started.push({ name, port, child });
      await untilItAnswers(name, port);
    }
    return [...rows, ...await measure(started, folder)];
  } finally {
    for (const { child } of started) {
      child.kill("SIGKILL");
      await child.status;
    }
    await Deno.remove(folder, { recursive: true });
  }
}

async function measure(
  servers: readonly { name: string; port: number; child: Deno.ChildProcess }[],
  folder: string,
): Promise<Row[]> {
  const figures = new Map(servers.map(({ name }) => [name, [] as { rate: number; cpu: number }[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, port, child } of servers) {
      const before = await cpuMicroseconds(child.pid);
      const rate = await ratePerSecond(port, folder);
      const cpu = (await cpuMicroseconds(child.pid) - before) / (rate * SECONDS);
      figures.get(name)?.push({ rate, cpu });
    }
  }
  return servers.map(({ name }) => {
    const of = figures.get(name) ?? [];
    const rate = Math.round(median(of.map(({ rate }) => rate))).toLocaleString("en");
    const cpu = median(of.map(({ cpu }) => cpu)).toFixed(1);
    const goal = name === "wherry" ? { goal: GOAL } : {};
    return { what: `${name}, ${SERVICES} names`, figure: `${rate}/s, ${cpu} µs CPU each`, ...goal };
  });
}

async function ratePerSecond(port: number, folder: string): Promise<number> {
  const args = ["-s", "127.0.0.1", "-p", `${port}`, "-d", `${folder}/names`, ...DNSPERF];
  const { stdout } = await new Deno.Command("dnsperf", { args }).output();
  const [, rate = "0"] = /Queries per second:\s+([\d.]+)/.exec(new TextDecoder().decode(stdout)) ??
    [];
  return Number(rate);
}

async function untilItAnswers(name: string, port: number): Promise<void> {
  const query = encode(nameOf(0), "A");
  for (let attempt = 0; attempt < 60; attempt++) {
    try {
      const how = { isStream: false, timeoutMs: 500, isReply: () => true };
      const reply = await new HostExchange(realClock, port).ask("127.0.0.1", query, how);
      if (decode(reply).answers?.length === 1) return;
    } catch { /* not yet: the time-out is the wait */ }
  }
  throw new Error(`${name} does not answer at port ${port}`);
}

/** User and system time. The unit of /proc is a hundredth of a second. */
async function cpuMicroseconds(pid: number): Promise<number> {
  const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function isInstalled(program: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] })
    .output();
  return success;
}
