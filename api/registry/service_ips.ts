import type { Service, ServiceSpec } from "../types/core_v1.ts";
import { invalid, invalidStatus } from "../types/field_errors.ts";
import { SERVICES } from "../types/resources.ts";
import type { View, Write } from "../../store/store.ts";
import { giveBack, isFree, isFreeFor, pickFree, type Pool, take } from "./allocations.ts";
import {
  type Cidr,
  contains,
  formatCidr,
  formatIpv4,
  parseCidr,
  parseIpv4,
} from "./ip_addresses.ts";
import { HEADLESS, needsClusterIp } from "./service_defaults.ts";
import type { Circumstances, Taken } from "./service_allocation.ts";

const CLUSTER_IPS: Pool = { prefix: "wherry.dev/serviceips//", kind: "ServiceIP" };

/** The smallest range with room for more than what is never given out. Source: Kubernetes. */
const CIDR_SIZE_MIN = 8;
/** The network's own address and the one of the service `kubernetes`. */
const RESERVED_AT_START = 2;
/** The broadcast address. */
const RESERVED_AT_END = 1;

/** @throws {RangeError} when the range can't be read or is too small */
export function parseServiceCidr(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr.size >= CIDR_SIZE_MIN) return cidr;
  throw new RangeError(
    `Cannot use ${text} for services: it has fewer than ${CIDR_SIZE_MIN} addresses`,
  );
}

/** The address that is kept for the service `kubernetes`: the API server itself. */
export function firstServiceIp(serviceCidr: string): string {
  return formatIpv4(parseServiceCidr(serviceCidr).base + 1);
}

/** Takes the address that the service names, or a free one, and frees the one that it had. */
export function takeClusterIp(
  cidr: Cidr,
  service: Service,
  old: Service | undefined,
  circumstances: Circumstances,
): Taken {
  const { spec } = service;
  const before = old === undefined ? [] : ipsOf(old.spec);
  const freed = old === undefined ? [] : releaseClusterIps(old.spec);
  if (!needsClusterIp(spec)) return { spec, writes: freed };
  if (spec.clusterIP !== undefined && before.includes(spec.clusterIP)) return { spec, writes: [] };
  const ip = spec.clusterIP || pickIp(cidr, service, circumstances);
  rejectTakenIp(cidr, service, ip, circumstances.view);
  return {
    spec: { ...spec, clusterIP: ip, clusterIPs: [ip] },
    writes: [...freed, take(CLUSTER_IPS, ip, service)],
  };
}

function pickIp(cidr: Cidr, service: Service, at: Circumstances): string {
  const size = cidr.size - RESERVED_AT_START - RESERVED_AT_END;
  const ipAt = (place: number) => formatIpv4(cidr.base + RESERVED_AT_START + place);
  const place = pickFree(size, (i) => isFree(CLUSTER_IPS, ipAt(i), at.view), at.moment.random);
  if (place !== undefined) return ipAt(place);
  const why = "failed to allocate a serviceIP: range is full";
  throw invalidStatus(SERVICES, service.metadata.name, [invalid("spec.clusterIPs", [], why)]);
}

function rejectTakenIp(
  cidr: Cidr,
  service: Service,
  ip: string,
  view: View,
): void {
  const why = whyNotIp(cidr, service, ip, view);
  if (why === undefined) return;
  const detail = `failed to allocate IP ${ip}: ${why}`;
  throw invalidStatus(SERVICES, service.metadata.name, [
    invalid("spec.clusterIPs", [ip], detail),
  ]);
}

function whyNotIp(
  cidr: Cidr,
  service: Service,
  ip: string,
  view: View,
): string | undefined {
  const address = parseIpv4(ip) ?? -1;
  const isHost = address > cidr.base && address < cidr.base + cidr.size - RESERVED_AT_END;
  if (!contains(cidr, address) || !isHost) {
    return `the provided IP (${ip}) is not in the valid range. ` +
      `The range of valid IPs is ${formatCidr(cidr)}`;
  }
  const isReserved = address === cidr.base + 1 && !isApiService(service);
  const isTaken = isReserved || !isFreeFor(service, CLUSTER_IPS, ip, view);
  return isTaken ? "provided IP is already allocated" : undefined;
}

function isApiService({ metadata }: Service): boolean {
  return metadata.namespace === "default" && metadata.name === "kubernetes";
}

export function releaseClusterIps(spec: ServiceSpec): readonly Write[] {
  return ipsOf(spec).map((ip) => giveBack(CLUSTER_IPS, ip));
}

function ipsOf({ clusterIP, clusterIPs }: ServiceSpec): readonly string[] {
  const ips = clusterIPs?.length ? clusterIPs : clusterIP ? [clusterIP] : [];
  return ips.filter((ip) => ip !== HEADLESS);
}
