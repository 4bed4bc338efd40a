import type { KubeObject } from "../types/meta.ts";
import { keyOf } from "./keys.ts";
import type { AnyKind, Moment } from "./kind.ts";
import { type Planned, planRemoval } from "./plan_update.ts";
import { rejectOtherUid, rejectOtherVersion } from "./refusals.ts";

export interface Deletion {
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** `isRemoved`: the object goes now. Otherwise it stays, marked, until its grace or its finalizers are over. */
export interface PlannedDeletion extends Planned {
  readonly isRemoved: boolean;
}

/** @throws {StatusError} Conflict when a precondition fails, and whatever the kind refuses */
export function planDelete(
  kind: AnyKind,
  old: KubeObject,
  { gracePeriodSeconds, uid = "", resourceVersion = "" }: Deletion,
  moment: Moment,
): PlannedDeletion {
  rejectOtherUid(kind.resource, old, uid);
  rejectOtherVersion(kind.resource, old, resourceVersion);
  const grace = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
  const begun: KubeObject | undefined = kind.beginDeletion?.(old, grace, moment);
  if (begun !== undefined) return mark(kind, begun, old);
  if (!old.metadata.finalizers?.length) {
    return { object: old, writes: planRemoval(kind, old), isRemoved: true };
  }
  const { deletionTimestamp = moment.now } = old.metadata;
  const metadata = { ...old.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 };
  return mark(kind, { ...old, metadata }, old);
}

/** A second deletion may hasten the first one, and not delay it. */
function mark(kind: AnyKind, next: KubeObject, old: KubeObject): PlannedDeletion {
  const { deletionTimestamp, deletionGracePeriodSeconds: grace = 0, generation } = old.metadata;
  const isNoFaster = grace <= (next.metadata.deletionGracePeriodSeconds ?? 0);
  if (deletionTimestamp !== undefined && isNoFaster) {
    return { object: old, writes: [], isRemoved: false };
  }
  const counted = kind.hasGeneration && { generation: (generation ?? 0) + 1 };
  const object = { ...next, metadata: { ...next.metadata, ...counted } };
  const key = keyOf(kind.resource, old.metadata.namespace ?? "", old.metadata.name);
  return { object, writes: [{ key, object }], isRemoved: false };
}
