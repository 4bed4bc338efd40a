import type { Service, ServicePort, ServiceSpec } from "../types/core_v1.ts";

/** How long a client stays with its backend. Source: Kubernetes, DefaultClientIPServiceAffinitySeconds. */
const AFFINITY_SECONDS = 3 * 60 * 60;

export const HEADLESS = "None";

/** Whether the type has a virtual IP; a headless service says that it wants none. */
export function needsClusterIp({ type, clusterIP, clusterIPs }: ServiceSpec): boolean {
  return type !== "ExternalName" && clusterIP !== HEADLESS && clusterIPs?.[0] !== HEADLESS;
}

export function needsNodePorts({ type, allocateLoadBalancerNodePorts: allocate }: ServiceSpec) {
  return type === "NodePort" || (type === "LoadBalancer" && allocate !== false);
}

/** Whether balancers ask each node for pods of its own, at a port for that alone. */
export function needsHealthPort({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === "LoadBalancer" && externalTrafficPolicy === "Local";
}

/** Whether the type may have node ports, asked for or not. */
export function mayHaveNodePorts({ type }: ServiceSpec): boolean {
  return type === "NodePort" || type === "LoadBalancer";
}

export function isReachedFromOutside({ type, externalIPs }: ServiceSpec): boolean {
  return type === "NodePort" || type === "LoadBalancer" || (externalIPs ?? []).length > 0;
}

export function defaultService(service: Service): Service {
  const { spec } = service;
  const reached = spec.type === "ExternalName"
    ? withoutTraffic(spec)
    : withTraffic(withFamily(withIps(spec)));
  return { ...service, spec: withAffinity(withTargets(reached)) };
}

/** The schema fills this in for every service, and it says nothing of a name elsewhere. */
function withoutTraffic({ internalTrafficPolicy: _, ...spec }: ServiceSpec): ServiceSpec {
  return spec;
}

function withIps(spec: ServiceSpec): ServiceSpec {
  return spec.clusterIP && !spec.clusterIPs?.length
    ? { ...spec, clusterIPs: [spec.clusterIP] }
    : spec;
}

function withFamily(spec: ServiceSpec): ServiceSpec {
  return {
    ...spec,
    ipFamilies: spec.ipFamilies?.length ? spec.ipFamilies : ["IPv4"],
    ipFamilyPolicy: spec.ipFamilyPolicy || "SingleStack",
  };
}

function withTraffic(spec: ServiceSpec): ServiceSpec {
  const { externalTrafficPolicy: policy, allocateLoadBalancerNodePorts: allocate } = spec;
  return {
    ...spec,
    ...(isReachedFromOutside(spec) && !policy && { externalTrafficPolicy: "Cluster" }),
    ...(spec.type === "LoadBalancer" && { allocateLoadBalancerNodePorts: allocate ?? true }),
  };
}

function withTargets(spec: ServiceSpec): ServiceSpec {
  return spec.ports === undefined ? spec : { ...spec, ports: spec.ports.map(withTarget) };
}

function withTarget(port: ServicePort): ServicePort {
  return port.targetPort ? port : { ...port, targetPort: port.port };
}

function withAffinity(spec: ServiceSpec): ServiceSpec {
  const { sessionAffinityConfig: config, ...rest } = spec;
  if (spec.sessionAffinity === "None") return config === undefined ? spec : rest;
  if (spec.sessionAffinity !== "ClientIP") return spec;
  const timeoutSeconds = config?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS;
  return { ...spec, sessionAffinityConfig: { clientIP: { timeoutSeconds } } };
}
