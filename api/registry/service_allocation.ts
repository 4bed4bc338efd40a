import type { Service, ServiceSpec } from "../types/core_v1.ts";
import type { View, Write } from "../../store/store.ts";
import type { Cidr } from "./ip_addresses.ts";
import type { Moment } from "./kind.ts";
import { parseServiceCidr, releaseClusterIps, takeClusterIp } from "./service_ips.ts";
import {
  type BalancerPool,
  parseBalancerPool,
  releaseBalancerIps,
  takeBalancerIp,
} from "./service_balancers.ts";
import {
  checkPortRange,
  type PortRange,
  releaseNodePorts,
  takeNodePorts,
} from "./service_ports.ts";

/** Where services get their virtual IPs, their ports on every node and their addresses outside. */
export interface ServiceNetwork {
  readonly serviceCidr: string;
  readonly nodePortRange: PortRange;
  /** Ranges with commas between; absent: LoadBalancer services wait for a balancer of others. */
  readonly loadBalancerPool?: string;
}

/** A network as it is used: read and checked once, at start. */
export interface ServiceAllocator {
  readonly cidr: Cidr;
  readonly nodePortRange: PortRange;
  readonly balancers: BalancerPool;
}

/** What a decision about one service may use. */
export interface Circumstances {
  readonly view: View;
  readonly moment: Moment;
}

/** What a service has got, and the records of what it took and gave back. */
export interface Taken {
  readonly spec: ServiceSpec;
  readonly writes: readonly Write[];
}

/** @throws {RangeError} when a range can't be read or is too small */
export function allocatorOf(
  { serviceCidr, nodePortRange, loadBalancerPool = "" }: ServiceNetwork,
): ServiceAllocator {
  checkPortRange(nodePortRange);
  return {
    cidr: parseServiceCidr(serviceCidr),
    nodePortRange,
    balancers: parseBalancerPool(loadBalancerPool),
  };
}

/** Gives the service the addresses and ports that its type needs, and frees those it has no more. */
export function admitService(
  { cidr, nodePortRange, balancers }: ServiceAllocator,
  service: Service,
  old: Service | undefined,
  circumstances: Circumstances,
): { object: Service; also: readonly Write[] } {
  const addressed = takeClusterIp(cidr, service, old, circumstances);
  const next = { ...service, spec: addressed.spec };
  const { spec, writes } = takeNodePorts(nodePortRange, next, old, circumstances);
  const { status, writes: outside } = takeBalancerIp(balancers, service, old, circumstances);
  const isSame = spec === service.spec && status === service.status;
  const given = status === undefined ? { ...service, spec } : { ...service, spec, status };
  return {
    object: isSame ? service : given,
    also: [...addressed.writes, ...writes, ...outside],
  };
}

export function releaseService(
  { balancers }: ServiceAllocator,
  service: Service,
): readonly Write[] {
  const { spec } = service;
  return [
    ...releaseClusterIps(spec),
    ...releaseNodePorts(spec),
    ...releaseBalancerIps(balancers, service),
  ];
}
