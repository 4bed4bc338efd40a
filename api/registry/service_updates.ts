import type { Service, ServicePort, ServiceSpec } from "../types/core_v1.ts";
import {
  isReachedFromOutside,
  mayHaveNodePorts,
  needsClusterIp,
  needsHealthPort,
  needsNodePorts,
} from "./service_defaults.ts";

/**
 * What a replacement of a service leaves out stays as it was allocated, and what another type has no use
 * for goes, unless the client changes it in the same write. Source: Kubernetes, patchAllocatedValues and
 * dropTypeDependentFields.
 */
export function keepAllocated(service: Service, old: Service): Service {
  const kept = withOldPorts(withOldIps(service.spec, old.spec), old.spec);
  return { ...service, spec: withoutForeign(withHealthPort(kept, old.spec), old.spec) };
}

function withHealthPort(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  const { healthCheckNodePort: port, ...rest } = spec;
  const before = old.healthCheckNodePort;
  if (needsHealthPort(spec)) {
    return port || !before ? spec : { ...spec, healthCheckNodePort: before };
  }
  return port !== undefined && port === before ? rest : spec;
}

function withOldIps(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  const synced = withOneStory(spec, old);
  if (!needsClusterIp(old) || !needsClusterIp(synced)) return synced;
  if (synced.clusterIP || synced.clusterIPs?.length || !old.clusterIP) return synced;
  return { ...synced, clusterIP: old.clusterIP, clusterIPs: old.clusterIPs ?? [old.clusterIP] };
}

/** A change of `clusterIP` alone is a change of the list as well. */
function withOneStory(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  const isListAsBefore = spec.clusterIPs?.join() === old.clusterIPs?.join();
  if (spec.clusterIP === old.clusterIP || !isListAsBefore) return spec;
  const { clusterIPs: _, ...rest } = spec;
  return spec.clusterIP ? { ...rest, clusterIPs: [spec.clusterIP] } : rest;
}

function withOldPorts(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  if (!needsNodePorts(spec) || !needsNodePorts(old) || spec.ports === undefined) return spec;
  const before = new Map((old.ports ?? []).map((port) => [portKey(port), port.nodePort]));
  const asked = new Set(spec.ports.flatMap(({ nodePort }) => nodePort || []));
  const ports = spec.ports.map((port) => {
    const nodePort = before.get(portKey(port));
    return port.nodePort || !nodePort || asked.has(nodePort) ? port : { ...port, nodePort };
  });
  return { ...spec, ports };
}

const portKey = ({ port, protocol = "TCP" }: ServicePort) => `${protocol}/${port}`;

function withoutForeign(spec: ServiceSpec, old: ServiceSpec): ServiceSpec {
  if (spec.type === old.type) return spec;
  const kept: ServiceSpec = { ...spec };
  if (spec.type === "ExternalName") dropIps(kept, old);
  else if (spec.externalName === old.externalName) delete kept.externalName;
  if (!mayHaveNodePorts(spec) && hasSamePorts(spec, old)) dropNodePorts(kept);
  if (!isReachedFromOutside(spec) && spec.externalTrafficPolicy === old.externalTrafficPolicy) {
    delete kept.externalTrafficPolicy;
  }
  if (spec.type !== "LoadBalancer") dropBalancer(kept, old);
  return kept;
}

function dropIps(kept: ServiceSpec, old: ServiceSpec): void {
  if (kept.clusterIP === old.clusterIP) {
    delete kept.clusterIP;
    delete kept.clusterIPs;
  }
  delete kept.ipFamilies;
  delete kept.ipFamilyPolicy;
}

function hasSamePorts({ ports = [] }: ServiceSpec, { ports: old = [] }: ServiceSpec): boolean {
  const before = new Set(old.map(({ nodePort }) => nodePort));
  return ports.every(({ nodePort }) => !nodePort || before.has(nodePort));
}

function dropNodePorts(kept: ServiceSpec): void {
  if (kept.ports === undefined) return;
  kept.ports = kept.ports.map(({ nodePort: _, ...port }) => port);
}

function dropBalancer(kept: ServiceSpec, old: ServiceSpec): void {
  if (kept.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts) {
    delete kept.allocateLoadBalancerNodePorts;
  }
  if (kept.loadBalancerClass === old.loadBalancerClass) delete kept.loadBalancerClass;
  if (kept.healthCheckNodePort === old.healthCheckNodePort) delete kept.healthCheckNodePort;
}
