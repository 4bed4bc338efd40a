/** What the nodes have told, by their leases, of the endpoints in their kernels. Pure. */
import { type Lease, LEASES } from "../../api/types/coordination_v1.ts";
import type { Node } from "../../api/types/core_v1.ts";
import { NODE_LEASE_NAMESPACE, PROGRAMMED_ANNOTATION } from "../../api/types/drain_barrier.ts";
import { NODES } from "../../api/types/resources.ts";
import type { Cache } from "../../client/cache.ts";

/**
 * The revision of endpoints that a node's kernel has. A node whose lease does not speak of it has a data path of
 * others and holds nothing up; one without a lease has yet to be heard of.
 */
export function acknowledgedBy(lease: Readonly<Lease> | undefined): number {
  if (lease === undefined) return 0;
  const text = lease.metadata.annotations?.[PROGRAMMED_ANNOTATION];
  if (text === undefined) return Infinity;
  const revision = Number(text);
  return Number.isSafeInteger(revision) && revision >= 0 ? revision : 0;
}

/** Names of the ready nodes whose kernel does not have this revision yet. */
export function nodesBehind(revision: number, cache: Cache): string[] {
  return readyNodes(cache).filter((name) => acknowledgedBy(leaseOf(name, cache)) < revision);
}

/** What all ready nodes have, were `node`'s lease this one; Infinity where nobody holds anything up. */
export function acknowledgedByAll(
  cache: Cache,
  node: string,
  lease: Readonly<Lease> | undefined,
): number {
  const revisions = readyNodes(cache).map((name) =>
    acknowledgedBy(name === node ? lease : leaseOf(name, cache))
  );
  return Math.min(...revisions);
}

export function isReadyNode({ metadata, status }: Readonly<Node>): boolean {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "True" && metadata.deletionTimestamp === undefined;
}

function readyNodes(cache: Cache): string[] {
  return cache.list(NODES).filter(isReadyNode).map(({ metadata }) => metadata.name);
}

function leaseOf(nodeName: string, cache: Cache): Readonly<Lease> | undefined {
  return cache.get(LEASES, NODE_LEASE_NAMESPACE, nodeName);
}
