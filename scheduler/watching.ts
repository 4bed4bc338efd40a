import { isDeepStrictEqual } from "node:util";
import type {
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Service,
} from "../api/types/core_v1.ts";
import type { StorageClass } from "../api/types/storage_v1.ts";
import { STORAGE_CLASSES } from "../api/types/storage_v1.ts";
import type { WatchedCache } from "../client/cache.ts";
import {
  NAMESPACES,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  SERVICES,
} from "../api/types/resources.ts";
import { CHANGES, type Changes } from "./changes.ts";
import { podInfoOf, uidOf } from "./pod_info.ts";
import type { SchedulingQueue } from "./queue.ts";
import type { Snapshot } from "./snapshot.ts";

/** Everything that decisions depend on. */
export const WATCHED = [
  NODES,
  SERVICES,
  PODS,
  NAMESPACES,
  PERSISTENT_VOLUMES,
  PERSISTENT_VOLUME_CLAIMS,
  STORAGE_CLASSES,
] as const;

type Old<T> = Readonly<T> | undefined;

/** Feeds what the watches deliver to the snapshot and the queue of one scheduler. */
export class Watching {
  constructor(
    readonly schedulerName: string,
    readonly snapshot: Snapshot,
    readonly queue: SchedulingQueue,
  ) {}

  /** @returns a function that ends it */
  begin(cache: WatchedCache): () => void {
    const ends = [
      cache.onChange(NAMESPACES, (before, after) => this.#onNamespace(before, after)),
      cache.onChange(STORAGE_CLASSES, (before, after) => this.#onClass(before, after)),
      cache.onChange(PERSISTENT_VOLUMES, (before, after) => this.#onVolume(before, after)),
      cache.onChange(PERSISTENT_VOLUME_CLAIMS, (before, after) => this.#onClaim(before, after)),
      cache.onChange(NODES, (before, after) => this.#onNode(before, after)),
      cache.onChange(SERVICES, (before, after) => this.#onService(before, after)),
      cache.onChange(PODS, (before, after) => this.#onPod(before, after)),
    ];
    return () => ends.forEach((end) => end());
  }

  #onPod(before: Old<Pod>, after: Old<Pod>): void {
    if (after === undefined || isOver(after)) {
      if (before !== undefined) this.#onPodGone(before);
      return;
    }
    if (after.spec.nodeName) return this.#onPlaced(before, after);
    if (!this.#isWaiting(after)) return this.#forget(after);
    if (this.snapshot.isAssumed(after)) return;
    const { nominatedNodeName } = after.status ?? {};
    if (before === undefined && nominatedNodeName) {
      this.snapshot.nominated.set(podInfoOf(after), nominatedNodeName);
    }
    this.queue.put(after, before === undefined || mayFitNow(before, after));
  }

  #onPlaced(before: Old<Pod>, after: Readonly<Pod>): void {
    this.#forget(after);
    const isNew = !before?.spec.nodeName && !this.snapshot.isAssumed(after);
    this.snapshot.setPod(after);
    if (isNew) this.queue.wake(CHANGES.podPlaced);
    else if (!isDeepStrictEqual(before?.metadata.labels, after.metadata.labels)) {
      this.queue.wake(CHANGES.podLabels);
    }
  }

  #onPodGone(before: Readonly<Pod>): void {
    const wasPlaced = before.spec.nodeName || this.snapshot.isAssumed(before);
    const wasAwaited = this.snapshot.nominated.nodeOf(uidOf(before)) !== undefined;
    this.#forget(before);
    this.snapshot.removePod(before);
    if (wasPlaced || wasAwaited) this.queue.wake(CHANGES.podGone);
  }

  #forget(pod: Readonly<Pod>): void {
    this.queue.remove(pod);
    this.snapshot.nominated.remove(uidOf(pod));
  }

  #isWaiting({ metadata, spec }: Readonly<Pod>): boolean {
    return metadata.deletionTimestamp === undefined &&
      (spec.schedulerName ?? this.schedulerName) === this.schedulerName &&
      (spec.schedulingGates ?? []).length === 0;
  }

  #onNode(before: Old<Node>, after: Old<Node>): void {
    if (after === undefined) return this.snapshot.removeNode(before?.metadata.name ?? "");
    this.snapshot.setNode(after);
    const changes = before === undefined ? CHANGES.nodeAdded : changesOf(before, after);
    if (changes !== 0) this.queue.wake(changes);
  }

  #onService(before: Old<Service>, after: Old<Service>): void {
    if (after !== undefined) this.snapshot.setService(after);
    else {
      const { namespace = "", name = "" } = before?.metadata ?? {};
      this.snapshot.removeService(namespace, name);
    }
    this.queue.wake(CHANGES.services);
  }

  #onNamespace(before: Old<Namespace>, after: Old<Namespace>): void {
    const name = (after ?? before)?.metadata.name ?? "";
    const labels = after && (after.metadata.labels ?? {});
    if (before && isDeepStrictEqual(before.metadata.labels ?? {}, labels)) return;
    this.snapshot.counts.setNamespace(name, labels);
    this.queue.wake(CHANGES.namespaces);
  }

  #onClass(before: Old<StorageClass>, after: Old<StorageClass>): void {
    const { classes } = this.snapshot.volumes;
    if (after === undefined) classes.delete(before?.metadata.name ?? "");
    else classes.set(after.metadata.name, after);
    this.queue.wake(CHANGES.volumes);
  }

  #onVolume(before: Old<PersistentVolume>, after: Old<PersistentVolume>): void {
    const { volumes } = this.snapshot.volumes;
    if (after === undefined) volumes.delete(before?.metadata.name ?? "");
    else volumes.set(after.metadata.name, after);
    this.queue.wake(CHANGES.volumes);
  }

  #onClaim(before: Old<PersistentVolumeClaim>, after: Old<PersistentVolumeClaim>): void {
    const { volumes } = this.snapshot;
    if (after !== undefined) volumes.setClaim(after);
    else {
      const { namespace = "", name } = before?.metadata ?? { name: "" };
      volumes.claims.delete(`${namespace}/${name}`);
    }
    if (!isDeepStrictEqual(before?.spec, after?.spec)) this.queue.wake(CHANGES.volumes);
  }
}

function isOver({ status }: Readonly<Pod>): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** A changed condition, such as our own, does not make a pod fit. */
function mayFitNow(before: Readonly<Pod>, after: Readonly<Pod>): boolean {
  return !isDeepStrictEqual(before.spec, after.spec) ||
    !isDeepStrictEqual(before.metadata.labels, after.metadata.labels);
}

/** What predicates read of a node; a heartbeat alone helps nobody. */
function changesOf(before: Readonly<Node>, after: Readonly<Node>): Changes {
  const readiness = ({ status }: Readonly<Node>) =>
    status?.conditions?.find(({ type }) => type === "Ready")?.status;
  let changes = 0;
  const note = (change: Changes, left: unknown, right: unknown) => {
    if (!isDeepStrictEqual(left, right)) changes |= change;
  };
  note(CHANGES.nodeLabels, before.metadata.labels, after.metadata.labels);
  note(CHANGES.nodeTaints, before.spec.taints, after.spec.taints);
  note(CHANGES.nodeTaints, before.spec.unschedulable ?? false, after.spec.unschedulable ?? false);
  note(CHANGES.nodeAllocatable, before.status?.allocatable, after.status?.allocatable);
  note(CHANGES.nodeAllocatable, before.status?.capacity, after.status?.capacity);
  note(CHANGES.nodeReady, readiness(before), readiness(after));
  return changes;
}
