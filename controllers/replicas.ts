/** What every controller of equal pods does: claim those that are its own, make what is missing, count. */
import type { Pod, PodTemplateSpec } from "../api/types/core_v1.ts";
import { PROGRAMMED_CONDITION } from "../api/types/drain_barrier.ts";
import { matchesLabels, type Selector } from "../api/types/labels.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { PODS, type Resource } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import type { Cache, Write } from "../client/cache.ts";
import {
  adopted,
  controllerOf,
  controllerReferenceTo,
  isControlledBy,
  released,
} from "../client/owners.ts";
import { type Availability, isAvailable, nextAvailableMs } from "./availability.ts";
import {
  type Change,
  type ObjectKey,
  onChangeOf,
  type Report,
  type Trigger,
} from "./controller.ts";
import { inDeletionOrder } from "./deletion_order.ts";
import { conditionOf, haveSameLabels, isActive, isReady, readySince } from "./pods.ts";

/** Pods created or deleted in one pass. Source: kube-controller-manager, BurstReplicas. */
const BURST_MAX = 500;

/** So many pods of one template, which belong to `owner`. */
export interface Replicas {
  readonly owner: Readonly<KubeObject>;
  readonly selector: Selector;
  readonly template: PodTemplateSpec;
  readonly wanted: number;
  /** A pod counts as available after being ready for so long. */
  readonly minReadySeconds: number;
}

/** What the owner's status says of its pods; zeros are left out of what is stored. */
export interface Counts {
  readonly replicas: number;
  readonly fullyLabeledReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly observedGeneration?: number;
}

export interface ReplicasPlan {
  readonly writes: readonly Write[];
  readonly counts: Counts;
  /** Until the next ready pod becomes available; undefined when none is going to. */
  readonly againMs: number | undefined;
}

export function planReplicas(replicas: Replicas, cache: Cache, now: number): ReplicasPlan {
  const active = claimable(PODS, replicas.owner, cache).filter(isActive);
  const claims = claimsOf(replicas.owner, replicas.selector, active);
  const availability = { minReadySeconds: replicas.minReadySeconds, cache, now };
  return {
    writes: claims.writes.length > 0 ? claims.writes : towardWanted(replicas, claims.mine),
    counts: countsOf(replicas, claims.mine, availability),
    againMs: nextAvailableMs(claims.mine, availability),
  };
}

/**
 * Wakes a pod's controller of this kind, and for a pod without a controller those that would adopt it as it
 * is labelled now.
 * @param countsTheSame whether a change that leaves readiness and labels alone is nothing to this kind either
 */
export function onPodsOf(
  kind: string,
  adoptersOf: (pod: Readonly<Pod>, cache: Cache) => readonly ObjectKey[],
  countsTheSame: (before: Readonly<Pod>, after: Readonly<Pod>) => boolean = () => true,
): Trigger {
  return onChangeOf(PODS, ({ before, after }, cache) => {
    const isChange = before === undefined || after === undefined ||
      !countTheSame(before, after) || !countsTheSame(before, after);
    if (!isChange) return [];
    const keys = [before, after].flatMap((pod) => {
      const owner = pod && controllerOf(pod);
      if (pod === undefined || owner?.kind !== kind) return [];
      return [{ namespace: pod.metadata.namespace ?? "", name: owner.name }];
    });
    return isNewOrphan({ before, after }) ? [...keys, ...adoptersOf(after!, cache)] : keys;
  });
}

function isNewOrphan({ before, after }: Change<Pod>): boolean {
  if (after === undefined || controllerOf(after) !== undefined) return false;
  return before === undefined || controllerOf(before) !== undefined ||
    !haveSameLabels(before, after);
}

/** Binding, for one, changes nothing that is counted. */
function countTheSame(before: Readonly<Pod>, after: Readonly<Pod>): boolean {
  return isActive(before) === isActive(after) && readySince(before) === readySince(after) &&
    conditionOf(before, PROGRAMMED_CONDITION)?.status ===
      conditionOf(after, PROGRAMMED_CONDITION)?.status &&
    controllerOf(before)?.uid === controllerOf(after)?.uid && haveSameLabels(before, after);
}

