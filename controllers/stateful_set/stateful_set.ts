import {
  CONTROLLER_REVISIONS,
  type ControllerRevision,
  STATEFUL_SETS,
  type StatefulSet,
  type StatefulSetStatus,
} from "../../api/types/apps_v1.ts";
import type { PersistentVolumeClaim, Pod, PodTemplateSpec } from "../../api/types/core_v1.ts";
import { selectorOf } from "../../api/types/labels.ts";
import { PERSISTENT_VOLUME_CLAIMS, PODS } from "../../api/types/resources.ts";
import type { KubeObject } from "../../api/types/meta.ts";
import { StatusError } from "../../api/types/status.ts";
import type { Cache, Write } from "../../client/cache.ts";
import { controllerOf } from "../../client/owners.ts";
import { towardStatus } from "../../client/writes.ts";
import { isAvailable, nextAvailableMs, SERVICES_FOLLOWED } from "../availability.ts";
import {
  type Change,
  type Controller,
  keyOf,
  NOTHING_TO_DO,
  type ObjectKey,
  onChangeOf,
  type Plan,
  type Report,
  type World,
} from "../controller.ts";
import { isReady } from "../pods.ts";
import { claimsOf, onPodsOf } from "../replicas.ts";
import { forgetting, type History, historyOf } from "../revision_history.ts";
import { claimsFor, isClaimOf, ordinalOf, podFor } from "./ordinals.ts";
import { retainedClaims } from "./retention.ts";
import { isEnding, revisionOf, type Standing, stepsOf } from "./steps.ts";

/** Keeps numbered pods, each with a name and claims of its own. */
export const statefulSetController: Controller<StatefulSet> = {
  name: "statefulset-controller",
  reconciles: STATEFUL_SETS,
  concurrency: 5,
  requeueOn: [
    SERVICES_FOLLOWED,
    onPodsOf("StatefulSet", ({ metadata: { namespace, labels } }, cache) => {
      return cache.list(STATEFUL_SETS, namespace)
        .filter(({ spec }) => selectorOf(spec.selector).matches(labels)).map(keyOf);
    }),
    onChangeOf(CONTROLLER_REVISIONS, ownerOf),
    onChangeOf(PERSISTENT_VOLUME_CLAIMS, whoLost),
  ],
  plan(set, world) {
    const { namespace, deletionTimestamp } = set.metadata;
    if (deletionTimestamp !== undefined) return NOTHING_TO_DO;
    const history = historyOf(set, world.cache.list(CONTROLLER_REVISIONS, namespace));
    if (history.isCollision) {
      const { collisionCount = 0, ...status } = set.status ?? { replicas: 0 };
      return { writes: towardStatus(set, { ...status, collisionCount: collisionCount + 1 }) };
    }
    if (history.writes.length > 0) return { writes: history.writes };
    const named = world.cache.list(PODS, namespace)
      .filter((pod) => ordinalOf(set, pod) !== undefined);
    const claims = claimsOf(set, selectorOf(set.spec.selector), named);
    return claims.writes.length > 0 ? claims : planPods(set, claims.mine, history, world);
  },
  reports: reportOf,
};

function planPods(
  set: Readonly<StatefulSet>,
  pods: readonly Readonly<Pod>[],
  history: History,
  { cache, now, failure }: World,
): Plan {
  const availability = { minReadySeconds: set.spec.minReadySeconds ?? 0, cache, now };
  const newest = history.newest as Readonly<ControllerRevision>;
  const before =
    history.former.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? newest;
  const standing: Standing = {
    set,
    pods,
    current: before.metadata.name,
    update: newest.metadata.name,
    isAvailable: (pod) => !isEnding(pod) && isAvailable(pod, availability),
    isRefused: failure?.kind === "Pod" && failure.verb === "create" &&
      failure.reason === "Forbidden",
  };
  const { create, remove } = stepsOf(standing);
  const retained = retainedClaims(set, remove, cache);
  const born = create.flatMap(({ ordinal, revision }): Write[] => {
    const template = revision === before.metadata.name ? templateIn(before) : set.spec.template;
    return [
      ...missingClaims(set, ordinal, cache),
      { verb: "create", object: podFor(set, ordinal, { revision, template }) },
    ];
  });
  // a claim is handed to its pod before the pod goes
  const deaths = retained.length > 0
    ? []
    : remove.map((object): Write => ({ verb: "delete", object }));
  const isLive = ({ metadata: { name } }: Readonly<ControllerRevision>) =>
    name === standing.current || pods.some((pod) => revisionOf(pod) === name);
  const writes: Write[] = [
    ...retained,
    ...deaths,
    ...forgetting(history, set.spec.revisionHistoryLimit ?? 10, isLive),
    ...towardStatus(set, statusOf(standing)),
    ...claimsThatWereLost(standing, cache),
    ...born,
  ];
  const againMs = nextAvailableMs(pods, availability);
  return { writes, ...(againMs === undefined ? {} : { againMs }) };
}

