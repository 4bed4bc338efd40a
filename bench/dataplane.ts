/** What a service costs a connection, beside the pod's own address, and how long its rules take to program. */
import type { Backend } from "../dataplane/backend.ts";
import { EbpfBackend } from "../dataplane/ebpf_backend.ts";
import { ECHO_PORT } from "../dataplane/echo_pod_contract.ts";
import { IptablesBackend } from "../dataplane/iptables_backend.ts";
import { NftablesBackend } from "../dataplane/nftables_backend.ts";
import { clock, commands, missingPieces, PodWorld } from "../dataplane/pod_world_contract.ts";
import type { PodAddress, ServiceRule } from "../dataplane/rules.ts";
import type { Row } from "./run.ts";

const CONNECTS = 2_000;
const CHANGES = 101;
const PODS_PER_SERVICE = 10;
const CONNECT = new URL("./dataplane_connect.ts", import.meta.url).pathname;

interface Contender {
  /** Services; those that take minutes to program are left out. */
  readonly sizes: readonly number[];
  open(world: PodWorld): Promise<Backend>;
}

const log = () => {};
const CONTENDERS: readonly Contender[] = [
  {
    sizes: [1, 1_000, 10_000, 30_000],
    open: ({ names, cgroup }) => EbpfBackend.open({ names, cgroup, commands, clock, log }),
  },
  {
    sizes: [1, 1_000, 10_000],
    open: ({ names }) => NftablesBackend.open({ names, commands, log }),
  },
  { sizes: [1, 1_000], open: ({ names }) => IptablesBackend.open({ names, commands, log }) },
];

export async function run(): Promise<Row[]> {
  const missing = await missingPieces();
  if (missing.length > 0) return [{ what: "skipped", figure: `missing ${missing.join(", ")}` }];
  const world = await PodWorld.create("bench-dataplane", 200);
  try {
    await world.addPods(1);
    const rows: Row[] = [];
    const runs = CONTENDERS.flatMap(({ sizes, open }) => sizes.map((size) => ({ size, open })));
    for (const { size, open } of shuffled(runs)) {
      rows.push(...await measure(world, await open(world), size));
    }
    rows.sort((a, b) => a.what < b.what ? -1 : 1);
    return rows;
  } finally {
    await world.remove();
  }
}

async function measure(world: PodWorld, backend: Backend, size: number): Promise<Row[]> {
  const { vip } = world.addresses;
  const [pod] = world.pods.map(({ ip }) => ({ ip, port: ECHO_PORT }));
  if (pod === undefined) return [];
  const services = [service(vip, [pod]), ...fillers(size - 1)];
  const what = `${backend.name}, ${size.toLocaleString("en")} services`;
  try {
    const programMs = await timeMs(() => backend.sync({ nodeAddresses: [], services }));
    const change = await changesMs(backend, services);
    const [direct = 0, through = 0] = await connects(world, `${pod.ip}:${pod.port}`, `${vip}:80`);
    const ratio = (through / direct).toFixed(2);
    return [
      {
        what: `${what}: connect p50, ratio to the pod itself`,
        figure: `${ratio} (${us(through)})`,
      },
      { what: `${what}: programmed from nothing`, figure: `${programMs.toFixed(0)} ms` },
      {
        what: `${what}: one change, p50, p99`,
        figure: `${change.p50.toFixed(1)} ms, ${change.p99.toFixed(1)} ms`,
        goal: "≤ 25 ms",
      },
    ];
  } finally {
    await backend.remove();
  }
}

/** One pod of the last service comes and goes. */
async function changesMs(backend: Backend, services: ServiceRule[]) {
  const samples: number[] = [];
  for (let i = 0; i < CHANGES; i++) {
    const last = services.at(-1);
    if (last === undefined) break;
    const extra = { ip: "10.198.200.251", port: ECHO_PORT };
    const backends = i % 2 === 0 ? [...last.backends, extra] : last.backends.slice(0, -1);
    services[services.length - 1] = { ...last, backends };
    samples.push(await timeMs(() => backend.sync({ nodeAddresses: [], services: [...services] })));
  }
  if (CHANGES % 2 === 1) services[services.length - 1] = withoutLast(services.at(-1));
  await backend.sync({ nodeAddresses: [], services: [...services] });
  samples.sort((a, b) => a - b);
  return { p50: samples[CHANGES >> 1] ?? 0, p99: samples[Math.floor(CHANGES * 0.99)] ?? 0 };
}

function withoutLast(rule: ServiceRule | undefined): ServiceRule {
  if (rule === undefined) throw new Error("Cannot measure changes: there is no service");
  return { ...rule, backends: rule.backends.slice(0, -1) };
}

/** In another order each time, so that what drifts on the machine favours nobody. */
function shuffled<T>(items: readonly T[]): T[] {
  return items.map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

async function connects({ cgroup }: PodWorld, ...targets: string[]): Promise<number[]> {
  const script = `echo $$ > ${cgroup}/cgroup.procs && exec "$@"`;
  const command = [
    Deno.execPath(),
    "run",
    "--no-lock",
    "-A",
    CONNECT,
    String(CONNECTS),
    ...targets,
  ];
  return JSON.parse(await commands.run("sh", ["-c", script, "sh", ...command]));
}

function fillers(count: number): ServiceRule[] {
  return Array.from({ length: count }, (_, i) => {
    const address = `10.196.${i >> 8}.${i & 255}`;
    const backends = Array.from(
      { length: PODS_PER_SERVICE },
      (_, j) => ({ ip: `10.195.${i & 255}.${j + 1}`, port: 8_080 }),
    );
    return { ...service(address, backends), name: `bench/filler-${i}:` };
  });
}

function service(address: string, backends: readonly PodAddress[]): ServiceRule {
  const frontends = [{ address, port: 80, isExternal: false }];
  return { name: "bench/web:", protocol: "TCP", frontends, backends, affinitySeconds: 0 };
}

async function timeMs(act: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await act();
  return performance.now() - startMs;
}

function us(value: number): string {
  return `${value.toFixed(0)} µs`;
}

if (import.meta.main) console.table(await run());
