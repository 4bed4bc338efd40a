import { isSameJson } from "./same_json.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { AnyKind } from "./kind.ts";

/** What becomes of the objects that name a deleted one as their owner. Source: metav1.DeletionPropagation. */
export type PropagationPolicy = "Background" | "Foreground" | "Orphan";

export const PROPAGATION_POLICIES: readonly PropagationPolicy[] = [
  "Foreground",
  "Background",
  "Orphan",
];

/** What the garbage collector does first, and then takes away. Source: metav1, FinalizerOrphanDependents and the next. */
export const ORPHAN_FINALIZER = "orphan";
export const FOREGROUND_FINALIZER = "foregroundDeletion";

/** @returns the object with the finalizers of the policy; itself where it has them */
export function withPropagation(
  kind: AnyKind,
  object: KubeObject,
  asked: PropagationPolicy | undefined,
): KubeObject {
  const { finalizers = [], ...metadata } = object.metadata;
  const policy = policyFor(kind, finalizers, asked);
  const next = finalizers.filter((name) =>
    name !== ORPHAN_FINALIZER && name !== FOREGROUND_FINALIZER
  );
  if (policy === "Orphan") next.push(ORPHAN_FINALIZER);
  if (policy === "Foreground") next.push(FOREGROUND_FINALIZER);
  if (isSameJson(next, finalizers)) return object;
  return { ...object, metadata: { ...metadata, ...(next.length > 0 && { finalizers: next }) } };
}

/** What the client says goes before what the object says, and that before what the kind says. */
function policyFor(
  { dependents = "delete" }: AnyKind,
  finalizers: readonly string[],
  asked: PropagationPolicy | undefined,
): PropagationPolicy {
  if (dependents === "none") return "Background";
  if (asked !== undefined) return asked;
  if (finalizers.includes(ORPHAN_FINALIZER)) return "Orphan";
  if (finalizers.includes(FOREGROUND_FINALIZER)) return "Foreground";
  return dependents === "orphan" ? "Orphan" : "Background";
}

/** What a garbage collector has to follow: everything that is stored and may own or be owned. */
export function ownableResources(kinds: readonly AnyKind[]): Resource<KubeObject>[] {
  const isFollowed = ({ dependents, withoutVerbs = [] }: AnyKind) =>
    dependents !== "none" && !withoutVerbs.includes("watch") && !withoutVerbs.includes("list");
  return kinds.filter(isFollowed).map(({ resource }) => resource);
}
