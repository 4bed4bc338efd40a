import type { Service, ServiceSpec } from "../types/core_v1.ts";
import type { View, Write } from "../../store/store.ts";
import type { Cidr } from "./ip_addresses.ts";
import type { Moment } from "./kind.ts";
import { parseServiceCidr, releaseClusterIps, takeClusterIp } from "./service_ips.ts";
import {
  checkPortRange,
  type PortRange,
  releaseNodePorts,
  takeNodePorts,
} from "./service_ports.ts";

/** Where services get their virtual IPs and their ports on every node. */
export interface ServiceNetwork {
  readonly serviceCidr: string;
  readonly nodePortRange: PortRange;
}

/** A network as it is used: read and checked once, at start. */
export interface ServiceAllocator {
  readonly cidr: Cidr;
  readonly nodePortRange: PortRange;
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
export function allocatorOf({ serviceCidr, nodePortRange }: ServiceNetwork): ServiceAllocator {
  checkPortRange(nodePortRange);
  return { cidr: parseServiceCidr(serviceCidr), nodePortRange };
}

/** Gives the service the addresses and ports that its type needs, and frees those it has no more. */
export function admitService(
  { cidr, nodePortRange }: ServiceAllocator,
  service: Service,
  old: Service | undefined,
  circumstances: Circumstances,
): { object: Service; also: readonly Write[] } {
  const addressed = takeClusterIp(cidr, service, old, circumstances);
  const next = { ...service, spec: addressed.spec };
  const { spec, writes } = takeNodePorts(nodePortRange, next, old, circumstances);
  const object = spec === service.spec ? service : { ...service, spec };
  return { object, also: [...addressed.writes, ...writes] };
}

export function releaseService({ spec }: Service): readonly Write[] {
  return [...releaseClusterIps(spec), ...releaseNodePorts(spec)];
}
