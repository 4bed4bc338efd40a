import type { Clock, Log } from "../api/types/ambient.ts";
import { ENDPOINTS, NODES, SERVICES } from "../api/types/resources.ts";
import { aborted } from "../client/aborted.ts";
import { Bell } from "../client/bell.ts";
import type { WatchedCache } from "../client/cache.ts";
import { type AnnouncementFacts, planAnnouncements, planHealthChecks } from "./announcements.ts";
import type { HealthCheckServers } from "./host_health_checks.ts";
import type { Commands } from "./host_commands.ts";
import type { ClusterNames } from "./names.ts";

/** Changes that come within this time are looked at together. */
const COALESCE_MS = 100;
const RETRY_MS = 5_000;
const ARP_COMMANDS = [["arping"], ["busybox", "arping"]] as const;

export interface AnnouncerOptions {
  readonly cache: WatchedCache;
  readonly commands: Commands;
  readonly names: ClusterNames;
  readonly node: { readonly name: string; readonly address: string };
  readonly checks: Pick<HealthCheckServers, "sync" | "close">;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Keeps this node's share of balancers' addresses on a link of its own, so that it answers ARP for them, and tells
 * the neighbours of each that it took. The link stays while no agent runs.
 */
export async function runAnnouncer(options: AnnouncerOptions): Promise<void> {
  const { cache, clock, log, signal, checks } = options;
  for (const resource of [SERVICES, ENDPOINTS, NODES]) cache.watch(resource);
  await Promise.race([cache.synced(), aborted(signal)]);
  const announcer = new Announcer(options);
  const bell = new Bell();
  let isChanged = true;
  const note = () => {
    isChanged = true;
    bell.ring();
  };
  const ends = [
    cache.onChange(SERVICES, note),
    cache.onChange(ENDPOINTS, note),
    cache.onChange(NODES, note),
  ];
  while (!signal.aborted) {
    isChanged = false;
    try {
      await announcer.sync();
      await clock.sleep(COALESCE_MS, signal);
    } catch (error) {
      log("addresses could not be announced", { reason: String(error) });
      isChanged = true;
      await clock.sleep(RETRY_MS, signal);
    }
    if (isChanged || signal.aborted) continue;
    await bell.rung(signal);
  }
  for (const end of ends) end();
  await checks.close();
}

/** @returns name of the link that holds the addresses */
export function announcementLinkOf({ linkPrefix }: ClusterNames): string {
  return `${linkPrefix}lb`;
}

/** Takes the link of any process away, and its addresses with it. */
export async function removeAnnouncements(names: ClusterNames, commands: Commands): Promise<void> {
  const link = announcementLinkOf(names);
  const links = await commands.run("ip", ["-brief", "link", "show"]);
  if (links.split("\n").some((line) => line.startsWith(`${link} `))) {
    await commands.run("ip", ["link", "delete", link]);
  }
}

export class Announcer {
  /** On the link; undefined while it is not known. */
  #announced: readonly string[] | undefined;

  constructor(readonly options: Omit<AnnouncerOptions, "clock" | "signal">) {}

  async sync(): Promise<void> {
    const { cache, node, checks } = this.options;
    const facts: AnnouncementFacts = {
      services: cache.list(SERVICES).filter(({ spec }) => spec.type === "LoadBalancer"),
      nodes: cache.list(NODES),
      endpointsOf: ({ metadata: { namespace = "", name } }) =>
        cache.get(ENDPOINTS, namespace, name),
    };
    await checks.sync(planHealthChecks(facts, node.name));
    const wanted = planAnnouncements(facts, node.name);
    const has = this.#announced ?? await this.#read();
    if (this.#announced !== undefined && wanted.join() === has.join()) return;
    this.#announced = undefined;
    await this.#apply(has, wanted);
    this.#announced = wanted;
  }

  /** Addresses on the link, [] where there is no link. */
  async #read(): Promise<string[]> {
    const link = announcementLinkOf(this.options.names);
    const json = await this.options.commands.run("ip", ["-json", "address", "show"]);
    const links = JSON.parse(json) as { ifname: string; addr_info?: { local?: string }[] }[];
    const own = links.find(({ ifname }) => ifname === link);
    return (own?.addr_info ?? []).flatMap(({ local }) => local ?? []).sort();
  }

  async #apply(has: readonly string[], wanted: readonly string[]): Promise<void> {
    const { commands, names } = this.options;
    const link = announcementLinkOf(names);
    if (wanted.length === 0) {
      return has.length === 0 ? undefined : await removeAnnouncements(names, commands);
    }
    const fresh = wanted.filter((ip) => !has.includes(ip));
    const lines = [
      // a bridge without ports: kernels may lack dummy links
      ...(has.length === 0 ? [`link add ${link} type bridge`] : []),
      `link set ${link} addrgenmode none`,
      `link set ${link} up`,
      ...has.filter((ip) => !wanted.includes(ip)).map((ip) => `address del ${ip}/32 dev ${link}`),
      ...fresh.map((ip) => `address add ${ip}/32 dev ${link}`),
    ];
    if (has.length === 0) await removeAnnouncements(names, commands); // one that lost its addresses
    await commands.run("ip", ["-batch", "-"], `${lines.join("\n")}\n`);
    await this.#tellNeighbours(fresh);
  }

  /** Those who knew another node by this address would send to it until they forget. */
  async #tellNeighbours(ips: readonly string[]): Promise<void> {
    const { commands, log, node } = this.options;
    const json = await commands.run("ip", ["-json", "address", "show", "to", node.address]);
    const uplink = (JSON.parse(json || "[]") as { ifname?: string }[])
      .find(({ ifname }) => ifname !== undefined)?.ifname;
    for (const [command = "", ...args] of ARP_COMMANDS) {
      if (uplink === undefined || !await commands.has(command)) continue;
      for (const ip of ips) {
        await commands.run(command, [...args, "-q", "-U", "-c", "1", "-I", uplink, ip])
          .catch((error) =>
            log("neighbours were not told of an address", { ip, reason: String(error) })
          );
      }
      return;
    }
    log("arping is not installed: neighbours learn of addresses when they ask again", { ips });
  }
}