/** A pod whose claims could not be made with it, or that lost one, does not start until they are there. */
function claimsThatWereLost({ set, pods }: Standing, cache: Cache): Write[] {
  return pods.filter((pod) => (pod.status?.phase ?? "Pending") === "Pending" && !isEnding(pod))
    .flatMap((pod) => missingClaims(set, ordinalOf(set, pod)!, cache));
}

function missingClaims(set: Readonly<StatefulSet>, ordinal: number, cache: Cache): Write[] {
  return [...claimsFor(set, ordinal).values()]
    .filter(({ metadata: { namespace = "", name } }) =>
      cache.get(PERSISTENT_VOLUME_CLAIMS, namespace, name) === undefined
    )
    .map((object) => ({ verb: "create", object }));
}

function templateIn({ data }: Readonly<ControllerRevision>): PodTemplateSpec {
  const { spec } = data as { spec: { template: PodTemplateSpec & { $patch?: string } } };
  const { $patch: _directive, ...template } = spec.template;
  return template;
}

function statusOf(standing: Standing): StatefulSetStatus {
  const { set, pods, current, update } = standing;
  const count = (holds: (pod: Readonly<Pod>) => boolean) => pods.filter(holds).length;
  const living = (name: string) => count((pod) => !isEnding(pod) && revisionOf(pod) === name);
  const updated = living(update);
  const ready = count((pod) => !isEnding(pod) && isReady(pod));
  const isRolling = set.spec.updateStrategy?.type !== "OnDelete";
  const isWhole = pods.length === (set.spec.replicas ?? 1); // one that was lost comes back as it was
  const isDone = isRolling && isWhole && updated === pods.length && ready === pods.length;
  const filled = Object.entries({
    readyReplicas: ready,
    currentReplicas: isDone ? updated : living(current),
    updatedReplicas: updated,
    observedGeneration: set.metadata.generation ?? 0,
  }).filter(([, value]) => value !== 0);
  return {
    ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
    ...Object.fromEntries(filled),
    replicas: pods.length,
    availableReplicas: count(standing.isAvailable),
    collisionCount: set.status?.collisionCount ?? 0,
    currentRevision: isDone ? update : current,
    updateRevision: update,
  };
}

function ownerOf({ before, after }: Change<ControllerRevision>): ObjectKey[] {
  const revision = (after ?? before)!;
  const owner = controllerOf(revision);
  if (owner?.kind !== "StatefulSet") return [];
  return [{ namespace: revision.metadata.namespace ?? "", name: owner.name }];
}

/** A pod may wait for a claim that was still there when it was made, and to go. */
function whoLost({ before, after }: Change<PersistentVolumeClaim>, cache: Cache): ObjectKey[] {
  if (before === undefined || after !== undefined) return [];
  return cache.list(STATEFUL_SETS, before.metadata.namespace)
    .filter((set) => isClaimOf(set, before)).map(keyOf);
}

/** Source of the texts: Kubernetes, recordPodEvent of stateful sets. */
function reportOf(write: Write, outcome: KubeObject | StatusError | undefined): Report | undefined {
  if (write.verb !== "create" && write.verb !== "delete") return undefined;
  const { kind, metadata } = write.object;
  if (kind !== "Pod" && kind !== "PersistentVolumeClaim") return undefined;
  const isCreate = write.verb === "create";
  const what = kind === "Pod" ? "Pod" : "Claim";
  const message = `${write.verb} ${what} ${metadata.name}`;
  if (outcome instanceof StatusError) {
    const reason = isCreate ? "FailedCreate" : "FailedDelete";
    return { type: "Warning", reason, message: `${message} failed error: ${outcome.message}` };
  }
  const reason = isCreate ? "SuccessfulCreate" : "SuccessfulDelete";
  return { type: "Normal", reason, message: `${message} successful` };
}
