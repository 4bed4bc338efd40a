import type { Pod, ReplicationController } from "../api/types/core_v1.ts";
import { PODS, REPLICATION_CONTROLLERS } from "../api/types/resources.ts";
import type { Cache, Write } from "../client/cache.ts";
import { controllerOf, released } from "../client/owners.ts";
import {
  type Change,
  type Controller,
  NOTHING_TO_DO,
  type ObjectKey,
  onChangeOf,
} from "./controller.ts";

const KIND = "ReplicationController";
/** What a deletion leaves behind to be done first. Source: Kubernetes, metav1 finalizers. */
const ORPHAN = "orphan";
const FOREGROUND = "foregroundDeletion";

/** Deletes the pods whose ReplicationController is gone, and lets go those that a deletion wants to keep. */
export const garbageCollector: Controller<ReplicationController> = {
  name: "garbage-collector",
  reconciles: REPLICATION_CONTROLLERS,
  requeueOn: [onChangeOf(PODS, unsettledOwnersOf)],
  /** The watch of owners may be behind the one of pods: an owner counts as gone when the apiserver says so. */
  reads: ({ namespace, name }, owner) =>
    owner === undefined
      ? [{
        resource: REPLICATION_CONTROLLERS,
        options: { namespace, fieldSelector: `metadata.name=${name}` },
      }]
      : [],
  plan(owner, { cache }) {
    const dependents = dependentsOf(owner.metadata, cache);
    const isOwn = (pod: Readonly<Pod>) => controllerOf(pod)?.uid === owner.metadata.uid;
    const strangers = dependents.filter((pod) => !isOwn(pod));
    return { writes: [...remove(strangers), ...endingOf(owner, dependents.filter(isOwn))] };
  },
  planGone(key, { cache, read }) {
    const owners = new Set(read(REPLICATION_CONTROLLERS).map(({ metadata }) => metadata.uid));
    const dependents = dependentsOf(key, cache);
    const orphans = dependents.filter((pod) => !owners.has(controllerOf(pod)?.uid));
    return orphans.length === 0 ? NOTHING_TO_DO : { writes: remove(orphans) };
  },
};

/** What stands between the deletion of the owner and its end. */
function endingOf(
  owner: Readonly<ReplicationController>,
  dependents: readonly Readonly<Pod>[],
): Write[] {
  const { deletionTimestamp, finalizers = [] } = owner.metadata;
  const finalizer = finalizers.find((name) => name === ORPHAN || name === FOREGROUND);
  if (deletionTimestamp === undefined || finalizer === undefined) return [];
  if (dependents.length === 0) return [{ verb: "update", object: without(owner, finalizer) }];
  if (finalizer === FOREGROUND) return remove(dependents);
  return dependents.map((pod) => ({ verb: "update", object: released(pod, owner) }));
}

function without(owner: Readonly<ReplicationController>, finalizer: string) {
  const finalizers = owner.metadata.finalizers?.filter((name) => name !== finalizer) ?? [];
  return { ...owner, metadata: { ...owner.metadata, finalizers } };
}

/** Those that name an owner of this name, whichever its uid. */
function dependentsOf(
  { namespace, name }: { namespace?: string; name: string },
  cache: Cache,
): Readonly<Pod>[] {
  return cache.list(PODS, namespace).filter((pod) => {
    const owner = controllerOf(pod);
    return owner?.kind === KIND && owner.name === name;
  });
}

/** Pods that end already are left to it. */
function remove(pods: readonly Readonly<Pod>[]): Write[] {
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map((object) => ({ verb: "delete", object }));
}

/** The owners that the pod named or names, where that asks for something to be done. */
function unsettledOwnersOf({ before, after }: Change<Pod>, cache: Cache): ObjectKey[] {
  return [before, after].flatMap((pod) => {
    const reference = pod && controllerOf(pod);
    if (pod === undefined || reference?.kind !== KIND) return [];
    const key = { namespace: pod.metadata.namespace ?? "", name: reference.name };
    const owner = cache.get(REPLICATION_CONTROLLERS, key.namespace, key.name);
    const isSettled = owner?.metadata.uid === reference.uid &&
      owner.metadata.deletionTimestamp === undefined;
    return isSettled ? [] : [key];
  });
}
