/** Which node answers for the address of a LoadBalancer service. Pure. */
import { createHash } from "node:crypto";
import type { Endpoints, Node, Service } from "../api/types/core_v1.ts";
import { balancedAddresses, keyOf } from "./plan.ts";

/** Source: Kubernetes, nodes that no balancer should lead to. */
const EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers";

export interface AnnouncementFacts {
  readonly services: readonly Readonly<Service>[];
  readonly nodes: readonly Readonly<Node>[];
  endpointsOf(service: Readonly<Service>): Readonly<Endpoints> | undefined;
}

/** A health check of one service on this node. */
export interface HealthCheck {
  readonly port: number;
  readonly namespace: string;
  readonly name: string;
  readonly localEndpoints: number;
}

/**
 * Addresses that the node announces, in order. Every node comes to the same answer by itself: each address goes to
 * the ready node that stands highest in a ranking of its own, so that a node that goes moves its addresses only.
 */
export function planAnnouncements(facts: AnnouncementFacts, nodeName: string): string[] {
  const ready = facts.nodes.filter(mayAnnounce).map(({ metadata }) => metadata.name);
  return facts.services.flatMap((service) => {
    const candidates = candidatesFor(service, facts, ready);
    return balancedAddresses(service).filter((ip) => ownerOf(ip, candidates) === nodeName);
  }).sort();
}

/** @returns undefined when there is no candidate */
export function ownerOf(ip: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates.map((name) => [rankOf(ip, name), name] as const).sort();
  return ranked.at(-1)?.[1];
}

function rankOf(ip: string, nodeName: string): string {
  return createHash("sha256").update(`${ip} ${nodeName}`).digest("hex");
}

/** Where outside clients get local pods only, a node without any would refuse them. */
function candidatesFor(
  service: Readonly<Service>,
  facts: AnnouncementFacts,
  ready: readonly string[],
): readonly string[] {
  if (service.spec.externalTrafficPolicy !== "Local") return ready;
  const withPods = new Set(
    (facts.endpointsOf(service)?.subsets ?? []).flatMap(({ addresses = [] }) =>
      addresses.map(({ nodeName }) => nodeName)
    ),
  );
  return ready.filter((name) => withPods.has(name));
}

function mayAnnounce({ metadata, status }: Readonly<Node>): boolean {
  if (metadata.labels?.[EXCLUDED] !== undefined) return false;
  if (metadata.deletionTimestamp !== undefined) return false;
  return status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
}

/** What balancers of others may ask this node. */
export function planHealthChecks(facts: AnnouncementFacts, nodeName: string): HealthCheck[] {
  return facts.services.flatMap((service) => {
    const { type, externalTrafficPolicy, healthCheckNodePort: port } = service.spec;
    if (type !== "LoadBalancer" || externalTrafficPolicy !== "Local" || !port) return [];
    const [namespace = "", name = ""] = keyOf(service).split("/");
    const subsets = facts.endpointsOf(service)?.subsets ?? [];
    const pods = subsets.flatMap(({ addresses = [] }) =>
      addresses.filter((address) => address.nodeName === nodeName).map(({ ip }) => ip)
    );
    return [{ port, namespace, name, localEndpoints: new Set(pods).size }];
  });
}
