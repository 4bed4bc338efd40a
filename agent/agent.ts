import { join } from "node:path/posix";
import type { Clock, Log, Random } from "../api/types/ambient.ts";
import type { Node, Pod } from "../api/types/core_v1.ts";
import { NODES, PODS } from "../api/types/resources.ts";
import type { Api } from "../client/api.ts";
import type { WatchedCache } from "../client/cache.ts";
import { EventRecorder } from "../client/events.ts";
import type { RecordPodEvent, SyncTools } from "./apply_sync.ts";
import { planGarbage } from "./garbage.ts";
import type { HostFacts, NodeFacts } from "./host_facts.ts";
import type { HostFiles } from "./host_files.ts";
import { Images, type ImageUser } from "./images.ts";
import { NodeKeeper } from "./node_keeper.ts";
import { allocatableOf, type NodeIdentity } from "./node_object.ts";
import { ObservedPods } from "./observed_pods.ts";
import type { PodNetwork } from "./pod_network.ts";
import { PodWorkers } from "./pod_workers.ts";
import { type Prober, Probes } from "./probes.ts";
import type { Runtime } from "./runtime.ts";
import { StatusWriter } from "./status_writer.ts";

/** Between whole lists, which find what events did not tell. */
const RELIST_MS = 60_000;
const RECONNECT_FIRST_MS = 200;
const RECONNECT_MAX_MS = 10_000;

export interface AgentOptions {
  readonly api: Api;
  /** Watches pods with `spec.nodeName=NODE`, this node's object, and services. */
  readonly cache: WatchedCache;
  readonly runtime: Runtime;
  readonly network: PodNetwork;
  /** Resolves once no new connection of a service reaches this address, or after a bound: SIGTERM waits for it. */
  readonly drained?: (podIp: string) => Promise<void>;
  readonly files: HostFiles;
  readonly facts: HostFacts;
  readonly prober: Prober;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly node: NodeIdentity;
  /** What the node reports as the version of its kubelet. */
  readonly version: string;
  /** Holds `pods/UID/…`. */
  readonly dataDir: string;
  readonly clusterDns?: string;
  readonly clusterDomain?: string;
}

/** What the agent's server shows and looks up. */
export interface AgentView {
  pods(): Readonly<Pod>[];
  /** Everything that the runtime has of a pod. */
  containersOf(podUid: string): ReturnType<ObservedPods["of"]>;
}

/** The kubelet: makes the pods that are bound to this node run, and tells the API how they are. */
export class Agent implements AgentView {
  readonly #with: AgentOptions;
  readonly #observed = new ObservedPods();
  #workers: PodWorkers | undefined;
  /** Resolved once the engine has told of every container: before that, nothing may be started or ended. */
  readonly #listed = Promise.withResolvers<void>();
  #runtimeVersion: string | undefined;
  #runtimeTrouble: string | undefined = "container runtime is not up yet";
  #networkTrouble: string | undefined;

  constructor(options: AgentOptions) {
    this.#with = options;
  }

  pods(): Readonly<Pod>[] {
    return this.#workers?.pods() ?? [];
  }

  containersOf(podUid: string): ReturnType<ObservedPods["of"]> {
    return this.#observed.of(podUid);
  }

