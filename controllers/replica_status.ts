import type { KubeObject } from "../api/types/meta.ts";
import type { Write } from "../client/cache.ts";
import { towardStatus } from "../client/writes.ts";
import type { Failure, Plan, World } from "./controller.ts";
import { timeOf } from "./pods.ts";
import { planReplicas, type Replicas } from "./replicas.ts";

/** Source: Kubernetes, ReplicaSetReplicaFailure. */
export const REPLICA_FAILURE = "ReplicaFailure";

export interface ReplicaCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

type Owner = KubeObject & { status?: { conditions?: ReplicaCondition[] } };

/** So many pods, and a status that counts them and says why some can't be had. */
export function planWithStatus<T extends Owner>(
  owner: Readonly<T>,
  replicas: Replicas,
  { cache, now, failure }: World,
): Plan {
  const { writes, counts, againMs } = planReplicas(replicas, cache, now);
  const failed = writes.some(isOfPod) ? failure : undefined;
  const conditions = conditionsAfter(owner.status?.conditions ?? [], failed, now);
  const status = { ...(conditions.length === 0 ? {} : { conditions }), ...counts };
  const told = towardStatus(owner as Readonly<Owner>, status);
  return {
    // what may fail again must not keep anybody from hearing of it
    writes: failed === undefined ? [...writes, ...told] : [...told, ...writes],
    ...(againMs === undefined ? {} : { againMs }),
  };
}

function isOfPod(write: Write): boolean {
  return write.verb !== "deleteCollection" && write.object.kind === "Pod";
}

function conditionsAfter(
  before: readonly ReplicaCondition[],
  failure: Failure | undefined,
  now: number,
): ReplicaCondition[] {
  const others = before.filter(({ type }) => type !== REPLICA_FAILURE);
  if (failure?.kind !== "Pod") return others;
  const reason = failure.verb === "delete" ? "FailedDelete" : "FailedCreate";
  const known = before.find(({ type }) => type === REPLICA_FAILURE);
  // a refusal names the pod, which has another name each time: telling it anew would wake this very plan again
  if (known?.reason === reason) return [...others, known];
  return [...others, {
    type: REPLICA_FAILURE,
    status: "True",
    reason,
    message: failure.message,
    lastTransitionTime: timeOf(now),
  }];
}
