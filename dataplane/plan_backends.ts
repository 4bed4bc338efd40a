/** Which pods a service port leads to from one node. Pure. */
import type { Endpoints, EndpointSubset, ServicePort } from "../api/types/core_v1.ts";
import type { EndpointSlice } from "../api/types/discovery_v1.ts";
import { parseIpv4 } from "./ipv4.ts";
import type { PodAddress, Protocol } from "./rules.ts";

const PORT_MAX = 65_535;

/** What the API says of a service's pods. */
export interface Backing {
  readonly endpoints: Readonly<Endpoints> | undefined;
  /** Slices that somebody wrote by hand; those of the controllers say what `endpoints` says. */
  readonly slices?: readonly Readonly<EndpointSlice>[];
}

/** How a node chooses among them. */
export interface Preference {
  /** Only pods of this node, when given. */
  readonly onNode?: string | undefined;
  /** Pods of this zone, when given and there are some; pods of unknown zones mean that none is preferred. */
  readonly zone?: string | undefined;
  readonly zones?: ReadonlyMap<string, string>;
}

interface Candidate extends PodAddress {
  readonly order: number;
  readonly zone: string | undefined;
}

/** Ready ones, each once, in order of address and port. */
export function backendsOf(
  backing: Backing,
  port: ServicePort,
  preference: Preference,
): PodAddress[] {
  const found = new Map<string, Candidate>();
  for (const { addresses = [], ports } of subsetsOf(backing)) {
    for (const target of portsNamed(ports ?? [], port)) {
      for (const { ip, nodeName } of addresses) {
        const address = parseIpv4(ip);
        if (address === undefined) continue;
        if (preference.onNode !== undefined && nodeName !== preference.onNode) continue;
        const zone = preference.zones?.get(nodeName ?? "");
        const order = address * 65_536 + target;
        found.set(`${ip}:${target}`, { ip, port: target, order, zone });
      }
    }
  }
  const sorted = [...found.values()].sort((a, b) => a.order - b.order);
  return nearest(sorted, preference.zone).map(({ ip, port }) => ({ ip, port }));
}

/** Source: kube-proxy, which keeps to a zone only where every endpoint has one and one is near. */
function nearest(pods: readonly Candidate[], zone: string | undefined): readonly Candidate[] {
  if (zone === undefined || pods.some((pod) => pod.zone === undefined)) return pods;
  const near = pods.filter((pod) => pod.zone === zone);
  return near.length === 0 ? pods : near;
}

function subsetsOf({ endpoints, slices = [] }: Backing): readonly EndpointSubset[] {
  const subsets = endpoints?.subsets ?? [];
  return slices.length === 0 ? subsets : [...subsets, ...slices.map(subsetOf)];
}

/** Absent conditions count as true. Source: EndpointConditions. */
function subsetOf({ endpoints = [], ports = [] }: Readonly<EndpointSlice>): EndpointSubset {
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
  return {
    addresses: ready.flatMap(({ addresses, nodeName }) =>
      addresses.map((ip) => ({ ip, ...(nodeName === undefined ? {} : { nodeName }) }))
    ),
    ports: ports.flatMap(({ name, port, protocol }) =>
      port === undefined
        ? []
        : [{ ...(name ? { name } : {}), port, ...(protocol === undefined ? {} : { protocol }) }]
    ),
  };
}

function portsNamed(
  ports: NonNullable<EndpointSubset["ports"]>,
  wanted: ServicePort,
): number[] {
  return ports
    .filter(({ name, protocol }) =>
      (name ?? "") === (wanted.name ?? "") && protocolOf(protocol) === protocolOf(wanted.protocol)
    )
    .map(({ port }) => port)
    .filter(isPort);
}

export function protocolOf(protocol: string | undefined): Protocol | undefined {
  if (protocol === undefined) return "TCP";
  return protocol === "TCP" || protocol === "UDP" ? protocol : undefined;
}

export function isPort(port: number | undefined): port is number {
  return port !== undefined && Number.isInteger(port) && port > 0 && port <= PORT_MAX;
}
