import type { KubeObject } from "../../../api/types/meta.ts";
import type { Pod } from "../../../api/types/core_v1.ts";
import { PODS } from "../../../api/types/resources.ts";
import { controllerOf } from "../../../client/owners.ts";
import { isActive } from "../../../controllers/pods.ts";
import type { Invariant } from "./invariant.ts";

const KINDS = ["ReplicationController", "ReplicaSet", "StatefulSet", "Job"];
/** For so long a controller may still act on what its owner asked for before. */
const STALE_MS = 90_000;

/** Creates whose answer was lost, by the owner's uid: its controller may make one more for each. */
export type LostCreates = ReadonlyMap<string, number>;

interface Sized {
  readonly replicas?: number;
  readonly parallelism?: number;
}

/** No pod is created beyond what its owner wants or has wanted a moment ago. */
export function noMoreThanWanted(lost: LostCreates): Invariant {
  const wanted = new Map<string, { replicas: number; until: number }[]>();
  return {
    onChange({ kind, before, after }, sight, now) {
      if (KINDS.includes(kind)) return void noteWanted(wanted, before, after, now);
      if (kind !== "Pod" || before !== undefined || after === undefined) return;
      const owner = controllerOf(after);
      if (owner === undefined || !KINDS.includes(owner.kind)) return;
      const pods = sight.list(PODS, after.metadata.namespace).filter((pod: Readonly<Pod>) =>
        isActive(pod) && controllerOf(pod)?.uid === owner.uid
      );
      const recent = (wanted.get(owner.uid) ?? []).filter(({ until }) => until > now - STALE_MS);
      const most = Math.max(0, ...recent.map(({ replicas }) => replicas));
      const allowed = most + (lost.get(owner.uid) ?? 0);
      if (pods.length <= allowed) return;
      return `${owner.kind} ${owner.name} has ${pods.length} pods and never wanted more than ${most}`;
    },
  };
}

function noteWanted(
  wanted: Map<string, { replicas: number; until: number }[]>,
  before: Readonly<KubeObject> | undefined,
  after: Readonly<KubeObject> | undefined,
  now: number,
): void {
  const { uid = "" } = (after ?? before)!.metadata;
  const times = wanted.get(uid) ?? [];
  wanted.set(uid, times);
  const last = times.at(-1);
  if (last !== undefined && last.until === Infinity) last.until = now;
  if (after === undefined) return;
  const { replicas = 1, parallelism = 1 } = (after as { spec?: Sized }).spec ?? {};
  times.push({ replicas: after.kind === "Job" ? parallelism : replicas, until: Infinity });
}
