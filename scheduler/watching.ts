import { isDeepStrictEqual } from "node:util";
import type { Node, Pod, Service } from "../api/types/core_v1.ts";
import type { WatchedCache } from "../client/cache.ts";
import { NODES, PODS, SERVICES } from "../api/types/resources.ts";
import type { SchedulingQueue } from "./queue.ts";
import type { Snapshot } from "./snapshot.ts";

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
      cache.onChange(NODES, (before, after) => this.#onNode(before, after)),
      cache.onChange(SERVICES, (before, after) => this.#onService(before, after)),
      cache.onChange(PODS, (before, after) => this.#onPod(before, after)),
    ];
    return () => ends.forEach((end) => end());
  }

  #onPod(before: Readonly<Pod> | undefined, after: Readonly<Pod> | undefined): void {
    if (after === undefined || isOver(after)) {
      if (before !== undefined) this.#onPodGone(before);
      return;
    }
    if (after.spec.nodeName) {
      this.queue.remove(after);
      return this.snapshot.setPod(after);
    }
    if (!this.#isWaiting(after)) return this.queue.remove(after);
    if (this.snapshot.isAssumed(after)) return;
    this.queue.put(after, before === undefined || mayFitNow(before, after));
  }

  #onPodGone(before: Readonly<Pod>): void {
    const wasPlaced = before.spec.nodeName || this.snapshot.isAssumed(before);
    this.queue.remove(before);
    this.snapshot.removePod(before);
    if (wasPlaced) this.queue.wake();
  }

  #isWaiting({ metadata, spec }: Readonly<Pod>): boolean {
    return metadata.deletionTimestamp === undefined &&
      (spec.schedulerName ?? this.schedulerName) === this.schedulerName &&
      (spec.schedulingGates ?? []).length === 0;
  }

  #onNode(before: Readonly<Node> | undefined, after: Readonly<Node> | undefined): void {
    if (after === undefined) return this.snapshot.removeNode(before?.metadata.name ?? "");
    this.snapshot.setNode(after);
    if (before === undefined || mayTakeMore(before, after)) this.queue.wake();
  }

  #onService(before: Readonly<Service> | undefined, after: Readonly<Service> | undefined): void {
    if (after !== undefined) return this.snapshot.setService(after);
    const { namespace = "", name = "" } = before?.metadata ?? {};
    this.snapshot.removeService(namespace, name);
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
function mayTakeMore(before: Readonly<Node>, after: Readonly<Node>): boolean {
  const read = ({ metadata, spec, status }: Readonly<Node>) => [
    metadata.labels,
    spec.unschedulable ?? false,
    spec.taints,
    status?.allocatable,
    status?.capacity,
    status?.conditions?.find(({ type }) => type === "Ready")?.status,
  ];
  return !isDeepStrictEqual(read(before), read(after));
}
