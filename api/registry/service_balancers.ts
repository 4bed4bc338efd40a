import type { Service, ServiceSpec, ServiceStatus } from "../types/core_v1.ts";
import { invalid, invalidStatus } from "../types/field_errors.ts";
import { SERVICES } from "../types/resources.ts";
import type { Write } from "../../store/store.ts";
import { giveBack, isFree, pickFree, type Pool, take } from "./allocations.ts";
import { formatIpv4, parseIpv4, readCidr } from "./ip_addresses.ts";
import type { Circumstances } from "./service_allocation.ts";

const BALANCER_IPS: Pool = { prefix: "wherry.dev/balancerips//", kind: "BalancerIP" };
/** The class of balancers that a service may name to get what it gets without a class. */
const BALANCER_CLASS = "wherry.dev/pool";

/** Ends included. */
interface Range {
  readonly first: number;
  readonly last: number;
}

/** Addresses outside the cluster that LoadBalancer services get; empty: they wait for a balancer of others. */
export type BalancerPool = readonly Range[];

/**
 * @param text such as `192.0.2.10-192.0.2.20,198.51.100.0/28`; "" for none
 * @throws {RangeError} on anything else
 */
export function parseBalancerPool(text: string): BalancerPool {
  return text === "" ? [] : text.split(",").map(parseRange);
}

function parseRange(text: string): Range {
  const cidr = text.includes("/") ? readCidr(text) : undefined;
  if (cidr !== undefined) return { first: cidr.base, last: cidr.base + cidr.size - 1 };
  const [first = -1, last = first, ...more] = text.split("-").map((ip) => parseIpv4(ip) ?? -1);
  if (first >= 0 && last >= first && more.length === 0) return { first, last };
  throw new RangeError(
    `Cannot give ${text} to load balancers: not a range such as 192.0.2.10-192.0.2.20`,
  );
}

/** Whether the pool serves it. Others' classes are others' affair. */
function isBalanced(pool: BalancerPool, { type, loadBalancerClass: of }: ServiceSpec) {
  return pool.length > 0 && type === "LoadBalancer" &&
    (of === undefined || of === BALANCER_CLASS);
}

/** Takes the address that the service asks for, or a free one, and frees what it has no more. */
export function takeBalancerIp(
  pool: BalancerPool,
  service: Service,
  old: Service | undefined,
  circumstances: Circumstances,
): { status: ServiceStatus | undefined; writes: readonly Write[] } {
  const before = old !== undefined && isBalanced(pool, old.spec) ? ipsIn(pool, old) : [];
  if (!isBalanced(pool, service.spec)) {
    if (before.length === 0) return { status: service.status, writes: [] };
    return { status: { ...service.status, loadBalancer: {} }, writes: before.map(free) };
  }
  const { loadBalancerIP: asked } = service.spec;
  const [has] = before;
  if (has !== undefined && (!asked || asked === has)) return { status: service.status, writes: [] };
  const ip = asked ? rejectTaken(pool, service, asked, circumstances) : pick(
    pool,
    service,
    circumstances,
  );
  const loadBalancer = { ingress: [{ ip, ipMode: "VIP" as const }] };
  return {
    status: { ...service.status, loadBalancer },
    writes: [...before.map(free), take(BALANCER_IPS, ip, service)],
  };
}

export function releaseBalancerIps(pool: BalancerPool, service: Service): readonly Write[] {
  return isBalanced(pool, service.spec) ? ipsIn(pool, service).map(free) : [];
}

/** Who reports a status leaves the address that the pool gave. */
export function withPoolsAddress(pool: BalancerPool, service: Service, old: Service): Service {
  const has = old.status?.loadBalancer;
  if (has === undefined || !isBalanced(pool, old.spec)) return service;
  return { ...service, status: { ...service.status, loadBalancer: has } };
}

const free = (ip: string) => giveBack(BALANCER_IPS, ip);

function ipsIn(pool: BalancerPool, { status }: Service): string[] {
  const ips = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  return ips.filter((ip) => isIn(pool, ip));
}

function isIn(pool: BalancerPool, ip: string): boolean {
  const address = parseIpv4(ip) ?? -1;
  return pool.some(({ first, last }) => address >= first && address <= last);
}

function pick(pool: BalancerPool, service: Service, { view, moment }: Circumstances): string {
  const size = pool.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  const isFreeAt = (place: number) => isFree(BALANCER_IPS, ipAt(pool, place), view);
  const place = pickFree(size, isFreeAt, moment.random);
  if (place !== undefined) return ipAt(pool, place);
  throw refused(service, "failed to allocate an address: the load balancer pool is full");
}

function ipAt(pool: BalancerPool, place: number): string {
  let left = place;
  for (const { first, last } of pool) {
    if (left <= last - first) return formatIpv4(first + left);
    left -= last - first + 1;
  }
  return "";
}

function rejectTaken(
  pool: BalancerPool,
  service: Service,
  ip: string,
  { view }: Circumstances,
): string {
  if (!isIn(pool, ip)) throw refused(service, "it is not in the load balancer pool");
  if (!isFree(BALANCER_IPS, ip, view)) throw refused(service, "it is already allocated");
  return ip;
}

function refused(service: Service, why: string) {
  return invalidStatus(SERVICES, service.metadata.name, [
    invalid("spec.loadBalancerIP", service.spec.loadBalancerIP ?? "", why),
  ]);
}
