import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import { Agent, type AgentOptions } from "../agent/agent.ts";
import { DockerImages } from "../agent/docker_images.ts";
import { DockerRuntime } from "../agent/docker_runtime.ts";
import { KernelConnections } from "../agent/host_connections.ts";
import { HostMachine } from "../agent/host_facts.ts";
import { observationsOf } from "../agent/eviction/signals.ts";
import { reservedOf } from "../agent/reserved.ts";
import { ManifestFolder } from "../agent/host_manifests.ts";
import { HostMeters } from "../agent/host_meters.ts";
import { Sampler } from "../agent/stats/sampler.ts";
import { StatsPages } from "../agent/stats/stats_pages.ts";
import { HostDialer } from "../agent/host_dialer.ts";
import { LoopbackRelays } from "../agent/host_relays.ts";
import { DiskLogFiles } from "../agent/host_log_files.ts";
import { DiskFiles } from "../agent/host_files.ts";
import { cloneGit } from "../agent/host_git.ts";
import { KernelMounts } from "../agent/host_mounts.ts";
import { createAgentServer } from "../agent/server.ts";
import { HostProber } from "../agent/host_prober.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { ENDPOINTS, NODES, PODS, SERVICES } from "../api/types/resources.ts";
import { aborted } from "../client/aborted.ts";
import { Informers } from "../client/informer.ts";
import { runAnnouncer } from "../dataplane/announcer.ts";
import { chooseBackend, type ChosenBackend } from "../dataplane/choose_backend.ts";
import { carryDnsAddress } from "../dataplane/dns_address.ts";
import { HostCommands } from "../dataplane/host_commands.ts";
import { HealthCheckServers } from "../dataplane/host_health_checks.ts";
import { HostHolder } from "../dataplane/host_holder.ts";
import { type ClusterNames, namesOf } from "../dataplane/names.ts";
import { podMtuOf, runOverlay } from "../dataplane/overlay.ts";
import { PodNetwork } from "../dataplane/pod_network.ts";
import { type Dataplane, runDataplane } from "../dataplane/proxy.ts";
import { HostExchange } from "../dns/host_exchange.ts";
import { clusterDnsIp, type DnsOptions, DnsServer } from "../dns/server.ts";
import { PAUSE_IMAGE } from "../images/recipes.ts";
import { realClock } from "./clock.ts";
import { collectAfterStart } from "./collect_garbage.ts";
import type { Connection } from "./connection.ts";
import type { Settings } from "./flags.ts";
import { openKernelNames } from "./kernel_names.ts";
import { keptOnNode } from "./kept_on_node.ts";
import { lockOnceFree } from "./data_path_lock.ts";
import { leavingNothingBehind } from "./failed_start.ts";
import { beginLifetime, END_PATIENCE_MS } from "./lifetime.ts";
import { behindPolicies, enforcePolicies } from "./network_policies.ts";
import { programmedBy } from "./programmed_endpoints.ts";
import { type NodeSettings, nodeSettingsOf } from "./node_flags.ts";
import { stderrLog } from "./log.ts";
import { type NodeAccess, openAccess } from "./node_access.ts";
import { NodeMemory } from "./node_memory.ts";
import { podCidrOf } from "./node_registration.ts";
import { ensurePauseOf, obtainPauseImage } from "./pause_image.ts";
import { openSandboxPool } from "./sandbox_pool.ts";
import { mayHold, ofNode, sleepingServices } from "./sleeping_services.ts";
import { shortenPods } from "./short_path.ts";
import { makeDataDir, type Paths, pathsOf } from "./paths.ts";
import { KUBERNETES_VERSION } from "./version.ts";

/** What every part of the agent gets from here. */
interface Surroundings {
  readonly settings: Settings;
  readonly paths: Paths;
  readonly connection: Connection;
  readonly access: NodeAccess;
  readonly signal: AbortSignal;
  readonly node: NodeSettings;
  /** What is done between the signal that ends the process and `signal`. */
  readonly beforeEnd: { do: () => Promise<void> };
  /** Aborts `signal`. */
  readonly stop: () => void;
}

/** What a node that is known to the API has of its own. */
interface OnNode {
  readonly names: ClusterNames;
  readonly commands: HostCommands;
  readonly podCidr: string;
}

