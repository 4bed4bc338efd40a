import type { Clock, Log, Random } from "../api/types/ambient.ts";
import { NODES, PODS, SERVICES } from "../api/types/resources.ts";
import { Agent } from "../agent/agent.ts";
import { FakeMounts } from "../agent/fake_mounts.ts";
import { FakePodNetwork } from "../agent/fake_pod_network.ts";
import { FakeRuntime } from "../agent/fake_runtime.ts";
import type { NodeFacts } from "../agent/host_facts.ts";
import { MemoryFiles } from "../agent/memory_files.ts";
import type { SandboxPoolSettings } from "../agent/sandbox_pool.ts";
import type { ProbeOutcome } from "../agent/probes.ts";
import type { Api } from "../client/api.ts";
import type { WatchedCache } from "../client/cache.ts";
import { Informers } from "../client/informer.ts";
import type { Backend } from "../dataplane/backend.ts";
import { type Dataplane, runDataplane } from "../dataplane/proxy.ts";
import { NO_RULES, type Rules } from "../dataplane/rules.ts";
import { PartlySharedCache } from "./hollow_cache.ts";

/** What of a hollow node outlives its agent: an engine, a disk and a network in memory. */
export class HollowHost {
  readonly runtime: HollowRuntime;
  readonly network: FakePodNetwork;
  readonly files = new MemoryFiles();
  readonly mounts = new FakeMounts();
  readonly backend = new HollowBackend();

  /** @param podPrefix the first three bytes of its pods' addresses */
  constructor(readonly name: string, readonly address: string, podPrefix: string, clock: Clock) {
    this.runtime = new HollowRuntime(clock);
    this.network = new FakePodNetwork(podPrefix);
  }
}

/** Every image is in its registry. */
class HollowRuntime extends FakeRuntime {
  override pullImage(image: string): Promise<void> {
    this.registry.add(image);
    return super.pullImage(image);
  }
}

/** Remembers the rules and sends nothing anywhere. */
class HollowBackend implements Backend {
  readonly name = "nftables";
  rules: Rules = NO_RULES;

  sync(rules: Rules): Promise<void> {
    this.rules = rules;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  remove(): Promise<void> {
    this.rules = NO_RULES;
    return Promise.resolve();
  }
}

export interface HollowOptions {
  readonly host: Pick<HollowHost, keyof HollowHost>;
  readonly api: Api;
  /** Where nodes share connections: nothing that one of them asks may hold up another's heartbeat. */
  readonly heartbeats?: Api;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly version: string;
  /** Sandboxes that its agent makes ahead; absent: none, since they would only take memory. */
  readonly pool?: SandboxPoolSettings;
  /** Without it the node programs no services, which is what most of its memory goes to. */
  readonly hasDataplane: boolean;
  /** What all nodes of the process follow together; absent: each follows everything by itself. */
  readonly shared?: WatchedCache;
}

/** The agent's and the data path's own code over what is in memory, until `signal` aborts. */
export async function runHollowNode(options: HollowOptions): Promise<void> {
  const { host, api, clock, random, log, signal } = options;
  const own = new Informers({ api, clock, random, log, signal });
  const { shared } = options;
  const cache = shared === undefined ? own : new PartlySharedCache(own, shared);
  cache.watch(PODS, { fieldSelector: `spec.nodeName=${host.name}` });
  // the data path looks at the zones of all
  cache.watch(NODES, options.hasDataplane ? {} : { fieldSelector: `metadata.name=${host.name}` });
  cache.watch(SERVICES);
  const dataplane = options.hasDataplane ? startDataplane(options, cache) : undefined;
  const agent = new Agent({
    ...host,
    ...{ api, cache, clock, random, log, signal, version: options.version },
    ...{ heartbeats: options.heartbeats, pool: options.pool },
    ...(dataplane === undefined ? {} : { drained: (podIp) => dataplane.untilUnused(podIp) }),
    cloneGit: () => Promise.resolve(),
    facts: { read: () => Promise.resolve({ ...FACTS, hostname: host.name }) },
    prober: { exec: succeed, httpGet: succeed, connect: succeed, grpc: succeed },
    node: { name: host.name, address: host.address, kubeletPort: 10250, labels: {} },
    dataDir: "/data",
  });
  await Promise.all([agent.run(), dataplane?.done]);
}

function startDataplane(
  { host, clock, log, signal }: HollowOptions,
  cache: WatchedCache,
): Dataplane {
  const node = { name: host.name, addresses: [host.address] };
  return runDataplane({ cache, backend: host.backend, node, clock, log, signal });
}

function succeed(): Promise<ProbeOutcome> {
  return Promise.resolve({ isSuccess: true, output: "" });
}

const FACTS: NodeFacts = {
  cpus: 8,
  memoryBytes: 32 * 2 ** 30,
  ephemeralStorageBytes: 100 * 2 ** 30,
  hostname: "",
  architecture: "amd64",
  kernelVersion: "6.1.0",
  osImage: "hollow",
  machineId: "hollow",
  systemUuid: "hollow",
  bootId: "hollow",
  mayLowerOomScore: false,
  hasAppArmor: false,
};
