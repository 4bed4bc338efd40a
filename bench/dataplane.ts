/** What a service costs a connection, beside the pod's own address, and how long its rules take to program. */
import type { Backend } from "../dataplane/backend.ts";
import { EbpfBackend } from "../dataplane/ebpf_backend.ts";
import { ECHO_PORT } from "../dataplane/echo_pod_contract.ts";
import { NftablesBackend } from "../dataplane/nftables_backend.ts";
import { clock, commands, missingPieces, PodWorld } from "../dataplane/pod_world_contract.ts";
import type { PodAddress, ServiceRule } from "../dataplane/rules.ts";
import type { Row } from "./run.ts";

const CONNECTS = 2_000;
const CHANGES = 21;
const PODS_PER_SERVICE = 10;
const SIZES = [1, 10_000];
const CONNECT = new URL("./dataplane_connect.ts", import.meta.url).pathname;

const BACKENDS: readonly ((world: PodWorld) => Promise<Backend>)[] = [
  ({ names, cgroup }) => EbpfBackend.open({ names, cgroup, commands, clock, log: () => {} }),
  ({ names }) => NftablesBackend.open({ names, commands, log: () => {} }),
];

export async function run(): Promise<Row[]> {
  const missing = await missingPieces();
  if (missing.length > 0) return [{ what: "skipped", figure: `missing ${missing.join(", ")}` }];
  const world = await PodWorld.create("bench-dataplane", 200);
  try {
    await world.addPods(1);
    const rows: Row[] = [];
    for (const open of BACKENDS) {
      for (const size of SIZES) rows.push(...await measure(world, await open(world), size));
    }
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
    const changeMs = await changesMs(backend, services);
    const [direct = 0, through = 0] = await connects(world, `${pod.ip}:${pod.port}`, `${vip}:80`);
    const ratio = (through / direct).toFixed(2);
    return [
      {
        what: `${what}: connect p50, ratio to the pod itself`,
        figure: `${ratio} (${us(through)})`,
      },
      { what: `${what}: programmed from nothing`, figure: `${programMs.toFixed(0)} ms` },
      { what: `${what}: one change, p50`, figure: `${changeMs.toFixed(1)} ms`, goal: "≤ 25 ms" },
    ];
  } finally {
    await backend.remove();
  }
}

/** One pod of the last service comes and goes. */
async function changesMs(backend: Backend, services: ServiceRule[]): Promise<number> {
  const samples: number[] = [];
  for (let i = 0; i < CHANGES; i++) {
    const last = services.at(-1);
    if (last === undefined) return 0;
    const extra = { ip: "10.198.200.251", port: ECHO_PORT };
    const backends = i % 2 === 0 ? [...last.backends, extra] : last.backends.slice(0, -1);
    services[services.length - 1] = { ...last, backends };
    samples.push(await timeMs(() => backend.sync({ nodeAddresses: [], services: [...services] })));
  }
  if (CHANGES % 2 === 1) services[services.length - 1] = withoutLast(services.at(-1));
  await backend.sync({ nodeAddresses: [], services: [...services] });
  return samples.sort((a, b) => a - b)[CHANGES >> 1] ?? 0;
}

function withoutLast(rule: ServiceRule | undefined): ServiceRule {
  if (rule === undefined) throw new Error("Cannot measure changes: there is no service");
  return { ...rule, backends: rule.backends.slice(0, -1) };
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