/** What an owner has, and may have: a namespace of thousands of pods is not looked through for each of its owners. */
export function claimable<T extends KubeObject>(
  resource: Resource<T>,
  { metadata: { namespace = "", uid = "" } }: Readonly<KubeObject>,
  cache: Cache,
): readonly Readonly<T>[] {
  const own = cache.controlledBy(resource, namespace, uid);
  const orphans = cache.controlledBy(resource, namespace, "");
  return orphans.length === 0 ? own : [...own, ...orphans];
}

/**
 * The objects that count as the owner's, and the writes that make ownership say so: objects that match and
 * belong to nobody are adopted, own ones that match no more are released.
 */
export function claimsOf<T extends KubeObject>(
  owner: Readonly<KubeObject>,
  selector: Selector,
  objects: readonly Readonly<T>[],
): { mine: Readonly<T>[]; writes: Write[] } {
  const mine: Readonly<T>[] = [];
  const writes: Write[] = [];
  for (const object of objects) {
    const matches = selector.matches(object.metadata.labels);
    if (isControlledBy(object, owner)) {
      if (matches) mine.push(object);
      else writes.push({ verb: "update", object: released(object, owner) });
    } else if (matches && controllerOf(object) === undefined) {
      mine.push(object);
      writes.push({ verb: "update", object: adopted(object, owner) });
    }
  }
  return { mine, writes };
}

function towardWanted(replicas: Replicas, pods: readonly Readonly<Pod>[]): Write[] {
  const missing = replicas.wanted - pods.length;
  if (missing >= 0) {
    const length = Math.min(missing, BURST_MAX);
    return Array.from({ length }, () => ({ verb: "create", object: podOf(replicas) }));
  }
  return inDeletionOrder(pods).slice(0, Math.min(-missing, BURST_MAX))
    .map((object) => ({ verb: "delete", object }));
}

function podOf({ owner, template: { metadata, spec } }: Replicas): Pod {
  const { labels, annotations, finalizers } = metadata;
  const { name, namespace = "" } = owner.metadata;
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
      ownerReferences: [controllerReferenceTo(owner)],
    },
    spec,
  };
}

function countsOf(
  { owner, template }: Replicas,
  pods: readonly Readonly<Pod>[],
  availability: Availability,
): Counts {
  const labels = template.metadata.labels ?? {};
  const count = (holds: (pod: Readonly<Pod>) => boolean) => pods.filter(holds).length;
  const counts = {
    fullyLabeledReplicas: count((pod) => matchesLabels(labels, pod.metadata.labels)),
    readyReplicas: count(isReady),
    availableReplicas: count((pod) => isAvailable(pod, availability)),
    observedGeneration: owner.metadata.generation ?? 0,
  };
  const filled = Object.entries(counts).filter(([, value]) => value !== 0);
  return { replicas: pods.length, ...Object.fromEntries(filled) };
}

/** Source of the texts: kube-controller-manager, PodControl. */
export function reportOnPods(
  write: Write,
  outcome: KubeObject | StatusError | undefined,
): Report | undefined {
  if (write.verb !== "create" && write.verb !== "delete") return undefined;
  if (write.object.kind !== "Pod") return undefined;
  const isCreate = write.verb === "create";
  if (outcome instanceof StatusError) {
    return {
      type: "Warning",
      reason: isCreate ? "FailedCreate" : "FailedDelete",
      message: `Error ${isCreate ? "creating" : "deleting"}: ${outcome.message}`,
    };
  }
  return {
    type: "Normal",
    reason: isCreate ? "SuccessfulCreate" : "SuccessfulDelete",
    message: isCreate
      ? `Created pod: ${outcome?.metadata.name}`
      : `Deleted pod: ${write.object.metadata.name}`,
  };
}
