import type {
  Pod,
  ReplicationController,
  ReplicationControllerStatus,
} from "../api/types/core_v1.ts";
import { matchesLabels } from "../api/types/labels.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { PODS, REPLICATION_CONTROLLERS } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import type { Cache, Write } from "../client/cache.ts";
import {
  adopted,
  controllerOf,
  controllerReferenceTo,
  isControlledBy,
  released,
} from "../client/owners.ts";
import { selecting } from "../client/selecting.ts";
import { towardStatus } from "../client/writes.ts";
import {
  type Change,
  type Controller,
  keyOf,
  NOTHING_TO_DO,
  type ObjectKey,
  onChangeOf,
  type Report,
} from "./controller.ts";
import { inDeletionOrder } from "./deletion_order.ts";
import { haveSameLabels, isActive, isReady, readySince } from "./pods.ts";

/** Pods created or deleted in one pass. Source: kube-controller-manager, BurstReplicas. */
const BURST_MAX = 500;

/** Keeps `spec.replicas` pods alive for each ReplicationController. */
export const replicationController: Controller<ReplicationController> = {
  name: "replication-controller",
  reconciles: REPLICATION_CONTROLLERS,
  concurrency: 5,
  requeueOn: [onChangeOf(PODS, controllersOf)],
  plan(controller, { cache, now }) {
    if (controller.metadata.deletionTimestamp !== undefined) return NOTHING_TO_DO;
    const inNamespace = cache.list(PODS, controller.metadata.namespace).filter(isActive);
    const claims = claimsOf(controller, inNamespace);
    const { pods } = claims;
    const again = nextAvailableMs(controller, pods, now);
    const changes = claims.writes.length > 0 ? claims.writes : replicasOf(controller, pods);
    return {
      writes: [...changes, ...towardStatus(controller, statusOf(controller, pods, now))],
      ...(again === undefined ? {} : { againMs: again }),
    };
  },
  reports: reportOf,
};

/** A pod's controller, and for a pod without one those that would adopt it as it is labelled now. */
function controllersOf({ before, after }: Change<Pod>, cache: Cache): ObjectKey[] {
  if (before !== undefined && after !== undefined && countTheSame(before, after)) return [];
  const keys = [before, after].flatMap((pod) => {
    const owner = pod && controllerOf(pod);
    if (pod === undefined || owner?.kind !== "ReplicationController") return [];
    return [{ namespace: pod.metadata.namespace ?? "", name: owner.name }];
  });
  if (after === undefined || controllerOf(after) !== undefined) return keys;
  const isOld = before !== undefined && controllerOf(before) === undefined &&
    haveSameLabels(before, after);
  if (isOld) return keys;
  const candidates = cache.list(REPLICATION_CONTROLLERS, after.metadata.namespace);
  return [...keys, ...selecting(candidates, after.metadata.labels).map(keyOf)];
}

/** Binding, for one, changes nothing that is counted. */
function countTheSame(before: Readonly<Pod>, after: Readonly<Pod>): boolean {
  return isActive(before) === isActive(after) && readySince(before) === readySince(after) &&
    controllerOf(before)?.uid === controllerOf(after)?.uid && haveSameLabels(before, after);
}

/**
 * The pods that count as the controller's, and the writes that make ownership say so: pods that match and
 * belong to nobody are adopted, own ones that match no more are released.
 */
function claimsOf(controller: Readonly<ReplicationController>, pods: readonly Readonly<Pod>[]) {
  const { selector = {} } = controller.spec;
  const mine: Readonly<Pod>[] = [];
  const writes: Write[] = [];
  for (const pod of pods) {
    const matches = matchesLabels(selector, pod.metadata.labels);
    if (isControlledBy(pod, controller)) {
      if (matches) mine.push(pod);
      else writes.push({ verb: "update", object: released(pod, controller) });
    } else if (matches && controllerOf(pod) === undefined) {
      mine.push(pod);
      writes.push({ verb: "update", object: adopted(pod, controller) });
    }
  }
  return { pods: mine, writes };
}

function replicasOf(
  controller: Readonly<ReplicationController>,
  pods: readonly Readonly<Pod>[],
): Write[] {
  const missing = (controller.spec.replicas ?? 1) - pods.length;
  if (missing >= 0) {
    const length = Math.min(missing, BURST_MAX);
    return Array.from({ length }, () => ({ verb: "create", object: newPod(controller) }));
  }
  return inDeletionOrder(pods).slice(0, Math.min(-missing, BURST_MAX))
    .map((object) => ({ verb: "delete", object }));
}

function newPod(controller: Readonly<ReplicationController>): Pod {
  const { metadata: { labels, annotations, finalizers }, spec } = controller.spec.template;
  const { name, namespace = "" } = controller.metadata;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "",
      generateName: `${name}-`,
      namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReferenceTo(controller)],
    },
    spec,
  };
}

function statusOf(
  { metadata, spec, status }: Readonly<ReplicationController>,
  pods: readonly Readonly<Pod>[],
  now: number,
): ReplicationControllerStatus {
  const template = spec.template.metadata.labels ?? {};
  const minReadyMs = (spec.minReadySeconds ?? 0) * 1000;
  const count = (holds: (pod: Readonly<Pod>) => boolean) => pods.filter(holds).length;
  const counts = {
    fullyLabeledReplicas: count((pod) => matchesLabels(template, pod.metadata.labels)),
    readyReplicas: count(isReady),
    availableReplicas: count((pod) => {
      const since = readySince(pod);
      return since !== undefined && (minReadyMs === 0 || since + minReadyMs <= now);
    }),
    observedGeneration: metadata.generation ?? 0,
  };
  const filled = Object.entries(counts).filter(([, value]) => value !== 0);
  return {
    ...(status?.conditions === undefined ? {} : { conditions: status.conditions }),
    replicas: pods.length,
    ...Object.fromEntries(filled),
  };
}

/** Until the next ready pod becomes available; undefined when none is going to. */
function nextAvailableMs(
  { spec: { minReadySeconds = 0 } }: Readonly<ReplicationController>,
  pods: readonly Readonly<Pod>[],
  now: number,
): number | undefined {
  if (minReadySeconds === 0) return undefined;
  const waits = pods.map((pod) => (readySince(pod) ?? -Infinity) + minReadySeconds * 1000 - now);
  const least = Math.min(...waits.filter((ms) => ms > 0));
  return least === Infinity ? undefined : least;
}

/** Source of the texts: kube-controller-manager, PodControl. */
function reportOf(write: Write, outcome: KubeObject | StatusError | undefined): Report | undefined {
  if (outcome instanceof StatusError) {
    if (write.verb !== "create" && write.verb !== "delete") return undefined;
    const isCreate = write.verb === "create";
    return {
      type: "Warning",
      reason: isCreate ? "FailedCreate" : "FailedDelete",
      message: `Error ${isCreate ? "creating" : "deleting"}: ${outcome.message}`,
    };
  }
  if (write.verb === "create") {
    const message = `Created pod: ${outcome?.metadata.name}`;
    return { type: "Normal", reason: "SuccessfulCreate", message };
  }
  if (write.verb !== "delete") return undefined;
  const message = `Deleted pod: ${write.object.metadata.name}`;
  return { type: "Normal", reason: "SuccessfulDelete", message };
}
