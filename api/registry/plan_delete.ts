import { type Lease, LEASES } from "../types/coordination_v1.ts";
import type { Pod } from "../types/core_v1.ts";
import { NODE_LEASE_NAMESPACE } from "../types/drain_barrier.ts";
import type { KubeObject } from "../types/meta.ts";
import { NO_LEASE } from "../types/node_lease.ts";
import type { Store } from "../../store/store.ts";
import { keyOf } from "./keys.ts";
import type { AnyKind, Moment } from "./kind.ts";
import { type Planned, planRemoval } from "./plan_update.ts";
import { type PropagationPolicy, withPropagation } from "./propagation.ts";
import { conflict, rejectOtherUid, rejectOtherVersion } from "./refusals.ts";
import { isSameJson } from "./same_json.ts";

export interface Deletion {
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
  /** Of a pod: resourceVersion of its node's lease as the caller saw it, NO_LEASE where it saw none. */
  readonly nodeLease?: string;
  /** The kind's own where absent. */
  readonly propagationPolicy?: PropagationPolicy;
}

/** `isRemoved`: the object goes now. Otherwise it stays, marked, until its grace or its finalizers are over. */
export interface PlannedDeletion extends Planned {
  readonly isRemoved: boolean;
}

/** @throws {StatusError} Conflict when a precondition fails, and whatever the kind refuses */
export function planDelete(
  kind: AnyKind,
  old: KubeObject,
  { gracePeriodSeconds, uid = "", resourceVersion = "", propagationPolicy }: Deletion,
  moment: Moment,
): PlannedDeletion {
  rejectOtherUid(kind.resource, old, uid);
  rejectOtherVersion(kind.resource, old, resourceVersion);
  const held = withPropagation(kind, old, propagationPolicy);
  const grace = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
  const begun: KubeObject | undefined = kind.beginDeletion?.(held, grace, moment);
  if (begun !== undefined) return mark(kind, begun, old);
  if (!held.metadata.finalizers?.length) {
    return { object: old, writes: planRemoval(kind, old), isRemoved: true };
  }
  const { deletionTimestamp = moment.now } = held.metadata;
  const metadata = { ...held.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 };
  return mark(kind, { ...held, metadata }, old);
}

/**
 * Who takes pods away from a node that is silent decides by its lease. Once a renewal is in, what was decided before it
 * comes too late: the node goes by what the API has bound to it from then on.
 * @throws {StatusError} Conflict when the node was heard of since
 */
export function rejectHeardSince(
  kind: AnyKind,
  old: KubeObject,
  { nodeLease }: Deletion,
  leases: Pick<Store, "get">,
): void {
  if (nodeLease === undefined) return;
  const { nodeName = "" } = (old as Pod).spec ?? {};
  const lease = leases.get(keyOf(LEASES, NODE_LEASE_NAMESPACE, nodeName))?.object as
    | Lease
    | undefined;
  const version = lease?.metadata.resourceVersion ?? NO_LEASE;
  if (version === nodeLease) return;
  const why = `the lease of node ${JSON.stringify(nodeName)} has resourceVersion ${version}`;
  throw conflict(kind.resource, old.metadata.name, `Precondition failed: ${why}, not ${nodeLease}`);
}

/** A second deletion may hasten the first one, and not delay it; what it says of dependents counts. */
function mark(kind: AnyKind, next: KubeObject, old: KubeObject): PlannedDeletion {
  const object = marked(kind, next, old);
  if (object === undefined) return { object: old, writes: [], isRemoved: false };
  const key = keyOf(kind.resource, old.metadata.namespace ?? "", old.metadata.name);
  return { object, writes: [{ key, object }], isRemoved: false };
}

/** The first mark alone counts as a change of what is wanted. */
function marked(kind: AnyKind, next: KubeObject, old: KubeObject): KubeObject | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds: grace = 0, generation } = old.metadata;
  if (deletionTimestamp === undefined) {
    const counted = kind.hasGeneration && { generation: (generation ?? 0) + 1 };
    return { ...next, metadata: { ...next.metadata, ...counted } };
  }
  if (grace > (next.metadata.deletionGracePeriodSeconds ?? 0)) return next;
  const { finalizers } = next.metadata;
  if (isSameJson(finalizers ?? [], old.metadata.finalizers ?? [])) return undefined;
  const { finalizers: _, ...kept } = old.metadata;
  return { ...old, metadata: { ...kept, ...(finalizers !== undefined && { finalizers }) } };
}
