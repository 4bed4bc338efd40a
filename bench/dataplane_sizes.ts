/** What a connection costs among 30,000 services beside what it costs where there is one, in turns. */
import { EbpfBackend } from "../dataplane/ebpf_backend.ts";
import { PodPath } from "../dataplane/pod_path.ts";
import { clock, commands, PodWorld } from "../dataplane/pod_world_contract.ts";
import { type Kind, LOAD_PORT } from "./dataplane_load.ts";
import { fillers, service, shuffled } from "./dataplane_services.ts";
import {
  comparedOf,
  Loader,
  type Pair,
  type Sample,
  sample,
  serveIn,
} from "./dataplane_traffic.ts";
import type { Row } from "./run.ts";

const MANY = 30_000;
const PAIRS = 15;
const SAMPLE_MS = 400;
const KINDS: readonly Kind[] = ["connect", "close", "keep-alive", "udp"];
const log = () => {};

export async function sizes(): Promise<Row[]> {
  const world = await PodWorld.create("bench-sizes", 200);
  const loaders: Loader[] = [];
  try {
    await world.addPods(2);
    const [serving, asking] = world.pods;
    if (serving === undefined || asking === undefined) return [];
    loaders.push(...await serveIn(serving, world.cgroup));
    const client = await Loader.start(asking.echo.child.pid, world.cgroup);
    loaders.push(client);
    return await beside(world, client, serving.ip);
  } finally {
    await Promise.all(loaders.map((loader) => loader.stop()));
    await world.remove();
  }
}

/** What each kind came to, of one number of services. */
type Samples = ReadonlyMap<Kind, Sample>;

async function beside(world: PodWorld, client: Loader, serverIp: string): Promise<Row[]> {
  const { names, cgroup, network, addresses: { vip, node } } = world;
  const backend = await EbpfBackend.open({ names, cgroup, commands, clock, log });
  const path = await PodPath.open(names);
  try {
    await network.usePath(path);
    const server = [{ ip: serverIp, port: LOAD_PORT }];
    const one = [service(vip, server), { ...service(vip, server, "UDP"), name: "bench/udp:" }];
    const lists = { one, many: [...fillers(MANY - 1), ...one] };
    const pairs: Record<"one" | "many", Samples>[] = [];
    for (let i = 0; i < PAIRS; i++) {
      const pair: Record<"one" | "many", Samples> = { one: new Map(), many: new Map() };
      for (const name of shuffled(["one", "many"] as const)) {
        await backend.sync({ nodeAddresses: [node], services: lists[name] });
        pair[name] = await samplesOf(client, cgroup, vip);
      }
      pairs.push(pair);
    }
    return KINDS.map((kind) => rowOf(kind, pairs));
  } finally {
    path.close();
    await backend.remove();
  }
}

async function samplesOf(client: Loader, cgroup: string, host: string): Promise<Samples> {
  const found = new Map<Kind, Sample>();
  for (const kind of shuffled(KINDS)) {
    found.set(kind, await sample(client, [cgroup], { kind, host, port: 80, ms: SAMPLE_MS }));
  }
  return found;
}

function rowOf(kind: Kind, samples: readonly Record<"one" | "many", Samples>[]): Row {
  const pairs = samples.map(({ one, many }): Pair => ({
    direct: one.get(kind)!,
    through: many.get(kind)!,
  }));
  const { rate, p50, cpu } = comparedOf(kind, pairs);
  return {
    what: `ebpf, ${MANY.toLocaleString("en")} services beside 1: ${kind}`,
    figure: `rate ${rate.toFixed(3)}, p50 ${p50.toFixed(3)}, CPU ${cpu.toFixed(3)}`,
    goal: "p50, CPU ≤ 1.05",
  };
}
