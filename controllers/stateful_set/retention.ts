import type { StatefulSet } from "../../api/types/apps_v1.ts";
import type { PersistentVolumeClaim, Pod } from "../../api/types/core_v1.ts";
import type { KubeObject, OwnerReference } from "../../api/types/meta.ts";
import { PERSISTENT_VOLUME_CLAIMS } from "../../api/types/resources.ts";
import type { Cache, Write } from "../../client/cache.ts";
import { claimsFor, ordinalOf, wantedOrdinals } from "./ordinals.ts";

/**
 * Writes that make claims go with their set or with a pod that is scaled away, as the retention policy says: the
 * garbage collector deletes what its owner leaves behind.
 */
export function retainedClaims(
  set: Readonly<StatefulSet>,
  going: readonly Readonly<Pod>[],
  cache: Cache,
): Write[] {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  if (whenDeleted !== "Delete" && whenScaled !== "Delete") return [];
  const withSet = wantedOrdinals(set).flatMap((ordinal) =>
    claimsOfOrdinal(set, ordinal, cache).flatMap((claim) =>
      whenDeleted === "Delete" ? ownedBy(claim, set) : []
    )
  );
  const wanted = new Set(wantedOrdinals(set));
  const withPod = going.flatMap((pod) => {
    const ordinal = ordinalOf(set, pod)!;
    if (whenScaled !== "Delete" || wanted.has(ordinal)) return [];
    return claimsOfOrdinal(set, ordinal, cache).flatMap((claim) => ownedBy(claim, pod));
  });
  return [...withSet, ...withPod];
}

function claimsOfOrdinal(set: Readonly<StatefulSet>, ordinal: number, cache: Cache) {
  return [...claimsFor(set, ordinal).values()].flatMap(({ metadata: { namespace = "", name } }) =>
    cache.get(PERSISTENT_VOLUME_CLAIMS, namespace, name) ?? []
  );
}

function ownedBy(claim: Readonly<PersistentVolumeClaim>, owner: Readonly<KubeObject>): Write[] {
  const { ownerReferences = [] } = claim.metadata;
  const { apiVersion, kind, metadata: { name, uid = "" } } = owner;
  if (ownerReferences.some((one) => one.uid === uid)) return [];
  const reference: OwnerReference = { apiVersion, kind, name, uid };
  const metadata = { ...claim.metadata, ownerReferences: [reference] };
  return [{ verb: "update", object: { ...claim, metadata } }];
}
