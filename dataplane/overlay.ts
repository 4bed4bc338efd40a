import type { Clock, Log } from "../api/types/ambient.ts";
import type { Node } from "../api/types/core_v1.ts";
import { NODES } from "../api/types/resources.ts";
import { aborted } from "../client/aborted.ts";
import type { WatchedCache } from "../client/cache.ts";
import type { Commands } from "./host_commands.ts";
import { parseIpv4, parseNetwork } from "./ipv4.ts";
import type { ClusterNames } from "./names.ts";
import {
  endOf,
  type OverlayMode,
  type OverlayNode,
  type OverlayWish,
  planOverlay,
  planOverlayRemoval,
  VXLAN_OVERHEAD_BYTES,
} from "./overlay_plan.ts";
import { mtuOfAddress, readOverlay } from "./overlay_state.ts";
import type { PathPeer } from "./pod_path.ts";

/** What somebody deleted by hand is back after this time at the most. */
const RELIST_MS = 30_000;
const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 30_000;
/** Of Ethernet. A link that takes more, such as the loopback, says nothing of the way to other nodes. */
const MTU_MAX = 1_500;

export interface OverlayOptions {
  readonly names: ClusterNames;
  readonly mode: OverlayMode;
  readonly commands: Commands;
  readonly cache: WatchedCache;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the loop; what is laid down stays, so that pods talk while no agent runs. */
  readonly signal: AbortSignal;
  readonly self: OverlayNode;
  readonly clusterCidr: string;
  /** Told of every way that is laid. */
  readonly path?: OverlayPath;
}

/** A way for pods' packets that is shorter than the host's own. Implementation: PodPath. */
export interface OverlayPath {
  setPeers(overlay: string | undefined, peers: readonly PathPeer[]): Promise<void>;
}

/** Bytes of a pod's packet: less where it travels inside another. */
export async function podMtuOf(
  commands: Commands,
  mode: OverlayMode,
  address: string,
): Promise<number> {
  const wire = Math.min(await mtuOfAddress(commands, address) ?? MTU_MAX, MTU_MAX);
  return mode === "vxlan" ? wire - VXLAN_OVERHEAD_BYTES : wire;
}

/** Keeps the way to the pods of every other node, as the list of nodes says, until `signal` aborts. */
export async function runOverlay(options: OverlayOptions): Promise<void> {
  const { cache, clock, log, signal } = options;
  cache.watch(NODES);
  await Promise.race([cache.synced(), aborted(signal)]);
  let wake = new AbortController();
  let last = "";
  const end = cache.onChange(NODES, () => {
    if (JSON.stringify(peersOf(options)) !== last) wake.abort();
  });
  let retryMs = RETRY_MS_MIN;
  while (!signal.aborted) {
    wake = new AbortController();
    const peers = peersOf(options);
    last = JSON.stringify(peers);
    let waitMs = RELIST_MS;
    try {
      await syncOverlay(options, peers);
      retryMs = RETRY_MS_MIN;
    } catch (error) {
      log("the way to other nodes is not complete", { error, retryMs });
      waitMs = retryMs;
      retryMs = Math.min(2 * retryMs, RETRY_MS_MAX);
    }
    await clock.sleep(waitMs, AbortSignal.any([signal, wake.signal]));
  }
  end();
}

async function syncOverlay(
  options: OverlayOptions,
  peers: readonly OverlayNode[],
): Promise<void> {
  const { names, mode, commands, self, clusterCidr, log } = options;
  const state = await readOverlay(names, commands, clusterCidr);
  if (peers.length === 0 && state.link === undefined && state.podRoutes.length === 0) {
    return await tellPath(options, peers);
  }
  const mtu = await podMtuOf(commands, mode, self.address);
  const wish: OverlayWish = { names, mode, clusterCidr, self, peers, mtu };
  const { ip, bridge } = planOverlay(wish, state);
  // one peer that can't be reached leaves the others their way
  const failures = [
    await failureOf(commands, "ip", ip),
    await failureOf(commands, "bridge", bridge),
    mode === "routes" ? await failureOf(commands, "nft", nodeSet(names, peers)) : undefined,
  ].filter((failure) => failure !== undefined);
  await tellPath(options, peers); // the link may be another one, whatever failed
  if (failures.length > 0) throw failures[0];
  const changes = ip.length + bridge.length;
  if (changes > 0) log("the way to other nodes is laid", { mode, peers: peers.length, changes });
}

/** Only inside VXLAN: on a shared link the way to a node is not ours to know. */
async function tellPath(
  { path, mode, names }: OverlayOptions,
  peers: readonly OverlayNode[],
): Promise<void> {
  const isOurs = mode === "vxlan" && peers.length > 0;
  const ways = peers.flatMap(({ podCidr, address }) =>
    [podCidr, address].map((cidr) => ({ cidr, nextHop: endOf(podCidr) }))
  );
  await path?.setPeers(isOurs ? names.overlayLink : undefined, ways);
}

async function failureOf(
  commands: Commands,
  program: "ip" | "bridge" | "nft",
  lines: readonly string[],
): Promise<unknown> {
  if (lines.length === 0) return undefined;
  const args = program === "nft" ? ["-f", "-"] : ["-force", "-batch", "-"];
  try {
    await commands.run(program, args, `${lines.join("\n")}\n`);
  } catch (error) {
    return error;
  }
}

/** To these, packets of pods keep their address: see pod_firewall.ts. */
function nodeSet({ podTable }: ClusterNames, peers: readonly OverlayNode[]): string[] {
  const addresses = peers.map(({ address }) => address).join(", ");
  const add = `add element ip ${podTable} nodes { ${addresses} }`;
  return [`flush set ip ${podTable} nodes`, ...(peers.length === 0 ? [] : [add])];
}

/** Takes link, routes and rules away, of any process. */
export async function removeOverlay(
  names: ClusterNames,
  commands: Commands,
  clusterCidr: string,
): Promise<void> {
  const lines = planOverlayRemoval(names, await readOverlay(names, commands, clusterCidr));
  if (lines.length > 0) await commands.run("ip", ["-batch", "-"], `${lines.join("\n")}\n`);
}

/** Nodes that tell where they are and what pods they have, in the order of their names. */
function peersOf({ cache, self }: OverlayOptions): OverlayNode[] {
  const addresses = new Set([self.address]);
  return cache.list(NODES).flatMap(overlayNodeOf).filter(({ name, address }) => {
    if (name === self.name || addresses.has(address)) return false;
    addresses.add(address); // of two that claim one address, one can be reached at the most
    return true;
  });
}

function overlayNodeOf({ metadata, spec, status }: Readonly<Node>): OverlayNode[] {
  const { podCIDR: podCidr = "" } = spec;
  const internal = status?.addresses?.find(({ type }) => type === "InternalIP");
  const address = internal?.address ?? "";
  if (parseIpv4(address) === undefined || !isNetwork(podCidr)) return [];
  return [{ name: metadata.name, address, podCidr }];
}

function isNetwork(text: string): boolean {
  try {
    return parseNetwork(text).size > 0;
  } catch {
    return false; // another's node says nonsense, or IPv6: it has no pods for us
  }
}
