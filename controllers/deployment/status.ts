import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from "../../api/types/apps_v1.ts";
import { timeOf } from "../pods.ts";
import { REPLICA_FAILURE } from "../replica_status.ts";
import type { Fenceposts } from "./fenceposts.ts";
import type { Sets } from "./revisions.ts";
import { availableOf, sizeOf, sumOf } from "./sizes.ts";

/** A deadline that nobody waits for. Source: Kubernetes, HasProgressDeadline. */
const NO_DEADLINE = 2147483647;

export interface Rollout {
  readonly deployment: Readonly<Deployment>;
  readonly fenceposts: Fenceposts;
  readonly newest: Readonly<ReplicaSet> | undefined;
  readonly all: Sets;
  readonly now: number;
  /** What the controller is about to do, where a condition tells of it. */
  readonly deed?: { readonly reason: string; readonly message: string };
}

export function statusOf(rollout: Rollout): DeploymentStatus {
  const { deployment, fenceposts, newest, all } = rollout;
  const available = sumOf(all, availableOf);
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sumOf(all, ({ status }) => status?.replicas ?? 0),
    updatedReplicas: newest?.status?.replicas ?? 0,
    readyReplicas: sumOf(all, ({ status }) => status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sumOf(all, sizeOf) - available),
    collisionCount: deployment.status?.collisionCount ?? 0,
  };
  const filled = Object.entries(counts).filter(([, value]) => value !== 0);
  const status: DeploymentStatus = Object.fromEntries(filled);
  const isEnough = available >= fenceposts.wanted - fenceposts.maxUnavailable;
  const progress = deployment.spec.paused === true || !hasDeadline(deployment)
    ? progressAtRest(rollout)
    : progressOf(rollout, status);
  const conditions = [
    ...(deployment.status?.conditions ?? []).filter(({ type }) =>
      type !== "Available" && type !== "Progressing" && type !== REPLICA_FAILURE
    ),
    {
      type: "Available",
      status: isEnough ? "True" : "False",
      reason: isEnough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
      message: `Deployment ${isEnough ? "has" : "does not have"} minimum availability.`,
    },
    ...(progress === undefined ? [] : [progress]),
    ...replicaFailures(rollout),
  ];
  return { ...status, conditions: conditions.map((one) => since(rollout, one, progress)) };
}

/** What keeps pods from being made, of the newest set first. */
function replicaFailures({ newest, all }: Rollout): Untimed[] {
  const sets = newest === undefined ? all : [newest, ...all];
  const found = sets.flatMap(({ status }) =>
    status?.conditions?.filter(({ type }) => type === REPLICA_FAILURE) ?? []
  );
  return found.slice(0, 1).map(({ lastTransitionTime: _, ...condition }) => condition);
}

/** All pods are of the newest template and available, and there are no others. */
export function isComplete(
  { metadata, spec: { replicas = 1 } }: Readonly<Deployment>,
  status: DeploymentStatus,
): boolean {
  return (status.updatedReplicas ?? 0) === replicas && (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

/** Until the deadline of a rollout that makes no progress; undefined where nobody waits. */
export function untilDeadlineMs(
  { deployment, now }: Rollout,
  status: DeploymentStatus,
): number | undefined {
  const condition = conditionOf(status, "Progressing");
  const { progressDeadlineSeconds: deadline = NO_DEADLINE, paused } = deployment.spec;
  if (deadline === NO_DEADLINE || paused === true || condition?.status !== "True") return undefined;
  if (condition.reason === "NewReplicaSetAvailable") return undefined;
  return Math.max(0, Date.parse(condition.lastUpdateTime ?? "") + deadline * 1000 - now) + 1;
}

export function conditionOf(
  status: DeploymentStatus | undefined,
  type: string,
): DeploymentCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

function hasDeadline({ spec }: Readonly<Deployment>): boolean {
  return (spec.progressDeadlineSeconds ?? NO_DEADLINE) !== NO_DEADLINE;
}

type Untimed = Omit<DeploymentCondition, "lastTransitionTime" | "lastUpdateTime">;

function progressing(status: string, reason: string, message: string): Untimed {
  return { type: "Progressing", status, reason, message };
}

function progressAtRest({ deployment }: Rollout): Untimed | undefined {
  const before = conditionOf(deployment.status, "Progressing");
  if (!hasDeadline(deployment)) return undefined;
  if (before?.reason === "ProgressDeadlineExceeded") return before;
  return progressing("Unknown", "DeploymentPaused", "Deployment is paused");
}

/** Source of reasons and texts: Kubernetes, syncRolloutStatus. */
function progressOf(rollout: Rollout, status: DeploymentStatus): Untimed | undefined {
  const { deployment, newest, deed } = rollout;
  const before = conditionOf(deployment.status, "Progressing");
  if (deed !== undefined) return progressing("True", deed.reason, deed.message);
  if (before?.reason === "DeploymentPaused") {
    return progressing("Unknown", "DeploymentResumed", "Deployment is resumed");
  }
  const isAllNew = (status.replicas ?? 0) === (status.updatedReplicas ?? 0);
  if (isAllNew && before?.reason === "NewReplicaSetAvailable") return before;
  const what = newest === undefined
    ? `Deployment "${deployment.metadata.name}"`
    : `ReplicaSet "${newest.metadata.name}"`;
  if (isComplete(deployment, status)) {
    return progressing("True", "NewReplicaSetAvailable", `${what} has successfully progressed.`);
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    return progressing("True", "ReplicaSetUpdated", `${what} is progressing.`);
  }
  if (hasTimedOut(rollout, before)) {
    return progressing("False", "ProgressDeadlineExceeded", `${what} has timed out progressing.`);
  }
  if (before !== undefined) return before;
  return newest && progressing(
    "True",
    "FoundNewReplicaSet",
    `Found new replica set "${newest.metadata.name}"`,
  );
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) || old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0);
}

function hasTimedOut(
  { deployment, now }: Rollout,
  before: DeploymentCondition | undefined,
): boolean {
  if (before === undefined || before.reason === "NewReplicaSetAvailable") return false;
  if (before.reason === "ProgressDeadlineExceeded") return true;
  const { progressDeadlineSeconds: deadline = NO_DEADLINE } = deployment.spec;
  return Date.parse(before.lastUpdateTime ?? "") + deadline * 1000 <= now;
}

/** A condition that says the same keeps its times; the deadline counts anew from each progress. */
function since(
  { deployment, now }: Rollout,
  condition: Untimed,
  progress: Untimed | undefined,
): DeploymentCondition {
  const before = conditionOf(deployment.status, condition.type);
  const isNews = condition === progress && condition.reason === "ReplicaSetUpdated";
  if (before?.status === condition.status && before.reason === condition.reason && !isNews) {
    return before;
  }
  const time = timeOf(now);
  const lastTransitionTime = before?.status === condition.status
    ? before.lastTransitionTime ?? time
    : time;
  return { ...condition, lastUpdateTime: time, lastTransitionTime };
}
