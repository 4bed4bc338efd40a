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

/**
 * Whether all ready nodes together have come further, or fallen back, now that `node`'s lease says something else. It
 * looks at others until one of them is as far behind.
 */
export function movesAll(
  node: string,
  { before, after }: { before: Readonly<Lease> | undefined; after: Readonly<Lease> | undefined },
  cache: Cache,
): boolean {
  const [was, is] = [acknowledgedBy(before), acknowledgedBy(after)];
  const own = cache.get(NODES, "", node);
  if (was === is || own === undefined || !isReadyNode(own)) return false;
  const least = Math.min(was, is);
  return cache.list(NODES).every((other) =>
    other === own || acknowledgedBy(leaseOf(other.metadata.name, cache)) > least ||
    !isReadyNode(other)
  );
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