/** Runs the node's agent and data path until a signal; containers, links and rules stay as they are. */
export async function agent(asked: Settings): Promise<void> {
  const paths = pathsOf(asked.dataDir);
  await makeDataDir(paths);
  const node = nodeSettingsOf(asked.node);
  const patienceMs = END_PATIENCE_MS + node.shutdown.graceMs;
  const lifetime = await beginLifetime("agent", paths.pidFile("agent"), patienceMs);
  const access = await openAccess(asked, paths, lifetime.signal);
  const { settings, connection } = access;
  const beforeEnd = { do: () => Promise.resolve() };
  const ended = new AbortController();
  void aborted(lifetime.signal).then(() => beforeEnd.do()).finally(() => ended.abort());
  const stop = () => ended.abort();
  await run({ settings, paths, connection, access, node, beforeEnd, signal: ended.signal, stop });
  await lifetime.end(0);
}

/** Certificates of the API server name it too. */
const CLUSTER_DOMAIN = "cluster.local";

const log = stderrLog("agent");
/** A master that takes longer to list images has other troubles. */
const IMAGES_MS_MAX = 10_000;

const RELAY_PROGRAM = [
  Deno.execPath(),
  ...["run", "-A", "--quiet", "--no-config", "--no-lock"],
  new URL("../cmd/relay.ts", import.meta.url).pathname,
];

async function run(surroundings: Surroundings): Promise<void> {
  const { settings, connection: { api }, signal } = surroundings;
  const names = namesOf(settings.clusterName);
  const commands = new HostCommands();
  const { nodeName } = settings;
  const { taints } = surroundings.node;
  const memory = new NodeMemory(surroundings.paths.node, log);
  const asking = { api, nodeName, taints, memory, clock: realClock, log, signal };
  await lockOnceFree(names); // until this process ends, and before anybody hears of the node
  const podCidr = await podCidrOf(asking);
  if (podCidr === undefined) return;
  const onNode = { names, commands, podCidr };
  await leavingNothingBehind(settings, () => runParts(surroundings, onNode));
}

/** All that works on a node, until the signal aborts or one of them fails. */
async function runParts(surroundings: Surroundings, onNode: OnNode): Promise<void> {
  const { settings, connection: { api }, signal, node } = surroundings;
  const { names, commands, podCidr } = onNode;
  const { nodeName } = settings;
  const [network, first] = await Promise.all([
    openNetwork(settings, { names, commands, podCidr }),
    chooseBackend(settings.backend, { names, commands, clock: realClock, log }),
  ]);
  const { chosen, path } = await shortenPods(first, network, { names, commands, log });
  log("services go through", { backend: chosen.backend.name });
  const kernelNames = await openKernelNames(settings.backend, { names, commands, network, log });
  const pool = await openSandboxPool(node.sandboxPool, {
    ...{ choice: settings.backend, names, commands, log },
  });
  void obtainPauseImage({
    ensure: () => ensurePauseOf(settings.dockerHost),
    ...{ clock: realClock, log, signal },
  });
  const cache = watchCluster(surroundings);
  const dataplane = startDataplane(surroundings, cache, chosen);
  collectAfterStart(cache, dataplane);
  const dns = clusterDns(surroundings, cache, { commands, kernel: kernelNames.table });
  kernelNames.settleWith(dns);
  const policies = enforcePolicies({
    ...{ api, cache, names, commands, nodeName, signal, clock: realClock },
    log: stderrLog("policies"),
    ...path === undefined ? {} : { guard: (ips) => path.guard(ips) },
  });
  await allOrNone(surroundings, [
    runPods(surroundings, cache, {
      network: behindPolicies(kernelNames.withAnswers(network), policies),
      dataplane,
      chosen,
      dns,
      pool: pool.settings,
      metrics: async () => dns.metrics.text() + await policies.metrics(),
    }),
    announce(surroundings, cache, { names, commands }),
    dataplane.done,
    policies.done,
    dns.run(),
    runOverlay({
      ...{ names, commands, cache, signal, clock: realClock, log: stderrLog("overlay") },
      mode: settings.overlay,
      self: { name: nodeName, address: settings.advertiseAddress, podCidr },
      clusterCidr: settings.clusterCidr,
      ...path === undefined ? {} : { path },
    }),
  ]);
  path?.close();
  await pool.close();
  await chosen.backend.close();
  kernelNames.close();
}

