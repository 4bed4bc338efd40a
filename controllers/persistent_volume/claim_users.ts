import type { PersistentVolumeClaim, Pod } from "../../api/types/core_v1.ts";
import { PODS } from "../../api/types/resources.ts";
import type { Cache } from "../../client/cache.ts";
import type { ObjectKey } from "../controller.ts";

/** The claims that the pod's volumes are. */
export function claimsOf({ metadata, spec }: Readonly<Pod>): ObjectKey[] {
  const { namespace = "" } = metadata;
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (ephemeral !== undefined) return [{ namespace, name: `${metadata.name}-${name}` }];
    if (persistentVolumeClaim === undefined) return [];
    return [{ namespace, name: persistentVolumeClaim.claimName }];
  });
}

/** Pods that need the claim: those that are not over. */
export function usersOf(
  { metadata }: Readonly<PersistentVolumeClaim>,
  cache: Cache,
): readonly Readonly<Pod>[] {
  return cache.list(PODS, metadata.namespace ?? "").filter((pod) =>
    pod.spec.volumes !== undefined && !isOver(pod) &&
    claimsOf(pod).some(({ name }) => name === metadata.name)
  );
}

/** What a claim may wait for: a pod that comes, is placed, or needs it no longer. */
export function wakesClaims(
  { before, after }: { before: Readonly<Pod> | undefined; after: Readonly<Pod> | undefined },
): ObjectKey[] {
  const pod = after ?? before;
  if (pod?.spec.volumes === undefined) return [];
  const isSame = before !== undefined && after !== undefined && isOver(before) === isOver(after) &&
    before.spec.nodeName === after.spec.nodeName;
  return isSame ? [] : claimsOf(pod);
}

function isOver({ status }: Readonly<Pod>): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}
