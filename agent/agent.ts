import type { Clock, Log, Random } from "../api/types/ambient.ts";
import type { Node, Pod, Taint } from "../api/types/core_v1.ts";
import { NODES, PODS } from "../api/types/resources.ts";
import { orAborted } from "../client/aborted.ts";
import type { Api } from "../client/api.ts";
import type { WatchedCache } from "../client/cache.ts";
import { EventRecorder } from "../client/events.ts";
import { Drain } from "./drain.ts";
import { GARBAGE_DEFAULTS, type GarbageSettings } from "./garbage.ts";
import type { HostConnections } from "./host_connections.ts";
import type { HostFacts, NodeFacts } from "./host_facts.ts";
import type { HostFiles } from "./host_files.ts";
import type { CloneGit } from "./host_git.ts";
import type { HostMounts } from "./host_mounts.ts";
import { imageEvents } from "./image_events.ts";
import { Images } from "./images.ts";
import { collectDeadContainers, leftoverPods, type LeftoverSources } from "./leftovers.ts";
import { NodeKeeper } from "./node_keeper.ts";
import { type DutyOptions, NodeDuties } from "./node_duties.ts";
import { NodeFence } from "./fencing/node_fence.ts";
import { allocatableOf, type NodeIdentity } from "./node_object.ts";
import { NodeFilePods } from "./static_pods/node_file_pods.ts";
import type { ManifestSource } from "./static_pods/static_pods.ts";
import { ObservedPods } from "./observed_pods.ts";
import type { PodNetwork } from "./pod_network.ts";
import { PodWorkers } from "./pod_workers.ts";
import { type Prober, Probes } from "./probes.ts";
import { RuntimeFollower } from "./runtime_follower.ts";
import type { Runtime } from "./runtime.ts";
import { SandboxPool, type SandboxPoolSettings } from "./sandbox_pool.ts";
import { STARTS_PER_CORE, StartTurns } from "./start_turns.ts";
import { StatusWriter } from "./status_writer.ts";
import type { RecordPodEvent, SyncTools } from "./sync_tools.ts";
import type { NameService } from "./name_service.ts";
import type { SleepingServices } from "./sleeping_services.ts";
import type { ServicePath } from "./service_path.ts";
import { TerminationMessages } from "./termination_messages.ts";
import { clearLocalFolders } from "./volumes/local_folders.ts";
import { PodVolumes } from "./volumes/pod_volumes.ts";

/** Between whole lists, which find what events did not tell. */
const RELIST_MS = 60_000;
/** The last statuses may take so long to be written when the node ends. */
const FLUSH_PATIENCE_MS = 5_000;

export interface AgentOptions {
  readonly api: Api;
  /** Renews the lease where much else waits for `api`; absent: that does. */
  readonly heartbeats?: Api | undefined;
  /** Watches pods with `spec.nodeName=NODE`, this node's object, and services. */
  readonly cache: WatchedCache;
  readonly runtime: Runtime;
  readonly network: PodNetwork;
  /** Resolves once no new connection of a service reaches this address, or after a bound: SIGTERM waits for it. */
  readonly drained?: (podIp: string) => Promise<void>;
  readonly connections?: HostConnections;
  /** How services are programmed, and who is told when that changes. */
  readonly servicePath?: { now(): ServicePath; onChange(listener: () => void): void };
  /** How names are answered, as soon as that is known, and who is told when it changes. */
  readonly names?: { now(): NameService | undefined; onChange(listener: () => void): void };
  /** What the node's kernel has of endpoints; absent where another process programs it. */
  readonly programmed?: ProgrammedEndpoints;
  /** What the node's kernel has of services that may sleep. */
  readonly sleeping?: SleepingServices;
  readonly files: HostFiles;
  readonly mounts: HostMounts;
  /** How volumes of kind `gitRepo` are filled. */
  readonly cloneGit: CloneGit;
  readonly facts: HostFacts;
  readonly prober: Prober;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly node: NodeIdentity;
  /** What the node reports as the version of its kubelet. */
  readonly version: string;
  /** Holds `pods/UID/…`, and `memory/UID/…`, which is no disk. */
  readonly dataDir: string;
  /** What else keeps the node well; absent in tests of pods alone. */
  readonly duties?: DutyOptions;
  readonly taints?: readonly Taint[];
  /** Where pods come from besides the API. */
  readonly manifests?: ManifestSource;
  /** Where pods ask for names; asked for each pod, as the cluster's DNS may come and move. */
  readonly clusterDns?: () => string | undefined;
  readonly clusterDomain?: string;
  /** Sysctls that pods may set besides the safe ones; a star at the end stands for anything. */
  readonly allowedUnsafeSysctls?: readonly string[];
  /** Processes and threads of one container; absent or 0 for no limit. */
  readonly pidsMax?: number;
  /** Sandboxes that are made ahead; absent where processes can't be given their host name as they begin. */
  readonly pool?: SandboxPoolSettings | undefined;
  /** What stays of containers that have ended. */
  readonly garbage?: GarbageSettings;
}

