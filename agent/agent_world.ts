import assert from "node:assert/strict";
import type { Pod, PodSpec } from "../api/types/core_v1.ts";
import { NODES, PODS, SERVICES } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import { FakeApi } from "../client/fake_api.ts";
import { FakeClock } from "../client/fake_clock.ts";
import { Informers } from "../client/informer.ts";
import { Agent } from "./agent.ts";
import { FakeMounts } from "./fake_mounts.ts";
import { FakePodNetwork } from "./fake_pod_network.ts";
import { FakePodHostNames } from "./fake_pod_host_names.ts";
import { FakeRuntime } from "./fake_runtime.ts";
import { MemoryFiles } from "./memory_files.ts";
import type { ProbeOutcome } from "./probes.ts";
import { SANDBOX } from "./runtime.ts";

export const IMAGE = "shop:1";

/** What an API does that can't be reached. */
export function cutOff(): never {
  throw new StatusError("ServiceUnavailable", "no answer");
}

/** The condition Ready of a node or pod. */
export function readiness(
  { status }: { status?: { conditions?: { type: string; status: string }[] } },
) {
  return status?.conditions?.find(({ type }) => type === "Ready")?.status;
}

/** A node in memory, under virtual time. Opened on another world it is a new agent on the same node. */
export class World implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly api: FakeApi;
  readonly runtime: FakeRuntime;
  readonly network: FakePodNetwork;
  readonly files: MemoryFiles;
  readonly hostNames: FakePodHostNames;
  probe: ProbeOutcome = { isSuccess: true, output: "" };
  drained = (_podIp: string) => Promise.resolve();
  programmed = 0;
  tellProgrammed = () => {};
  readonly #stop = new AbortController();
  #done: Promise<void> = Promise.resolve();
  #seen = 0;

  private constructor(before: World | undefined, private readonly poolSize: number | undefined) {
    this.clock = before?.clock ?? new FakeClock();
    this.api = before?.api ?? new FakeApi(this.clock);
    this.runtime = before?.runtime ?? new FakeRuntime(this.clock);
    this.network = before?.network ?? new FakePodNetwork();
    this.files = before?.files ?? new MemoryFiles();
    this.hostNames = before?.hostNames ?? new FakePodHostNames();
    this.runtime.images.add(IMAGE);
    this.#seen = this.runtime.calls.length;
  }

  /**
   * @param intercept what the API does first with every call
   * @param poolSize sandboxes that are made ahead; absent: the node can name none
   */
  static async open(
    before?: World,
    intercept?: () => never,
    poolSize?: number,
  ): Promise<World> {
    const world = new World(before, poolSize);
    if (intercept !== undefined) world.api.intercept = intercept;
    world.#begin();
    await world.settle();
    return world;
  }

  #begin(): void {
    const { api, clock, runtime, network, files } = this;
    const { signal } = this.#stop;
    const log = () => {};
    // names of events are random: they must differ
    let drawn = 0;
    const random = () => (drawn += 0.618_034) % 1;
    const cache = new Informers({ api, clock, random, log, signal });
    cache.watch(PODS, { fieldSelector: "spec.nodeName=node-1" });
    cache.watch(NODES, { fieldSelector: "metadata.name=node-1" });
    cache.watch(SERVICES);
    const { poolSize: size, hostNames: names } = this;
    const newStandIn = () => `idle-${this.runtime.calls.length}`;
    const ask = () => Promise.resolve(this.probe);
    const agent = new Agent({
      api,
      cache,
      runtime,
      network,
      drained: (podIp) => this.drained(podIp),
      programmed: {
        revision: () => this.programmed,
        onChange: (listener) => void (this.tellProgrammed = listener),
      },
      files,
      mounts: new FakeMounts(),
      cloneGit: () => Promise.resolve(),
      facts: { read: () => Promise.resolve(FACTS) },
      prober: { exec: ask, httpGet: ask, connect: ask, grpc: ask },
      clock,
      random,
      log,
      signal,
      node: { name: "node-1", address: "192.0.2.1", kubeletPort: 10250, labels: {} },
      version: "v1.32.0",
      dataDir: "/data",
      ...size === undefined ? {} : { pool: { size, names, newStandIn } },
    });
    this.#done = agent.run();
  }

  async createPod(name: string, spec: Partial<PodSpec> = {}): Promise<Pod> {
    const pod = await this.api.create<Pod>(PODS, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default" },
      spec: { nodeName: "node-1", containers: [{ name: "a", image: IMAGE }], ...spec },
    });
    await this.settle();
    return pod;
  }

  pod(name: string): Promise<Pod> {
    return this.api.get(PODS, "default", name);
  }

  async waitingReason(name: string): Promise<string | undefined> {
    return (await this.pod(name)).status?.containerStatuses?.[0]?.state?.waiting?.reason;
  }

  /** Names of pods of which a container runs, sorted. */
  async running(): Promise<string[]> {
    const all = await this.runtime.listContainers();
    return all.filter(({ state, name }) => state === "running" && name !== SANDBOX)
      .map(({ pod }) => pod.name).sort();
  }

  die(name: string, exitCode: number): void {
    void this.runtime.listContainers().then((all) => {
      const found = all.find((one) => one.name === name && one.state === "running");
      assert.ok(found !== undefined, `${name} does not run`);
      this.runtime.die(found.id, exitCode);
    });
  }

  count(verb: string, resource: Parameters<FakeApi["count"]>[1]): number {
    return this.api.count(verb, resource);
  }

  /** What the runtime was asked to do since the last time, sorted: steps of one pass have no order. */
  takeCalls(): string[] {
    const calls = this.runtime.calls.slice(this.#seen);
    this.#seen = this.runtime.calls.length;
    return calls.sort();
  }

  settle(): Promise<void> {
    return this.advance(0);
  }

  /** In steps, so that what one timer sets off is done before the next one. */
  async advance(ms: number): Promise<void> {
    await this.clock.settle();
    for (let left = ms; left > 0; left -= 500) {
      await this.clock.advance(Math.min(left, 500));
      await this.clock.settle();
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.clock.settle();
    await this.#done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

const FACTS = {
  cpus: 2,
  memoryBytes: 1 << 30,
  ephemeralStorageBytes: 1 << 20,
  hostname: "node-1",
  architecture: "amd64",
  kernelVersion: "6.1.0",
  osImage: "Debian GNU/Linux 12 (bookworm)",
  machineId: "m",
  systemUuid: "s",
  bootId: "b",
  mayLowerOomScore: false,
  hasAppArmor: false,
};
