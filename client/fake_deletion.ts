/** What the fake API makes of a deletion. Pure. */
import type { Pod } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { NO_LEASE } from "../api/types/node_lease.ts";
import type { DeleteOptions } from "./api.ts";

/** Nothing holds a deletion that began any more. */
export function isOver({ kind, metadata }: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers = [] } = metadata;
  if (deletionTimestamp === undefined || kind === "Namespace") return false;
  return deletionGracePeriodSeconds === 0 && finalizers.length === 0;
}

/** What the garbage collector has to do first. */
export function finalizersOf({ kind, metadata }: KubeObject, asked: DeleteOptions): string[] {
  const { finalizers = [] } = metadata;
  const usual = ["ReplicationController", "Job"].includes(kind) ? "Orphan" : "Background";
  const policy = asked.propagationPolicy ?? usual;
  if (policy === "Background") return finalizers;
  return [...new Set([...finalizers, policy === "Orphan" ? "orphan" : "foregroundDeletion"])];
}

export function gracePeriodOf(object: KubeObject, asked?: number): number {
  if (object.kind !== "Pod") return 0;
  const { spec, status } = object as Pod;
  const isOver = status?.phase === "Succeeded" || status?.phase === "Failed";
  if (!spec.nodeName || isOver) return 0;
  return asked ?? spec.terminationGracePeriodSeconds ?? 30;
}

/** @param lease of the pod's node, as it is now */
export function wasHeardSince(
  lease: KubeObject | undefined,
  { nodeLease }: DeleteOptions,
): boolean {
  return nodeLease !== undefined && nodeLease !== (lease?.metadata.resourceVersion ?? NO_LEASE);
}