export interface ProgrammedEndpoints {
  /** Up to which every change is in the kernel; 0: none yet. */
  revision(): number;
  /** Calls `listener` after it has moved. */
  onChange(listener: () => void): void;
}

const NO_CONNECTIONS: HostConnections = { inbound: () => Promise.resolve(0) };

/** What the agent's server shows and looks up. */
export interface AgentView {
  pods(): Readonly<Pod>[];
  /** Everything that the runtime has of a pod. */
  containersOf(podUid: string): ReturnType<ObservedPods["of"]>;
  /** Everything that the runtime has on this node. */
  containers(): ReturnType<ObservedPods["all"]>;
}

/** The kubelet: makes the pods that are bound to this node run, and tells the API how they are. */
export class Agent implements AgentView {
  readonly #with: AgentOptions;
  readonly #observed = new ObservedPods();
  readonly #follower: RuntimeFollower;
  readonly #record: RecordPodEvent;
  readonly #volumes: PodVolumes;
  #allocatable: Readonly<Record<string, string>> = {};
  #workers: PodWorkers | undefined;
  #pool: SandboxPool | undefined;
  #keeper: NodeKeeper | undefined;
  #duties: NodeDuties | undefined;
  #fence: NodeFence | undefined;
  #statuses: StatusWriter | undefined;
  readonly #files: NodeFilePods;