/** When one fails the others end before its error is told, so that nothing is laid down any more. */
async function allOrNone(
  { stop }: Pick<Surroundings, "stop">,
  parts: readonly Promise<unknown>[],
): Promise<void> {
  try {
    await Promise.all(parts);
  } catch (error) {
    stop();
    await Promise.race([Promise.allSettled(parts), realClock.sleep(END_PATIENCE_MS)]);
    throw error;
  }
}

async function openNetwork(
  { clusterCidr, advertiseAddress: nodeIp, overlay }: Settings,
  { names, commands, podCidr }: { names: ClusterNames; commands: HostCommands; podCidr: string },
): Promise<PodNetwork> {
  const mtu = await podMtuOf(commands, overlay, nodeIp);
  const log = stderrLog("network");
  return await PodNetwork.open({ names, commands, log, podCidr, clusterCidr, nodeIp, mtu });
}

function watchCluster({ settings, connection: { api }, signal }: Surroundings): Informers {
  const shared = { api, clock: realClock, random: Math.random, log, signal };
  const cache = new Informers({ ...shared, transform: keptOnNode() });
  cache.watch(PODS, { fieldSelector: `spec.nodeName=${settings.nodeName}` });
  cache.watch(NODES);
  cache.watch(SERVICES);
  cache.watch(ENDPOINTS);
  return cache;
}

async function runPods(
  { settings, paths, connection, access, signal, node, beforeEnd }: Surroundings,
  cache: Informers,
  { network, dataplane, chosen, dns, pool, metrics }: {
    network: AgentOptions["network"];
    pool: AgentOptions["pool"] | undefined;
    dataplane: Dataplane;
    chosen: ChosenBackend;
    dns: DnsServer;
    metrics: () => Promise<string>;
  },
): Promise<void> {
  const { api } = connection;
  const facts = new HostMachine(paths.dataDir);
  const { mayLowerOomScore } = await facts.read();
  const runtime = new DockerRuntime({
    cluster: settings.clusterName,
    sandboxImage: PAUSE_IMAGE,
    socketPath: settings.dockerHost.slice("unix://".length),
    mayLowerOomScore,
    logFiles: new DiskLogFiles(realClock),
  });
  const view: { pods(): Readonly<Pod>[] } = { pods: () => agent.pods() };
  const images = new DockerImages(settings.dockerHost.slice("unix://".length));
  const meters = new HostMeters({
    dataDir: paths.dataDir,
    imageFolder: () => images.folder(),
  });
  const sampler = new Sampler({ meters, clock: realClock, containers: () => agent.containers() });
  const server = createAgentServer({
    tls: access.tls,
    view,
    runtime,
    dialer: new HostDialer({
      runtime,
      relays: new LoopbackRelays(RELAY_PROGRAM, realClock),
      clock: realClock,
    }),
    pages: new StatsPages({
      ...{ sampler, nodeName: settings.nodeName, clock: realClock },
      pods: () => agent.pods(),
      residentBytes: () => Deno.memoryUsage().rss,
      more: metrics,
      services: () => chosen.backend.counters?.() ?? [],
    }),
    clock: realClock,
    log,
  });
  const mounts = new KernelMounts();
  const files = new DiskFiles(() => crypto.randomUUID(), mounts);
  const observations = observationsOf(await meters.node());
  const agent: Agent = new Agent({
    api,
    cache,
    runtime,
    network,
    drained: (podIp) => dataplane.untilUnused(podIp),
    connections: new KernelConnections(),
    programmed: programmedBy(dataplane),
    servicePath: servicePathOf(dataplane, chosen),
    names: { now: () => dns.state(), onChange: (listener) => dns.onChange(listener) },
    sleeping: sleepingServices(dataplane, chosen.backend),
    files,
    mounts,
    cloneGit,
    facts,
    prober: new HostProber(runtime, realClock),
    clock: realClock,
    random: Math.random,
    log,
    signal,
    node: {
      name: settings.nodeName,
      address: settings.advertiseAddress,
      kubeletPort: await listen(server, settings),
      labels: node.labels,
      podsMax: node.podsMax,
      reserved: reservedOf(node.reserved, node.eviction.thresholds, observations),
    },
    taints: node.taints,
    garbage: node.garbage,
    pool,
    ...node.manifestPath === "" ? {} : { manifests: new ManifestFolder(node.manifestPath) },
    duties: {
      ...node,
      ...{ meters, sampler, images, files, log, clock: realClock },
      namedInCluster: () => imagesNamedIn(connection),
      sandboxImage: PAUSE_IMAGE,
      dataDir: paths.dataDir,
    },
    version: KUBERNETES_VERSION,
    dataDir: paths.dataDir,
    clusterDns: () => clusterDnsIp(cache),
    clusterDomain: CLUSTER_DOMAIN,
    ...settings.pods,
  });
  beforeEnd.do = () => agent.shutDown();
  const renewing = access.keepFresh((tls) => server.setSecureContext(tls));
  await Promise.all([agent.run(), renewing]);
  server.close();
  server.closeAllConnections();
}

