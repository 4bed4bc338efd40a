/** What a service costs, beside the pod's own address, and how long its rules take to program. */
import type { Backend } from "../dataplane/backend.ts";
import { EbpfBackend } from "../dataplane/ebpf_backend.ts";
import { ECHO_PORT } from "../dataplane/echo_pod_contract.ts";
import { findCgroupRoot } from "../dataplane/host_files.ts";
import { IptablesBackend } from "../dataplane/iptables_backend.ts";
import { NftablesBackend } from "../dataplane/nftables_backend.ts";
import { PodPath } from "../dataplane/pod_path.ts";
import { clock, commands, missingPieces, PodWorld } from "../dataplane/pod_world_contract.ts";
import type { PodAddress, ServiceRule } from "../dataplane/rules.ts";
import { KINDS, LOAD_PORT } from "./dataplane_load.ts";
import { remoteNodePort } from "./dataplane_remote.ts";
import { programming } from "./dataplane_programming.ts";
import { fillers, service, shuffled } from "./dataplane_services.ts";
import { sizes } from "./dataplane_sizes.ts";
import { compare, type Compared, Loader, ownWay, serveIn, type Way } from "./dataplane_traffic.ts";
import type { Row } from "./run.ts";

const CHANGES = 101;
const NODE_PORT = 30_197;

/** What a backend is measured with. */
interface Scene {
  readonly world: PodWorld;
  readonly server: PodAddress;
  /** In a pod beside the server's, and on a machine that knows the node only. */
  readonly client: Loader;
  readonly outside: Loader;
  readonly cgroups: readonly string[];
}

interface Opened {
  readonly backend: Backend;
  /** Undefined: packets of pods go through the host in any case. */
  readonly path?: PodPath;
}

interface Contender {
  /** Services; those that take minutes to program are left out. */
  readonly sizes: readonly number[];
  open(world: PodWorld): Promise<Opened>;
}

const log = () => {};
const CONTENDERS: readonly Contender[] = [
  { sizes: [1, 1_000, 10_000, 30_000], open: openEbpf },
  {
    sizes: [1, 1_000, 10_000],
    open: async ({ names }) => ({ backend: await NftablesBackend.open({ names, commands, log }) }),
  },
  {
    sizes: [1, 1_000],
    open: async ({ names }) => ({ backend: await IptablesBackend.open({ names, commands, log }) }),
  },
];

async function openEbpf(world: PodWorld): Promise<Opened> {
  const { names, cgroup, network } = world;
  const backend = await EbpfBackend.open({ names, cgroup, commands, clock, log });
  const path = await PodPath.open(names);
  await network.usePath(path);
  await path.setUplinks([world.outsideLink()]);
  return { backend, path };
}

export async function run(): Promise<Row[]> {
  const missing = await missingPieces();
  if (missing.length > 0) return [{ what: "skipped", figure: `missing ${missing.join(", ")}` }];
  const rows = [...await traffic(), ...await sizes()];
  for (const compared of await remoteNodePort()) {
    const what = `ebpf, 1 services: node port of another node's pod, ${compared.kind}`;
    rows.push({ what, figure: textOf(compared), goal: "p50, CPU ≤ 1.25" });
  }
  return [...rows, ...await programming()];
}

async function traffic(): Promise<Row[]> {
  const world = await PodWorld.create("bench-dataplane", 200);
  const outsideCgroup = `${await findCgroupRoot()}/bench-dataplane-outside`;
  await Deno.mkdir(outsideCgroup, { recursive: true });
  const loaders: Loader[] = [];
  try {
    await world.addPods(2);
    const [serving, asking] = world.pods;
    if (serving === undefined || asking === undefined) return [];
    const away = await world.addOutside();
    loaders.push(...await serveIn(serving, world.cgroup));
    const client = await Loader.start(asking.echo.child.pid, world.cgroup);
    const outside = await Loader.start(away.child.pid, outsideCgroup);
    loaders.push(client, outside);
    const scene = {
      ...{ world, client, outside, cgroups: [world.cgroup, outsideCgroup] },
      server: { ip: serving.ip, port: LOAD_PORT },
    };
    const rows: Row[] = [];
    const runs = CONTENDERS.flatMap(({ sizes, open }) => sizes.map((size) => ({ size, open })));
    for (const { size, open } of shuffled(runs)) {
      const some = await measure(scene, await open(world), size);
      for (const { what, figure } of some) console.error(`${what}: ${figure}`); // it takes minutes
      rows.push(...some);
    }
    return rows.sort((a, b) => a.what < b.what ? -1 : 1);
  } finally {
    await Promise.all(loaders.map((loader) => loader.stop()));
    await world.remove();
    await Deno.remove(outsideCgroup);
  }
}