  constructor(options: AgentOptions) {
    this.#files = new NodeFilePods(options, {
      change: (before, after) => {
        this.#workers?.change(before, after);
        this.#fence?.podChanged(before, after);
      },
      // a new mirror knows nothing of what was written to the one before
      poke: (uid) => {
        this.#statuses?.forget(uid);
        this.#workers?.poke(uid);
      },
    });
    this.#with = { ...options, api: this.#files.api };
    this.#record = this.#recorder();
    this.#volumes = this.#newVolumes();
    this.#follower = new RuntimeFollower({
      ...options,
      observed: this.#observed,
      poke: (uid) => this.#workers?.poke(uid),
      onIdleLost: (id) => this.#pool?.lose(id),
      onBack: () => {
        this.#workers?.tryAgain();
        void this.#pool?.adopt();
      },
      onHealth: () => this.#keeper?.check(),
    });
  }

  pods(): Readonly<Pod>[] {
    return this.#workers?.pods() ?? [];
  }

  containersOf(podUid: string): ReturnType<ObservedPods["of"]> {
    return this.#observed.of(podUid);
  }

  containers(): ReturnType<ObservedPods["all"]> {
    return this.#observed.all();
  }

  /** Works until the signal aborts; leaves containers and network as they are. */
  async run(): Promise<void> {
    const { cache, facts, signal, network } = this.#with;
    const measured = await facts.read();
    this.#allocatable = allocatableOf(measured, this.#with.node);
    await this.#follower.begin();
    const record = this.#record;
    const keeper = this.#keeper = this.#newKeeper(measured);
    const duties = this.#duties = this.#newDuties(record);
    const workers = this.#workers = this.#newWorkers(measured, record);
    const fence = this.#fence = this.#newFence(workers);
    const registered = keeper.register().then(() => keeper.heartbeat());
    const following = this.#follower.run();
    await orAborted(this.#follower.listed(), signal);
    await this.#pool?.adopt();
    workers.adopt(await network.list().catch(() => new Map()));
    await fence.resume();
    const running = signal.aborted ? undefined : [workers.run(), this.#files.run(signal)];
    // before both lists are there nobody knows what should run here and what does
    await orAborted(cache.synced(), signal);
    if (signal.aborted) {
      return void await Promise.all([registered, following, ...running ?? []]);
    }
    cache.onChange(PODS, (before, after) => {
      if (this.#files.sees(before, after)) return;
      workers.change(before, after);
      fence.podChanged(before, after);
    });
    cache.onChange(NODES, (_before, after) => this.#onNode(after, keeper));
    workers.knowsAll();
    fence.knowsAll();
    await collectDeadContainers(this.#leftovers());
    await this.#clearUp(workers);
    const minding = [duties?.run(signal), this.#relistForEver(workers)];
    await Promise.all([registered, following, ...running ?? [], ...minding]);
    fence.stop();
  }

  /** Before the end of the node: ends its pods where the settings say so, and tells the API. */
  async shutDown(): Promise<void> {
    await this.#duties?.shutDown();
    await Promise.race([this.#statuses?.flushed(), this.#with.clock.sleep(FLUSH_PATIENCE_MS)]);
  }

  #onNode(node: Readonly<Node> | undefined, keeper: NodeKeeper): void {
    if (node === undefined || node.metadata.name === this.#with.node.name) keeper.check();
  }

  #newKeeper(facts: NodeFacts): NodeKeeper {
    const { api, clock, log, signal, node, version } = this.#with;
    const sources = () => ({
      node,
      facts,
      runtimeVersion: this.#follower.version,
      agentVersion: version,
      troubles: [...this.#follower.troubles(), ...this.#duties?.troubles ?? []],
      networkTrouble: this.#follower.networkTrouble,
      servicePath: this.#with.servicePath?.now(),
      names: this.#with.names?.now(),
      pressures: this.#duties?.pressures ?? [],
      ...(this.#duties?.images === undefined ? {} : { images: this.#duties.images }),
      now: clock.now(),
    });
    const onRenewed = (sentAt: number, leaseMs: number) => this.#fence?.heard(sentAt, leaseMs);
    const onShortest = (sentAt: number) => this.#fence?.shortens(sentAt);
    const { taints = [], programmed, sleeping, heartbeats } = this.#with;
    const keeper = new NodeKeeper({
      ...{ api, heartbeats, clock, log, signal, sources, onRenewed, onShortest, taints },
      nodeName: node.name,
      programmed: programmed && (() => programmed.revision()),
      sleeping,
    });
    sleeping?.onWanted(() => keeper.acknowledge());
    programmed?.onChange(() => keeper.acknowledge());
    this.#with.servicePath?.onChange(() => keeper.check());
    this.#with.names?.onChange(() => keeper.check());
    return keeper;
  }

  #newDuties(record: RecordPodEvent): NodeDuties | undefined {
    const { duties } = this.#with;
    if (duties === undefined) return undefined;
    return new NodeDuties(duties, {
      pods: () => this.pods(),
      containersOf: (uid) => this.containersOf(uid),
      end: (uid, failure) => this.#workers?.end(uid, failure),
      record,
      removeDead: () => collectDeadContainers(this.#leftovers()),
      onChange: () => this.#keeper?.check(),
    });
  }

  #newFence(workers: PodWorkers): NodeFence {
    return new NodeFence({
      ...this.#with,
      nodeName: this.#with.node.name,
      pods: () => this.pods(),
      running: () => this.#observed.runningUids(),
      hold: (uid, graceSeconds) => workers.hold(uid, graceSeconds),
    });
  }

  #newWorkers(facts: NodeFacts, record: RecordPodEvent): PodWorkers {
    const { api, clock, log, random, signal, prober } = this.#with;
    const observed = this.#observed;
    const poke = (uid: string) => this.#workers?.poke(uid);
    const podOf = (uid: string) => this.#workers?.pod(uid);
    const onImage = () => this.#duties?.imagesChanged();
    const events = imageEvents({ api, podOf, record, poke, onImage });
    const images = new Images({ ...this.#with, ...events });
    return new PodWorkers({
      tools: this.#tools(facts, images),
      statuses: this.#statuses = new StatusWriter({ api, clock, log, signal }),
      refusalOf: (pod) => this.#duties?.refusalOf(pod),
      probes: new Probes({ prober, observed, clock, random, record, onChange: poke }),
      clock,
      log,
      signal,
      nodeLabels: () => this.#nodeLabels(),
      relist: () => this.#follower.relist(),
      remembered: () => this.#fence?.kept() ?? Promise.resolve(),
    });
  }

  #recorder(): RecordPodEvent {
    const { api, clock, random, log, node } = this.#with;
    const from = { component: "kubelet", host: node.name };
    const events = new EventRecorder({ api, clock, random, log, ...from });
    return (pod, type, reason, message) => events.record(pod, type, reason, message);
  }

  #nodeLabels(): Readonly<Record<string, string>> {
    const { cache, node } = this.#with;
    return cache.get(NODES, "", node.name)?.metadata.labels ?? node.labels;
  }

  #newVolumes(): PodVolumes {
    const { node: { address: hostIp, name: nodeName } } = this.#with;
    return new PodVolumes({
      ...this.#with,
      record: this.#record,
      facts: () => ({ podIp: "", hostIp, nodeName, allocatable: this.#allocatable }),
      nodeLabels: () => this.#nodeLabels(),
      onChange: (uid) => this.#workers?.poke(uid),
    });
  }

  #tools(facts: NodeFacts, images: Images): SyncTools {
    const { node, drained = () => Promise.resolve(), connections = NO_CONNECTIONS } = this.#with;
    const [observed, { clock, pool }] = [this.#observed, this.#with];
    const turns = new StartTurns(clock, STARTS_PER_CORE * facts.cpus);
    this.#pool = pool && new SandboxPool({ ...this.#with, ...pool, observed, turns });
    return {
      ...this.#with,
      drain: new Drain({ ...this.#with, unused: drained, connections }),
      images,
      turns,
      pool: this.#pool,
      messages: new TerminationMessages(this.#with),
      volumes: this.#volumes,
      observed,
      record: this.#record,
      nodeAddress: node.address,
      nodeName: node.name,
      allocatable: this.#allocatable,
      memoryCapacityBytes: facts.memoryBytes,
      pidsMax: this.#with.pidsMax ?? 0,
      garbage: this.#garbage,
      rules: {
        allowedUnsafeSysctls: this.#with.allowedUnsafeSysctls ?? [],
        hasAppArmor: facts.hasAppArmor,
      },
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
    return { clusterDns: clusterDns?.(), clusterDomain, hostResolvConf, hostEtcHosts };
  }

  async #relistForEver(workers: PodWorkers): Promise<void> {
    const { clock, signal } = this.#with;
    while (!signal.aborted) {
      await clock.sleep(RELIST_MS, signal);
      if (signal.aborted) return;
      await this.#follower.relist();
      await collectDeadContainers(this.#leftovers());
      await clearLocalFolders(this.#with);
      await this.#clearUp(workers);
    }
  }

  /** Pods that are gone from the API while the agent was away, or whose end it could not finish. */
  async #clearUp(workers: PodWorkers): Promise<void> {
    for (const uid of await leftoverPods(this.#leftovers())) workers.poke(uid);
  }

  #leftovers(): LeftoverSources {
    const [observed, volumes] = [this.#observed, this.#volumes];
    const pods = () => this.pods();
    return { ...this.#with, observed, volumes, pods, garbage: this.#garbage };
  }

  get #garbage(): GarbageSettings {
    return this.#with.garbage ?? GARBAGE_DEFAULTS;
  }
}