/** @throws when the API does not say: images that may be needed stay */
async function imagesNamedIn({ fetch }: Connection): Promise<string[]> {
  const answer = await fetch("/wherry/images", { signal: AbortSignal.timeout(IMAGES_MS_MAX) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the API answered ${answer.status}: ${text}`);
  return (JSON.parse(text) as { images: string[] }).images;
}

/** @returns the port, which is a free one where the settings say 0 */
function listen(server: Server, { bindAddress, agentPort }: Settings): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", ({ message }) => {
      reject(new Error(`Cannot serve logs and exec at ${bindAddress}:${agentPort}: ${message}`));
    });
    server.listen(agentPort, bindAddress, () => resolve((server.address() as AddressInfo).port));
  });
}

/** Answers for balancers' addresses, and those who ask for their health. */
async function announce(
  { settings, signal }: Surroundings,
  cache: Informers,
  { names, commands }: { names: ClusterNames; commands: HostCommands },
): Promise<void> {
  const log = stderrLog("announcer");
  const node = { name: settings.nodeName, address: settings.advertiseAddress };
  const checks = new HealthCheckServers(log);
  await runAnnouncer({ cache, commands, names, node, checks, clock: realClock, log, signal });
}

function servicePathOf(dataplane: Dataplane, { backend, reason }: ChosenBackend) {
  return {
    now: () => ({ backend: backend.name, fallenBack: reason, trouble: dataplane.trouble }),
    onChange: (listener: () => void) => dataplane.onTrouble(listener),
  };
}

function startDataplane(
  { settings, signal }: Surroundings,
  cache: Informers,
  { backend }: ChosenBackend,
): Dataplane {
  const node = { name: settings.nodeName, addresses: nodeAddresses(settings) };
  const log = stderrLog("dataplane");
  const isOfNode = ofNode(settings.clusterCidr, () => nodeAddresses(settings));
  const holder = new HostHolder(settings.advertiseAddress, isOfNode, log);
  signal.addEventListener("abort", () => holder.close());
  const holding = { holder, mayHold: mayHold(cache) };
  return runDataplane({ cache, backend, node, ...holding, clock: realClock, log, signal });
}

/** Answers names on this node, as soon as the cache is there. */
function clusterDns(
  { settings, signal }: Surroundings,
  cache: Informers,
  { commands, kernel }: { commands: HostCommands; kernel: DnsOptions["kernel"] },
): DnsServer {
  const names = namesOf(settings.clusterName);
  return new DnsServer({
    cache,
    domain: CLUSTER_DOMAIN,
    carry: (ip) => carryDnsAddress({ names, commands }, ip),
    exchange: new HostExchange(realClock),
    kernel,
    resolvConf: () => Deno.readTextFile("/etc/resolv.conf"),
    clock: realClock,
    newId: () => crypto.getRandomValues(new Uint16Array(1))[0] ?? 0,
    log: stderrLog("dns"),
    signal,
  });
}

/** Where node ports answer: every address of this host, and the loopback. */
function nodeAddresses({ advertiseAddress }: Settings): string[] {
  const own = Deno.networkInterfaces()
    .filter(({ family }) => family === "IPv4")
    .map(({ address }) => address);
  return [...new Set([advertiseAddress, ...own])];
}
