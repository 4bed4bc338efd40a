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

/** Source: resolv.conf(5), MAXNS. */
const NAMESERVERS_MAX = 3;

/** The pod's resolv.conf: by `dnsPolicy`, the cluster's server before the node's; then `dnsConfig` on top. */
export function resolvConf(pod: Pod, settings: DnsSettings): string {
  const { dnsPolicy = "ClusterFirst", hostNetwork = false, dnsConfig = {} } = pod.spec;
  const { clusterDns, clusterDomain } = settings;
  const host = parsed(dnsPolicy === "None" ? "" : settings.hostResolvConf);
  const isOfCluster = dnsPolicy === "ClusterFirstWithHostNet" ||
    (dnsPolicy === "ClusterFirst" && !hostNetwork);
  const cluster = isOfCluster && clusterDns !== undefined
    ? clusterFirst(pod, clusterDns, clusterDomain)
    : { nameservers: [], searches: [], options: [] };
  const options = (dnsConfig.options ?? []).map(({ name = "", value }) =>
    value === undefined ? name : `${name}:${value}`
  );
  const nameservers = unique([
    ...cluster.nameservers,
    ...dnsConfig.nameservers ?? [],
    ...host.nameservers,
  ]).slice(0, NAMESERVERS_MAX);
  const searches = unique([...cluster.searches, ...dnsConfig.searches ?? [], ...host.searches]);
  return [
    ...nameservers.map((server) => `nameserver ${server}`),
    ...searches.length === 0 ? [] : [`search ${searches.join(" ")}`],
    ...withoutRepeats([...host.options, ...cluster.options, ...options]),
  ].join("\n") + "\n";
}

interface ResolverLines {
  readonly nameservers: string[];
  readonly searches: string[];
  readonly options: string[];
}

function clusterFirst({ metadata }: Pod, server: string, domain: string): ResolverLines {
  const { namespace = "" } = metadata;
  const searches = [`${namespace}.svc.${domain}`, `svc.${domain}`, domain];
  return { nameservers: [server], searches, options: ["ndots:5"] };
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

const HOSTS_OF_EVERY_POD = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`;

/** The pod's /etc/hosts. With the node's network it is the node's own file with the pod's aliases. */
export function etcHosts(
  pod: Pod,
  { ip, clusterDomain, hostEtcHosts }: {
    ip: string | undefined;
    clusterDomain: string;
    hostEtcHosts: string;
  },
): string {
  const { hostAliases = [], hostNetwork = false, subdomain } = pod.spec;
  const name = hostnameOf(pod);
  const names = subdomain === undefined
    ? name
    : `${name}.${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}\t${name}`;
  const own = ip === undefined ? "" : `${ip}\t${names}\n`;
  const aliases = hostAliases.map(({ ip = "", hostnames = [] }) =>
    `${ip}\t${hostnames.join("\t")}\n`
  );
  return (hostNetwork ? hostEtcHosts : HOSTS_OF_EVERY_POD + own) + aliases.join("");
}

export const asFile = (text: string) => ({ bytes: Buffer.from(text), mode: 0o644 });
