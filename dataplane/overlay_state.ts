/** What the kernel has of the overlay, as `ip -json` and `bridge -json` tell. */
import { CommandError, type Commands } from "./host_commands.ts";
import type { ClusterNames } from "./names.ts";
import {
  isOfCluster,
  type OverlayLink,
  type OverlayRoute,
  type OverlayState,
  ROUTE_PROTOCOL,
} from "./overlay_plan.ts";

interface LinkJson {
  readonly ifname?: string;
  readonly address?: string;
  readonly mtu?: number;
  readonly flags?: readonly string[];
  readonly linkinfo?: { info_data?: { id?: number; local?: string; port?: number } };
}

interface RouteJson {
  readonly dst?: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly prefsrc?: string;
}

interface AddressJson {
  readonly mtu?: number;
  readonly addr_info?: readonly { local?: string }[];
}

/** @param clusterCidr routes beyond it are another cluster's */
export async function readOverlay(
  names: ClusterNames,
  commands: Commands,
  clusterCidr: string,
): Promise<OverlayState> {
  const { overlayLink: link, overlayTable: table } = names;
  const found = await readLink(link, commands);
  const [podRoutes, nodeRoutes, rules, neighbours, forwarding] = await Promise.all([
    readRoutes(commands, ["proto", String(ROUTE_PROTOCOL)]),
    readRoutes(commands, ["table", String(table)]),
    readRules(commands, table),
    found === undefined ? new Map() : readNeighbours(link, commands),
    found === undefined ? new Map() : readForwarding(link, commands),
  ]);
  return {
    ...{ link: found, neighbours, forwarding, nodeRoutes, rules },
    podRoutes: podRoutes.filter(({ to }) => isOfCluster(clusterCidr, to)),
  };
}

/** Of the link that has this address; undefined where none has. */
export async function mtuOfAddress(
  commands: Commands,
  address: string,
): Promise<number | undefined> {
  const links = await readJson<AddressJson>(commands, "ip", ["-json", "-4", "address", "show"]);
  return links.find(({ addr_info = [] }) => addr_info.some(({ local }) => local === address))?.mtu;
}

async function readLink(link: string, commands: Commands): Promise<OverlayLink | undefined> {
  const args = ["-json", "-details", "link", "show", "type", "vxlan"];
  const links = await readJson<LinkJson>(commands, "ip", args);
  const found = links.find(({ ifname }) => ifname === link);
  if (found === undefined) return undefined;
  const { id = 0, local = "", port = 0 } = found.linkinfo?.info_data ?? {};
  const isUp = found.flags?.includes("UP") ?? false;
  return { mac: found.address ?? "", mtu: found.mtu ?? 0, id, local, port, isUp };
}

async function readRoutes(commands: Commands, which: readonly string[]): Promise<OverlayRoute[]> {
  const args = ["-json", "-4", "route", "show", ...which];
  const routes = await readJson<RouteJson>(commands, "ip", args).catch((error) => {
    const isEmpty = error instanceof CommandError && error.stderr.includes("FIB table");
    if (isEmpty) return [];
    throw error;
  });
  return routes.map(({ dst = "", gateway = "", dev = "", prefsrc = "" }) => {
    return { to: dst, via: gateway, dev, src: prefsrc };
  });
}

async function readRules(commands: Commands, table: number): Promise<string[]> {
  interface RuleJson {
    readonly src?: string;
    readonly srclen?: number;
    readonly table?: string;
  }
  const rules = await readJson<RuleJson>(commands, "ip", ["-json", "-4", "rule", "show"]);
  return rules.filter((rule) => rule.table === String(table))
    .map(({ src = "", srclen = 32 }) => `${src}/${srclen}`);
}

async function readNeighbours(link: string, commands: Commands): Promise<Map<string, string>> {
  const args = ["-json", "-4", "neigh", "show", "dev", link, "nud", "permanent"];
  const found = await readJson<{ dst?: string; lladdr?: string }>(commands, "ip", args);
  return new Map(found.map(({ dst = "", lladdr = "" }) => [dst, lladdr]));
}

async function readForwarding(link: string, commands: Commands): Promise<Map<string, string>> {
  const args = ["-json", "fdb", "show", "dev", link];
  const found = await readJson<{ mac?: string; dst?: string }>(commands, "bridge", args);
  return new Map(found.flatMap(({ mac = "", dst }) => dst === undefined ? [] : [[mac, dst]]));
}

/** Of an empty list, `ip` prints nothing, or a list of one thing that says nothing. */
async function readJson<T>(
  commands: Commands,
  program: string,
  args: readonly string[],
): Promise<T[]> {
  const text = await commands.run(program, args);
  return text.trim() === "" ? [] : JSON.parse(text) as T[];
}
