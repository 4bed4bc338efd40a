import type { EndpointAddress, Endpoints, Service } from "../api/types/core_v1.ts";
import { addressBytes, dashed } from "./addresses.ts";
import { type DnsRecord, nameData, srvData } from "./records.ts";
import { TYPE } from "./wire.ts";

const TTL_SECONDS = 5;
const WEIGHT_OF_ALL = 100;

export interface Records {
  readonly answers: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/** A service with what stands behind it. */
export interface Backed {
  readonly service: Readonly<Service>;
  readonly endpoints: Readonly<Endpoints> | undefined;
  readonly domain: string;
}

/** A host and a port that an SRV record leads to. */
interface Target {
  readonly host: string;
  readonly port: number;
  readonly ips: readonly string[];
}

/** A or AAAA, by the type that is asked; those of the other kind leave the name without records. */
export function addressRecords(ips: readonly string[], type: number): Records {
  return { answers: addressesAs(ips, type), additionals: [] };
}

function addressesAs(ips: readonly string[], type: number, owner?: string): DnsRecord[] {
  const records: DnsRecord[] = [];
  for (const ip of ips) {
    const data = addressBytes(ip);
    if (data === undefined) continue;
    const own = data.length === 4 ? TYPE.A : TYPE.AAAA;
    if (type !== own && type !== TYPE.ANY) continue;
    const named = owner === undefined ? {} : { owner };
    records.push({ ...named, type: own, ttlSeconds: TTL_SECONDS, data });
  }
  return records;
}

/**
 * Of the service itself, or of one of its endpoints by host name or by address with dashes.
 * @returns undefined where it has no such endpoint
 */
export function endpointRecords(
  backed: Backed,
  host: string | undefined,
  type: number,
): Records | undefined {
  if (host === undefined) {
    if (type === TYPE.SRV) return asSrv(targetsOf(backed, () => true));
    return addressRecords(ipsOf(backed), type);
  }
  const ips = readyAddresses(backed).filter((each) => hostOf(each) === host).map(({ ip }) => ip);
  return ips.length === 0 ? undefined : addressRecords([...new Set(ips)], type);
}

/**
 * `_http._tcp`, and `_tcp` alone, which has no records but stands above others.
 * @returns undefined where the service has no such port
 */
export function srvRecords(
  backed: Backed,
  prefix: readonly string[],
  type: number,
): Records | undefined {
  const [protocol, name] = [prefix.at(-1)?.toUpperCase(), prefix.at(-2)];
  if (prefix.length > 2 || !protocol?.startsWith("_")) return undefined;
  const isAsked = (port: Port) =>
    `_${port.protocol ?? "TCP"}` === protocol && (name === undefined || name === `_${port.name}`);
  if (!(backed.service.spec.ports ?? []).some(isAsked)) return undefined;
  if (name === undefined || (type !== TYPE.SRV && type !== TYPE.ANY)) {
    return { answers: [], additionals: [] };
  }
  return asSrv(targetsOf(backed, isAsked));
}

interface Port {
  readonly name?: string;
  readonly protocol?: string;
  readonly port: number;
}

const isHeadless = ({ spec }: Readonly<Service>) => spec.clusterIP === "None";

function ipsOf(backed: Backed): readonly string[] {
  const { clusterIP = "", clusterIPs = [clusterIP] } = backed.service.spec;
  if (!isHeadless(backed.service)) return clusterIPs;
  return [...new Set(readyAddresses(backed).map(({ ip }) => ip))];
}

function readyAddresses({ endpoints }: Backed): EndpointAddress[] {
  return (endpoints?.subsets ?? []).flatMap(({ addresses }) => addresses ?? []);
}

/** By its own name where the pod has one in this service. */
export function hostOf({ hostname, ip }: EndpointAddress): string {
  return hostname?.toLowerCase() || dashed(ip);
}

function targetsOf(backed: Backed, isAsked: (port: Port) => boolean): Target[] {
  const { service, endpoints, domain } = backed;
  const { name, namespace = "" } = service.metadata;
  const base = `${name}.${namespace}.svc.${domain}`;
  if (!isHeadless(service)) {
    const ports = (service.spec.ports ?? []).filter(isAsked);
    return ports.map(({ port }) => ({ host: base, port, ips: ipsOf(backed) }));
  }
  return (endpoints?.subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports.filter(isAsked).flatMap(({ port }) =>
      addresses.map((each) => ({ host: `${hostOf(each)}.${base}`, port, ips: [each.ip] }))
    )
  );
}

/** With the addresses of the hosts beside it, so that nobody has to ask again. */
function asSrv(targets: readonly Target[]): Records {
  const weight = Math.max(1, Math.floor(WEIGHT_OF_ALL / Math.max(1, targets.length)));
  const answers = targets.map(({ host, port }) => ({
    type: TYPE.SRV,
    ttlSeconds: TTL_SECONDS,
    data: srvData(host, { port, weight }),
  }));
  const hosts = new Map(targets.map(({ host, ips }) => [host, ips]));
  const additionals = [...hosts].flatMap(([host, ips]) =>
    addressesAs(ips, TYPE.ANY, String.fromCharCode(...nameData(host)))
  );
  return { answers, additionals };
}
