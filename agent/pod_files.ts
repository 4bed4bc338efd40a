import { Buffer } from "node:buffer";
import type { Pod } from "../api/types/core_v1.ts";

/** Where pods ask for names; what stands in the node's own resolv.conf, and what the cluster adds. */
export interface DnsSettings {
  /** Absent while the cluster has no DNS: pods then ask as the node does. */
  readonly clusterDns: string | undefined;
  readonly clusterDomain: string;
  /** Text of the node's own file. */
  readonly hostResolvConf: string;
}

/** Source: Kubernetes, validation.MaxDNSNameservers, MaxDNSSearchPaths and MaxDNSSearchListChars. */
const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCH_CHARACTERS_MAX = 2048;

export interface ResolverFile {
  readonly text: string;
  /** What had to be left out, in the kubelet's words. */
  readonly complaints: readonly string[];
}

/** The pod's resolv.conf: by `dnsPolicy`, the cluster's server or the node's; then `dnsConfig` on top. */
export function resolvConf(pod: Pod, settings: DnsSettings): ResolverFile {
  const { dnsConfig = {} } = pod.spec;
  const base = resolverOf(pod, settings);
  const options = (dnsConfig.options ?? []).map(({ name = "", value }) =>
    value === undefined ? name : `${name}:${value}`
  );
  const servers = unique([...base.nameservers, ...dnsConfig.nameservers ?? []]);
  const searches = unique([...base.searches, ...dnsConfig.searches ?? []]);
  const nameservers = servers.slice(0, NAMESERVERS_MAX);
  const searched = withinLimits(searches);
  const lines = [
    ...nameservers.map((server) => `nameserver ${server}`),
    ...searched.length === 0 ? [] : [`search ${searched.join(" ")}`],
    ...withoutRepeats([...base.options, ...options]),
  ];
  const complaints = [
    ...nameservers.length === servers.length ? [] : [
      "Nameserver limits were exceeded, some nameservers have been omitted, " +
      `the applied nameserver line is: ${nameservers.join(" ")}`,
    ],
    ...searched.length === searches.length ? [] : [
      "Search Line limits were exceeded, some search paths have been omitted, " +
      `the applied search line is: ${searched.join(" ")}`,
    ],
  ];
  return { text: `${lines.join("\n")}\n`, complaints };
}

function withinLimits(searches: readonly string[]): string[] {
  let length = -1;
  return searches.slice(0, SEARCHES_MAX).filter((search) => {
    length += 1 + search.length;
    return length <= SEARCH_CHARACTERS_MAX;
  });
}

function resolverOf(pod: Pod, settings: DnsSettings): ResolverLines {
  const { dnsPolicy = "ClusterFirst", hostNetwork = false } = pod.spec;
  const { clusterDns, clusterDomain, hostResolvConf } = settings;
  if (dnsPolicy === "None") return { nameservers: [], searches: [], options: [] };
  const host = parsed(hostResolvConf);
  const isOfCluster = dnsPolicy === "ClusterFirstWithHostNet" ||
    (dnsPolicy === "ClusterFirst" && !hostNetwork);
  if (!isOfCluster || clusterDns === undefined) return host;
  const { namespace = "" } = pod.metadata;
  const ofCluster = [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return {
    nameservers: [clusterDns],
    searches: [...ofCluster, ...host.searches],
    options: ["ndots:5"],
  };
}

interface ResolverLines {
  readonly nameservers: string[];
  readonly searches: string[];
  readonly options: string[];
}

function parsed(text: string): ResolverLines {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  const valuesOf = (...keys: string[]) =>
    lines.filter(([key]) => key !== undefined && keys.includes(key)).map(([, ...values]) => values);
  return {
    nameservers: valuesOf("nameserver").flatMap(([server]) => server === undefined ? [] : [server]),
    // the last line of its kind counts
    searches: valuesOf("search", "domain").at(-1) ?? [],
    options: valuesOf("options").flat(),
  };
}

/** The last setting of an option counts. */
function withoutRepeats(options: readonly string[]): string[] {
  const byName = new Map(options.map((option) => [option.split(":")[0], option]));
  return byName.size === 0 ? [] : [`options ${[...byName.values()].join(" ")}`];
}

const unique = (texts: readonly string[]) => [...new Set(texts)];

/** Host names longer than this are cut. Source: Linux, HOST_NAME_MAX, and kubelet, truncatePodHostname. */
const HOSTNAME_MAX = 63;

export function hostnameOf({ metadata, spec }: Pod): string {
  return (spec.hostname ?? metadata.name).slice(0, HOSTNAME_MAX).replace(/[-.]+$/, "");
}

/** The pod's name in the domain of its headless service; undefined where it names none. */
export function fqdnOf(pod: Pod, clusterDomain: string): string | undefined {
  const { subdomain = "" } = pod.spec;
  if (subdomain === "") return undefined;
  return `${hostnameOf(pod)}.${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}`;
}

const HOSTS_HEADER = "# Kubernetes-managed hosts file";
const HOSTS_OF_EVERY_POD = `${HOSTS_HEADER}.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`;

/**
 * The pod's /etc/hosts. With the node's network it is the node's own file with the pod's aliases.
 * Source: kubelet, managedHostsFileContent and nodeHostsFileContent.
 */
export function etcHosts(
  pod: Pod,
  { ip, clusterDomain, hostEtcHosts }: {
    ip: string | undefined;
    clusterDomain: string;
    hostEtcHosts: string;
  },
): string {
  const { hostAliases = [], hostNetwork = false } = pod.spec;
  const names = [fqdnOf(pod, clusterDomain), hostnameOf(pod)].filter((name) => name !== undefined);
  const own = ip === undefined ? "" : `${ip}\t${names.join("\t")}\n`;
  const aliases = hostAliases.map(({ ip = "", hostnames = [] }) =>
    `${ip}\t${hostnames.join("\t")}\n`
  );
  return [
    hostNetwork ? `${HOSTS_HEADER} (host network).\n${hostEtcHosts}` : HOSTS_OF_EVERY_POD + own,
    ...aliases.length === 0 ? [] : ["\n# Entries added by HostAliases.\n"],
    ...aliases,
  ].join("");
}

export const asFile = (text: string) => ({ bytes: Buffer.from(text), mode: 0o644 });