async function measure(scene: Scene, { backend, path }: Opened, size: number): Promise<Row[]> {
  const { vip, node } = scene.world.addresses;
  const frontends = [
    { address: vip, port: 80, isExternal: false },
    { port: NODE_PORT, isExternal: true },
  ];
  const services = [
    { ...service(vip, [scene.server]), frontends },
    { ...service(vip, [scene.server], "UDP"), name: "bench/udp:" },
    ...fillers(size - 1),
  ];
  const what = `${backend.name}, ${size.toLocaleString("en")} services`;
  const nodeAddresses = [node];
  try {
    const programMs = await timeMs(() => backend.sync({ nodeAddresses, services }));
    const change = await changesMs(backend, nodeAddresses, services);
    const rows: Row[] = [];
    const guard = (isLong: boolean) => () => path?.guard(new Set(isLong ? [scene.server.ip] : []));
    const own: Way = { ...ownWay(scene.server.ip), prepare: guard(true) };
    const ways = { direct: own, through: { host: vip, port: 80, prepare: guard(false) } };
    for (const kind of shuffled(KINDS)) {
      const compared = await compare(scene.client, scene.cgroups, kind, ways);
      rows.push({ what: `${what}: ${kind}`, figure: textOf(compared) });
    }
    if (size === 1) rows.push(...await nodePort(scene, what, guard(false)));
    return [
      ...rows,
      { what: `${what}: programmed from nothing`, figure: `${programMs.toFixed(0)} ms` },
      {
        what: `${what}: one change, p50, p99`,
        figure: `${change.p50.toFixed(1)} ms, ${change.p99.toFixed(1)} ms`,
      },
    ];
  } finally {
    path?.close();
    await backend.remove();
  }
}

/** From outside, beside the pod's own address by way of the node. */
async function nodePort(scene: Scene, what: string, prepare: () => void): Promise<Row[]> {
  const { node } = scene.world.addresses;
  const ways = {
    direct: { ...ownWay(scene.server.ip), prepare },
    through: { host: node, port: NODE_PORT, prepare },
  };
  const rows: Row[] = [];
  for (const kind of ["connect", "close", "keep-alive", "throughput"] as const) {
    const compared = await compare(scene.outside, scene.cgroups, kind, ways);
    rows.push({ what: `${what}: node port of a local pod, ${kind}`, figure: textOf(compared) });
  }
  return rows;
}

function textOf({ rate, p50, p99, cpu, direct }: Compared): string {
  const perSecond = Math.round(direct.perSecond).toLocaleString("en");
  const times = Number.isNaN(p50) ? "" : `p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)}, `;
  return `rate ${rate.toFixed(2)}, ${times}CPU ${cpu.toFixed(2)} (direct ${perSecond}/s)`;
}

/** One pod of the last service comes and goes. */
async function changesMs(
  backend: Backend,
  nodeAddresses: readonly string[],
  services: ServiceRule[],
) {
  const samples: number[] = [];
  for (let i = 0; i < CHANGES; i++) {
    const last = services.at(-1);
    if (last === undefined) break;
    const extra = { ip: "10.198.200.251", port: ECHO_PORT };
    const backends = i % 2 === 0 ? [...last.backends, extra] : [...last.backends].slice(0, -1);
    services[services.length - 1] = { ...last, backends };
    samples.push(await timeMs(() => backend.sync({ nodeAddresses, services: [...services] })));
  }
  if (CHANGES % 2 === 1) services[services.length - 1] = withoutLast(services.at(-1));
  await backend.sync({ nodeAddresses, services: [...services] });
  samples.sort((a, b) => a - b);
  return { p50: samples[CHANGES >> 1] ?? 0, p99: samples[Math.floor(CHANGES * 0.99)] ?? 0 };
}

function withoutLast(rule: ServiceRule | undefined): ServiceRule {
  if (rule === undefined) throw new Error("Cannot measure changes: there is no service");
  return { ...rule, backends: [...rule.backends].slice(0, -1) };
}

async function timeMs(act: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await act();
  return performance.now() - startMs;
}

if (import.meta.main) console.table(await run());
