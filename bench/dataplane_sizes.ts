/**
 * What a connection costs among 30,000 services beside what it costs where there is one: two sets of programs and maps
 * on one host, each on a cgroup with a client of its own in the same pod, and nothing is written while it is measured.
 */
import { EbpfBackend, removeEbpf } from "../dataplane/ebpf_backend.ts";
import { namesOf } from "../dataplane/names.ts";
import { PodPath } from "../dataplane/pod_path.ts";
import { clock, commands, type EchoPod, PodWorld } from "../dataplane/pod_world_contract.ts";
import type { ServiceRule } from "../dataplane/rules.ts";
import { type Kind, LOAD_PORT } from "./dataplane_load.ts";
import { fillers, service, shuffled } from "./dataplane_services.ts";
import { comparedOf, Loader, type Pair, sample, serveIn } from "./dataplane_traffic.ts";
import type { Row } from "./run.ts";

const MANY = 30_000;
/** In the second turn the sets have changed places, so that nothing else of a place counts. */
const TURNS = 2;
const PAIRS = 30;
const SAMPLE_MS = 120;
/** What the kernel has to free after maps were written is freed by then. */
const SETTLE_MS = 3_000;
const KINDS: readonly Kind[] = ["connect", "close", "keep-alive", "udp"];
const log = () => {};

/** One set of programs and maps, and who connects through it. */
interface Side {
  readonly cgroup: string;
  readonly backend: EbpfBackend;
  readonly client: Loader;
}

export async function sizes(): Promise<Row[]> {
  const world = await PodWorld.create("bench-sizes", 200);
  const loaders: Loader[] = [];
  const sides: Side[] = [];
  const path = await PodPath.open(world.names);
  try {
    await world.network.usePath(path);
    await world.addPods(2);
    const [serving, asking] = world.pods;
    if (serving === undefined || asking === undefined) return [];
    loaders.push(...await serveIn(serving, world.cgroup));
    for (const name of ["a", "b"]) sides.push(await openSide(world, asking, name));
    return await beside(world, sides, serving.ip);
  } finally {
    await Promise.all([...loaders, ...sides.map(({ client }) => client)].map((one) => one.stop()));
    for (const { backend, cgroup } of sides) {
      await backend.remove();
      await Deno.remove(cgroup);
    }
    path.close();
    await removeEbpf(world.names);
    await world.remove();
  }
}

async function openSide(world: PodWorld, pod: EchoPod, name: string): Promise<Side> {
  const cgroup = `${world.cgroup}/${name}`;
  await Deno.mkdir(cgroup);
  const names = namesOf(`bench-sizes-${name}`);
  const backend = await EbpfBackend.open({ names, cgroup, commands, clock, log });
  return { cgroup, backend, client: await Loader.start(pod.echo.child.pid, cgroup) };
}

async function beside(world: PodWorld, sides: readonly Side[], serverIp: string): Promise<Row[]> {
  const { cgroup, addresses: { vip, node } } = world;
  const server = [{ ip: serverIp, port: LOAD_PORT }];
  const one = [service(vip, server), { ...service(vip, server, "UDP"), name: "bench/udp:" }];
  const lists: readonly ServiceRule[][] = [one, [...fillers(MANY - 1), ...one]];
  const pairs = new Map<Kind, Pair[]>(KINDS.map((kind) => [kind, []]));
  for (let turn = 0; turn < TURNS; turn++) {
    const placed = [sides[turn % 2]!, sides[(turn + 1) % 2]!] as const;
    for (const [i, { backend }] of placed.entries()) {
      await backend.sync({ nodeAddresses: [node], services: lists[i]! });
    }
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    for (let i = 0; i < PAIRS; i++) {
      for (const kind of shuffled(KINDS)) {
        pairs.get(kind)?.push(await pairOf(placed, cgroup, { kind, host: vip, port: 80 }));
      }
    }
  }
  return KINDS.map((kind) => rowOf(kind, pairs.get(kind) ?? []));
}

async function pairOf(
  [few, many]: readonly [Side, Side],
  cgroup: string,
  way: { kind: Kind; host: string; port: number },
): Promise<Pair> {
  const ask = { ...way, ms: SAMPLE_MS };
  const of = ({ client }: Side) => sample(client, [cgroup], ask);
  if (Math.random() < 0.5) {
    const direct = await of(few);
    return { direct, through: await of(many) };
  }
  const through = await of(many);
  return { direct: await of(few), through };
}

function rowOf(kind: Kind, pairs: readonly Pair[]): Row {
  const { rate, p50, cpu } = comparedOf(kind, pairs);
  return {
    what: `ebpf, ${MANY.toLocaleString("en")} services beside 1: ${kind}`,
    figure: `rate ${rate.toFixed(3)}, p50 ${p50.toFixed(3)}, CPU ${cpu.toFixed(3)}`,
    goal: "p50, CPU ≤ 1.05",
  };
}

if (import.meta.main) console.table(await sizes());
