import {
  type Deployment,
  DEPLOYMENTS,
  REPLICA_SETS,
  type ReplicaSet,
} from "../../api/types/apps_v1.ts";
import { selectorOf } from "../../api/types/labels.ts";
import type { KubeObject } from "../../api/types/meta.ts";
import { PODS } from "../../api/types/resources.ts";
import { StatusError } from "../../api/types/status.ts";
import type { Cache, Write } from "../../client/cache.ts";
import { controllerOf, isControlledBy } from "../../client/owners.ts";
import { toward, towardStatus } from "../../client/writes.ts";
import {
  type Change,
  type Controller,
  keyOf,
  NOTHING_TO_DO,
  type ObjectKey,
  onChangeOf,
  type Plan,
  type Report,
} from "../controller.ts";
import { isOver } from "../pods.ts";
import { claimsOf } from "../replicas.ts";
import { fencepostsOf } from "./fenceposts.ts";
import { newSetOf, type Sets } from "./revisions.ts";
import { sizeOf } from "./sizes.ts";
import { type Rollout, statusOf, untilDeadlineMs } from "./status.ts";
import { type Step, stepOf } from "./steps.ts";

/** Replaces the pods of a Deployment in steps when its template changes: a replica set for each template. */
export const deploymentController: Controller<Deployment> = {
  name: "deployment-controller",
  reconciles: DEPLOYMENTS,
  concurrency: 5,
  requeueOn: [onChangeOf(REPLICA_SETS, deploymentsOf), onChangeOf(PODS, recreatedBy)],
  plan(deployment, { cache, now }) {
    const { namespace, deletionTimestamp } = deployment.metadata;
    if (deletionTimestamp !== undefined) return NOTHING_TO_DO;
    const selector = selectorOf(deployment.spec.selector);
    const claims = claimsOf(deployment, selector, cache.list(REPLICA_SETS, namespace));
    if (claims.writes.length > 0) return { writes: claims.writes };
    const rollout: Rollout = {
      deployment,
      fenceposts: fencepostsOf(deployment),
      newest: newSetOf(deployment, claims.mine),
      all: claims.mine,
      now,
    };
    return planOf(rollout, stepOf(rollout, () => haveOldPods(rollout, cache)));
  },
  reports: reportOf,
};

/** The step, and what the status says before it: of one object one write is made at a time. */
function planOf(rollout: Rollout, { writes, deed, collision, annotations }: Step): Plan {
  const { deployment } = rollout;
  if (annotations !== undefined) {
    const metadata = { ...deployment.metadata, annotations };
    return { writes: [...writes, ...toward(deployment, { ...deployment, metadata })] };
  }
  const status = {
    ...statusOf({ ...rollout, ...(deed === undefined ? {} : { deed }) }),
    ...(collision === undefined ? {} : { collisionCount: collision }),
  };
  const againMs = untilDeadlineMs(rollout, status);
  return {
    writes: [...writes, ...towardStatus(deployment, status)],
    ...(againMs === undefined ? {} : { againMs }),
  };
}

/** Recreate waits until the last pod of an old template has gone. */
function haveOldPods({ deployment, newest, all }: Rollout, cache: Cache): boolean {
  const old: Sets = all.filter((set) => set !== newest);
  return cache.list(PODS, deployment.metadata.namespace).some((pod) =>
    !isOver(pod) && old.some((set) => isControlledBy(pod, set))
  );
}

function deploymentsOf({ before, after }: Change<ReplicaSet>, cache: Cache): ObjectKey[] {
  const keys = [before, after].flatMap((set) => {
    const owner = set && controllerOf(set);
    if (set === undefined || owner?.kind !== "Deployment") return [];
    return [{ namespace: set.metadata.namespace ?? "", name: owner.name }];
  });
  if (after === undefined || controllerOf(after) !== undefined) return keys;
  const adopters = cache.list(DEPLOYMENTS, after.metadata.namespace)
    .filter(({ spec }) => selectorOf(spec.selector).matches(after.metadata.labels));
  return [...keys, ...adopters.map(keyOf)];
}

function recreatedBy(
  { before, after }: Change<KubeObject>,
  cache: Cache,
): ObjectKey[] {
  const owner = after === undefined && before !== undefined ? controllerOf(before) : undefined;
  if (owner?.kind !== "ReplicaSet") return [];
  const set = cache.get(REPLICA_SETS, before?.metadata.namespace ?? "", owner.name);
  const deployment = set && controllerOf(set);
  if (deployment?.kind !== "Deployment") return [];
  return [{ namespace: before?.metadata.namespace ?? "", name: deployment.name }];
}

/** Source of the texts: Kubernetes, the deployment controller. */
function reportOf(
  write: Write,
  outcome: KubeObject | StatusError | undefined,
  before: Readonly<KubeObject> | undefined,
): Report | undefined {
  if (write.verb !== "create" && write.verb !== "update") return undefined;
  if (write.object.kind !== "ReplicaSet") return undefined;
  const set = write.object as ReplicaSet;
  if (outcome instanceof StatusError) {
    if (write.verb !== "create") return undefined;
    const message = `Failed to create new replica set "${set.metadata.name}": ${outcome.message}`;
    return { type: "Warning", reason: "ReplicaSetCreateError", message };
  }
  const from = before === undefined ? 0 : sizeOf(before as ReplicaSet);
  if (from === sizeOf(set)) return undefined;
  const way = from < sizeOf(set) ? "up" : "down";
  const message = `Scaled ${way} replica set ${set.metadata.name} from ${from} to ${sizeOf(set)}`;
  return { type: "Normal", reason: "ScalingReplicaSet", message };
}
