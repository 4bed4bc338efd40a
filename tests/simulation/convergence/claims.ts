import { STATEFUL_SETS } from "../../../api/types/apps_v1.ts";
import { PERSISTENT_VOLUME_CLAIMS } from "../../../api/types/resources.ts";
import { PODS } from "../../../api/types/resources.ts";
import { isActive } from "../../../controllers/pods.ts";
import type { Sight } from "../sight.ts";
import { nameOf, uidOf } from "./names.ts";

/** A claim that a pod uses has its volume, and one whose set is gone is gone with it. */
export function claimsUnbound(sight: Sight, namespace: string): string[] {
  const sets = new Set(sight.list(STATEFUL_SETS, namespace).map(uidOf));
  const used = new Set(
    sight.list(PODS, namespace).filter(isActive).flatMap(({ spec }) =>
      (spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
        persistentVolumeClaim?.claimName ?? []
      )
    ),
  );
  return sight.list(PERSISTENT_VOLUME_CLAIMS, namespace).flatMap((claim) => {
    const { name, deletionTimestamp, ownerReferences = [] } = claim.metadata;
    if (deletionTimestamp !== undefined) return [`${nameOf(claim)} is still being deleted`];
    const isLeft = ownerReferences.some(({ kind, uid }) =>
      kind === "StatefulSet" && !sets.has(uid)
    );
    if (isLeft) return [`${nameOf(claim)} has outlived its set`];
    const isBound = claim.status?.phase === "Bound";
    return isBound || !used.has(name) ? [] : [`${nameOf(claim)} has no volume`];
  });
}
