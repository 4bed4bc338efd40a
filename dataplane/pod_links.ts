/** What wires a pod, as text for `ip -batch -`. Pure. */
import { parseIpv4 } from "./ipv4.ts";
import { type ClusterNames, linkNameOf } from "./names.ts";

/** The pod's gateway: link-local, the same for every pod, and held by nobody, since its neighbour entry is permanent. */
const GATEWAY = "169.254.1.1";
/** Locally administered. Each link has two ends only, so all host ends may share one. */
const HOST_MAC = "ee:ee:ee:ee:ee:ee";
const POD_INTERFACE = "eth0";
const ALIAS_PREFIX = "pod";

export interface PodRef {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

export interface PodLink {
  readonly uid: string;
  readonly ip: string;
  readonly link: string;
}

export interface WiringPlan {
  /** For the host, in order. */
  readonly host: string;
  /** For the pod's network namespace, afterwards. */
  readonly pod: string;
  readonly link: string;
}

/** Source of the 15-character limit and of names: names.ts. */
export function planWiring(
  names: ClusterNames,
  podUid: string,
  ip: string,
  wire: { sandboxPid: number; mtu: number; nodeIp?: string },
): WiringPlan {
  const { sandboxPid, mtu, nodeIp } = wire;
  const link = linkNameOf(names, podUid);
  const mac = podMacOf(ip);
  const host = [
    `link add name ${link} address ${HOST_MAC} mtu ${mtu} type veth peer name ${POD_INTERFACE} address ${mac} mtu ${mtu} netns ${sandboxPid}`,
    `link set dev ${link} addrgenmode none`,
    `link set dev ${link} alias ${aliasOf(names, podUid, ip)} up`,
    `neigh replace ${ip} lladdr ${mac} dev ${link} nud permanent`,
    routeTo(ip, link, nodeIp),
  ];
  const pod = [
    "link set dev lo up",
    `link set dev ${POD_INTERFACE} addrgenmode none`,
    `link set dev ${POD_INTERFACE} up`,
    `address add ${ip}/32 dev ${POD_INTERFACE}`,
    `neigh replace ${GATEWAY} lladdr ${HOST_MAC} dev ${POD_INTERFACE} nud permanent`,
    `route add ${GATEWAY} dev ${POD_INTERFACE} scope link`,
    `route add default via ${GATEWAY} dev ${POD_INTERFACE}`,
  ];
  return { host: joinLines(host), pod: joinLines(pod), link };
}

/** The host's ways to pods that are wired: those that named an address of the node are gone with that address. */
export function planRoutes(links: readonly PodLink[], nodeIp?: string): string {
  return joinLines(links.map(({ ip, link }) => routeTo(ip, link, nodeIp)));
}

function routeTo(ip: string, link: string, nodeIp: string | undefined): string {
  const source = nodeIp === undefined ? "" : ` src ${nodeIp}`;
  return `route replace ${ip}/32 dev ${link} scope link${source}`;
}

/** The link itself says whose it is, so that nothing else need remember it. */
function aliasOf({ cluster }: ClusterNames, podUid: string, ip: string): string {
  return `${cluster}:${ALIAS_PREFIX}:${podUid}:${ip}`;
}

/** @param json answer of `ip -json link show type veth` */
export function readPodLinks(names: ClusterNames, json: string): PodLink[] {
  const links = JSON.parse(json === "" ? "[]" : json) as { ifname?: string; ifalias?: string }[];
  return links.flatMap(({ ifname = "", ifalias = "" }) => {
    const [cluster, kind, uid = "", ip = ""] = ifalias.split(":");
    if (cluster !== names.cluster || kind !== ALIAS_PREFIX) return [];
    if (ifname !== linkNameOf(names, uid) || parseIpv4(ip) === undefined) return [];
    return [{ uid, ip, link: ifname }];
  });
}

/** The address in the last four bytes: unique on a node, and readable in a trace. */
export function podMacOf(ip: string): string {
  const hex = ip.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
  return `0a:58:${hex.join(":")}`;
}

function joinLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
