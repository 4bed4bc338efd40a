import type { Endpoints, Service, ServicePort } from "../api/types/core_v1.ts";
import { maySleep } from "../api/types/sleeping_services.ts";
import { parseIpv4 } from "./ipv4.ts";
import { backendsOf, type Backing, isPort, protocolOf } from "./plan_backends.ts";
import type { Frontend, Rules, ServiceRule } from "./rules.ts";
import { disjointRanges } from "./source_ranges.ts";

/** Source: Kubernetes, DefaultClientIPServiceAffinitySeconds (three hours). */
const AFFINITY_SECONDS_DEFAULT = 10_800;
/** Source: Kubernetes, values of trafficDistribution. */
const NEAR_ZONE: ReadonlySet<string> = new Set(["PreferClose", "PreferSameZone"]);

/** The node that the rules are for. */
export interface NodeView {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Of every node that says its zone, this one included; absent: no zone is known. */
  readonly zones?: ReadonlyMap<string, string>;
}

/** The whole desired state of one node. Pure. */
export function planRules(
  services: readonly Readonly<Service>[],
  endpoints: readonly Readonly<Endpoints>[],
  node: NodeView,
): Rules {
  const byKey = new Map(endpoints.map((each) => [keyOf(each), each]));
  const planned = services.map((each) =>
    planService(each, { endpoints: byKey.get(keyOf(each)) }, node)
  );
  return joinRules(planned, node);
}

/** `namespace/name`, under which a service and its endpoints are the same thing. */
export function keyOf({ metadata }: Readonly<Service> | Readonly<Endpoints>): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

/** Says that somebody else than the data path answers for the service. Source: kube-proxy. */
const PROXY_NAME_LABEL = "service.kubernetes.io/service-proxy-name";

/**
 * @returns [] for a headless or external service, for one that is answered by others, and for ports of protocols
 * other than TCP and UDP
 */
export function planService(
  service: Readonly<Service>,
  backing: Backing,
  node: NodeView,
): ServiceRule[] {
  const { spec, metadata: { labels } } = service;
  if (labels?.[PROXY_NAME_LABEL] !== undefined) return [];
  if (spec.type === "ExternalName" || parseIpv4(spec.clusterIP ?? "") === undefined) return [];
  return (spec.ports ?? []).flatMap((port) => planPort(service, port, backing, node));
}

function planPort(
  service: Readonly<Service>,
  port: ServicePort,
  backing: Backing,
  node: NodeView,
): ServiceRule[] {
  const { spec } = service;
  const protocol = protocolOf(port.protocol);
  if (protocol === undefined || !isPort(port.port)) return [];
  const { name, zones } = node;
  const zone = NEAR_ZONE.has(spec.trafficDistribution ?? "") ? zones?.get(name) : undefined;
  const backendsFor = (policy: string | undefined) =>
    backendsOf(backing, port, {
      onNode: policy === "Local" ? name : undefined,
      ...(zone === undefined || zones === undefined ? {} : { zone, zones }),
    });
  const rule = {
    name: `${keyOf(service)}:${port.name ?? ""}`,
    protocol,
    affinitySeconds: affinitySecondsOf(service),
    ...(maySleep(service) && spec.internalTrafficPolicy !== "Local"
      ? { wakes: true as const }
      : {}),
  };
  const inside = [{ address: spec.clusterIP ?? "", port: port.port, isExternal: false }];
  const outside = externalFrontends(service, port);
  if (outside.length === 0 || hasOnePolicy(service)) {
    const backends = backendsFor(spec.internalTrafficPolicy);
    return [{ ...rule, frontends: [...inside, ...outside], backends }];
  }
  return [
    { ...rule, frontends: inside, backends: backendsFor(spec.internalTrafficPolicy) },
    {
      ...rule,
      name: `${rule.name}/external`,
      frontends: outside,
      backends: backendsFor(spec.externalTrafficPolicy),
    },
  ];
}

function hasOnePolicy({ spec }: Readonly<Service>): boolean {
  return (spec.internalTrafficPolicy ?? "Cluster") === (spec.externalTrafficPolicy ?? "Cluster");
}

function externalFrontends(service: Readonly<Service>, port: ServicePort): Frontend[] {
  const { spec } = service;
  const sources = spec.loadBalancerSourceRanges ?? [];
  const guard = sources.length === 0 ? {} : { sources: disjointRanges(sources) };
  const balanced = balancedAddresses(service);
  const addresses = [...new Set([...(spec.externalIPs ?? []), ...balanced])]
    .filter((address) => parseIpv4(address) !== undefined && address !== spec.clusterIP);
  const frontends: Frontend[] = addresses.map((address) => ({
    address,
    port: port.port,
    isExternal: true,
    ...(balanced.includes(address) ? guard : {}),
  }));
  const hasNodePort = spec.type === "NodePort" || spec.type === "LoadBalancer";
  if (hasNodePort && isPort(port.nodePort)) {
    frontends.push({ port: port.nodePort, isExternal: true });
  }
  return frontends;
}

/** A balancer that is a proxy of its own must not be passed by. Source: Kubernetes, ipMode. */
export function balancedAddresses({ spec, status }: Readonly<Service>): string[] {
  if (spec.type !== "LoadBalancer") return [];
  return (status?.loadBalancer?.ingress ?? [])
    .flatMap(({ ip, ipMode }) => ip === undefined || ipMode === "Proxy" ? [] : [ip]);
}

function affinitySecondsOf({ spec }: Readonly<Service>): number {
  if (spec.sessionAffinity !== "ClientIP") return 0;
  return spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS_DEFAULT;
}

/**
 * One list of rules from those of every service. A frontend that two services ask for goes to the one that owns
 * it as its cluster IP, else to the first; so nobody takes another's address by naming it as an external IP.
 */
export function joinRules(planned: Iterable<readonly ServiceRule[]>, node: NodeView): Rules {
  const services: ServiceRule[] = [];
  const external: Frontend[] = [];
  for (const rules of planned) { // loops alone: it happens at every change, for every service
    for (const rule of rules) {
      services.push(rule);
      for (const each of rule.frontends) if (each.isExternal) external.push(each);
    }
  }
  if (external.length === 0) return { nodeAddresses: node.addresses, services };
  const hasAddresses = external.some(({ address }) => address !== undefined);
  const claimed = hasAddresses ? clusterClaims(services) : new Set<string>();
  const settled: ServiceRule[] = [];
  for (const rule of services) {
    const left = settleClaims(rule, claimed);
    if (left !== undefined) settled.push(left);
  }
  return { nodeAddresses: node.addresses, services: settled };
}

function clusterClaims(services: readonly ServiceRule[]): Set<string> {
  return new Set(
    services.flatMap((rule) =>
      rule.frontends.filter((each) => !each.isExternal).map((each) => claimOf(rule, each))
    ),
  );
}

/** @param claimed grows by the external frontends of the rule */
function settleClaims(rule: ServiceRule, claimed: Set<string>): ServiceRule | undefined {
  if (!rule.frontends.some(({ isExternal }) => isExternal)) return rule;
  const frontends = rule.frontends.filter((frontend) => {
    if (!frontend.isExternal) return true;
    const claim = claimOf(rule, frontend);
    return !claimed.has(claim) && claimed.add(claim);
  });
  if (frontends.length === rule.frontends.length) return rule;
  return frontends.length === 0 ? undefined : { ...rule, frontends };
}

function claimOf({ protocol }: ServiceRule, { address, port }: Frontend): string {
  return `${address ?? ""} ${protocol} ${port}`;
}