  /** Works until the signal aborts; leaves containers and network as they are. */
  async run(): Promise<void> {
    const { cache, facts, signal, network } = this.#with;
    const measured = await facts.read();
    await this.#checkHealth();
    const keeper = this.#keeper(measured);
    const workers = this.#workers = this.#newWorkers(measured, keeper);
    const registered = keeper.register().then(() => keeper.heartbeat());
    const following = this.#followRuntime(workers, keeper);
    // before both lists are there nobody knows what should run here and what does
    await untilAborted(Promise.all([cache.synced(), this.#listed.promise]), signal);
    if (signal.aborted) return void await Promise.all([registered, following]);
    workers.adopt(await network.list().catch(() => new Map()));
    cache.onChange(PODS, (before, after) => workers.change(before, after));
    cache.onChange(NODES, (_before, after) => this.#onNode(after, keeper));
    for (const uid of await this.#leftovers()) workers.poke(uid);
    await Promise.all([registered, following, workers.run(), this.#relistForEver(workers, keeper)]);
  }

  #onNode(node: Readonly<Node> | undefined, keeper: NodeKeeper): void {
    if (node === undefined || node.metadata.name === this.#with.node.name) keeper.check();
  }

  #keeper(facts: NodeFacts): NodeKeeper {
    const { api, clock, log, signal, node, version } = this.#with;
    const sources = () => ({
      node,
      facts,
      runtimeVersion: this.#runtimeVersion,
      agentVersion: version,
      troubles: [this.#runtimeTrouble, this.#networkTrouble].filter((one) => one !== undefined),
      now: clock.now(),
    });
    return new NodeKeeper({ api, clock, log, signal, nodeName: node.name, sources });
  }

  #newWorkers(facts: NodeFacts, keeper: NodeKeeper): PodWorkers {
    const { api, clock, random, log, signal, node } = this.#with;
    const events = new EventRecorder({
      api,
      clock,
      random,
      log,
      component: "kubelet",
      host: node.name,
    });
    const record: RecordPodEvent = (pod, type, reason, message) =>
      events.record(pod, type, reason, message);
    const poke = (uid: string) => this.#workers?.poke(uid);
    const tools = this.#tools(facts, record, poke);
    const statuses = new StatusWriter({ api, clock, log, signal });
    const probes = new Probes({
      prober: this.#with.prober,
      observed: this.#observed,
      clock,
      record,
      onChange: poke,
    });
    const relist = () => this.#relist(keeper);
    const nodeLabels = () => this.#nodeLabels();
    return new PodWorkers({ tools, statuses, probes, clock, log, signal, nodeLabels, relist });
  }

  #nodeLabels(): Readonly<Record<string, string>> {
    const { cache, node } = this.#with;
    return cache.get(NODES, "", node.name)?.metadata.labels ?? node.labels;
  }

  #tools(facts: NodeFacts, record: RecordPodEvent, poke: (uid: string) => void): SyncTools {
    const { api, cache, runtime, network, files, clock, log, dataDir, node } = this.#with;
    const tellPull = (
      user: ImageUser,
      type: "Normal" | "Warning",
      reason: string,
      text: string,
    ) => {
      const pod = this.#workers?.pod(user.podUid);
      if (pod !== undefined) record(pod, type, reason, text);
    };
    const images = new Images({
      runtime,
      clock,
      onPulling: (user) => tellPull(user, "Normal", "Pulling", `Pulling image "${user.image}"`),
      onPulled: (user, failure, tookMs) => {
        const { image } = user;
        if (failure === undefined) {
          tellPull(user, "Normal", "Pulled", `Successfully pulled image "${image}" in ${tookMs}ms`);
        } else {
          tellPull(user, "Warning", "Failed", `Failed to pull image "${image}": ${failure}`);
          tellPull(user, "Warning", "Failed", "Error: ErrImagePull");
        }
        poke(user.podUid);
      },
    });
    return {
      api,
      cache,
      runtime,
      network,
      drained: this.#with.drained ?? (() => Promise.resolve()),
      files,
      images,
      observed: this.#observed,
      record,
      clock,
      log,
      dataDir,
      nodeAddress: node.address,
      nodeName: node.name,
      allocatable: allocatableOf(facts),
      memoryCapacityBytes: facts.memoryBytes,
      dns: () => this.#dns(),
    };
  }

  /** Read for each pod: the node's own files may change while it runs. */
  async #dns() {
    const { files, clusterDns, clusterDomain = "cluster.local" } = this.#with;
    const [hostResolvConf, hostEtcHosts] = await Promise.all([
      files.readText("/etc/resolv.conf"),
      files.readText("/etc/hosts"),
    ]);
    return { clusterDns, clusterDomain, hostResolvConf, hostEtcHosts };
  }

  /** Follows the engine's events, and lists anew whenever some may have been missed. */
  async #followRuntime(workers: PodWorkers, keeper: NodeKeeper): Promise<void> {
    const { runtime, clock, log, signal } = this.#with;
    let retryMs = RECONNECT_FIRST_MS;
    while (!signal.aborted) {
      try {
        const onReady = () => {
          retryMs = RECONNECT_FIRST_MS;
          void this.#relist(keeper);
        };
        for await (const event of runtime.events(signal, onReady)) {
          if (this.#observed.apply(event)) workers.poke(event.podUid);
        }
      } catch (error) {
        this.#runtimeTrouble = `container runtime is down: ${String(error)}`;
        log("Cannot follow the container runtime", { error: String(error), retryMs });
        keeper.check();
      }
      await clock.sleep(retryMs, signal);
      retryMs = Math.min(2 * retryMs, RECONNECT_MAX_MS);
    }
  }

  async #relist(keeper: NodeKeeper): Promise<void> {
    const { runtime, log } = this.#with;
    const hadTrouble = this.#runtimeTrouble !== undefined || this.#networkTrouble !== undefined;
    try {
      await this.#checkHealth();
      const changed = await this.#observed.replace(() => runtime.listContainers());
      for (const uid of changed) this.#workers?.poke(uid);
      this.#listed.resolve();
    } catch (error) {
      this.#runtimeTrouble = `container runtime is down: ${String(error)}`;
      log("Cannot list containers", { error: String(error) });
    }
    const hasTrouble = this.#runtimeTrouble !== undefined || this.#networkTrouble !== undefined;
    if (hadTrouble || hasTrouble) keeper.check();
  }

  async #checkHealth(): Promise<void> {
    const { runtime, network } = this.#with;
    const reasonOf = (error: unknown) => error instanceof Error ? error.message : String(error);
    try {
      this.#runtimeVersion = await runtime.version();
      this.#runtimeTrouble = undefined;
    } catch (error) {
      this.#runtimeTrouble = `container runtime is down: ${reasonOf(error)}`;
    }
    try {
      await network.list();
      this.#networkTrouble = undefined;
    } catch (error) {
      this.#networkTrouble = `pod network is not ready: ${reasonOf(error)}`;
    }
  }

  async #relistForEver(workers: PodWorkers, keeper: NodeKeeper): Promise<void> {
    const { clock, signal } = this.#with;
    while (!signal.aborted) {
      await clock.sleep(RELIST_MS, signal);
      if (signal.aborted) return;
      await this.#relist(keeper);
      await this.#collectGarbage();
      await workers.refreshVolumes();
      for (const uid of await this.#leftovers()) workers.poke(uid);
    }
  }

  async #collectGarbage(): Promise<void> {
    const { runtime, clock, log } = this.#with;
    const live = new Set(this.pods().map(({ metadata }) => metadata.uid ?? ""));
    const all = this.#observed.all();
    for (const id of planGarbage(all, live, clock.now())) {
      const container = all.find((one) => one.id === id);
      try {
        await runtime.remove(id);
        this.#observed.forget(container?.pod.uid ?? "", id);
      } catch (error) {
        log("Cannot remove a dead container", { container: id, error: String(error) });
      }
    }
  }

  /** Pods of which only containers, volumes or an address are left. */
  async #leftovers(): Promise<Set<string>> {
    const { files, network, dataDir, log } = this.#with;
    const [folders, wired] = await Promise.all([
      files.list(join(dataDir, "pods")),
      network.list().catch((error) => {
        log("Cannot list the pod network", { error: String(error) });
        return new Map<string, string>();
      }),
    ]);
    const uids = new Set([...this.#observed.uids(), ...folders, ...wired.keys()]);
    for (const { metadata } of this.pods()) uids.delete(metadata.uid ?? "");
    return uids;
  }
}

/** @returns a promise that resolves when the signal aborts; then it stops the agent */
export function runAgent(options: AgentOptions): Promise<void> {
  return new Agent(options).run();
}

function untilAborted(waited: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return Promise.race([waited, aborted]);
}
