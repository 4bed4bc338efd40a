import type { Node, Pod } from "../api/types/core_v1.ts";
import { NODES, PODS } from "../api/types/resources.ts";
import type { Cache, Write } from "../client/cache.ts";
import {
  type Change,
  type Controller,
  NOTHING_TO_DO,
  type ObjectKey,
  onChangeOf,
} from "./controller.ts";
import { conditionOf } from "./pods.ts";

/** A pod that names a node which was never seen waits so long for it. Source: kube-controller-manager, pod GC's quarantine. */
const QUARANTINE_MS = 40_000;

/**
 * Deletes pods that were bound to a node which is gone, also when another node has taken its name since: nobody
 * runs them, and nobody would ever say so.
 */
export const podGarbageCollector: Controller<Node> = {
  name: "pod-garbage-collector",
  reconciles: NODES,
  requeueOn: [onChangeOf(PODS, missingNodeOf)],
  /** The watch of nodes may be behind the one of pods: a node counts as gone when the apiserver says so. */
  reads: ({ name }, node) =>
    node === undefined
      ? [{ resource: NODES, options: { fieldSelector: `metadata.name=${name}` } }]
      : [],
  plan: (node, { cache }) => ({
    writes: podsOn(node.metadata.name, cache).filter((pod) => isOfEarlier(pod, node)).map(remove),
  }),
  planGone({ name }, { cache, now, since, read }) {
    if (read(NODES).length > 0) return NOTHING_TO_DO;
    const pods = podsOn(name, cache);
    const bound = pods.filter((pod) => boundAt(pod) !== undefined);
    if (bound.length === pods.length) return { writes: bound.map(remove) };
    const waitMs = since("missing") + QUARANTINE_MS - now;
    if (waitMs <= 0) return { writes: pods.map(remove) };
    return { writes: bound.map(remove), againMs: waitMs };
  },
};

function missingNodeOf({ before, after }: Change<Pod>, cache: Cache): ObjectKey[] {
  const { nodeName = "" } = after?.spec ?? {};
  if (nodeName === "" || before?.spec.nodeName === nodeName) return [];
  const node = cache.get(NODES, "", nodeName);
  if (node !== undefined && !isOfEarlier(after as Pod, node)) return [];
  return [{ namespace: "", name: nodeName }];
}

function podsOn(nodeName: string, cache: Cache): Readonly<Pod>[] {
  return cache.list(PODS).filter(({ spec }) => spec.nodeName === nodeName);
}

/** Bound before the node came: to one that had its name. Both times are the apiserver's. */
function isOfEarlier(pod: Readonly<Pod>, { metadata }: Readonly<Node>): boolean {
  const bound = boundAt(pod);
  return bound !== undefined && bound < Date.parse(metadata.creationTimestamp ?? "");
}

/** When the scheduler bound the pod; undefined for one that was made with its node. */
function boundAt(pod: Readonly<Pod>): number | undefined {
  const condition = conditionOf(pod, "PodScheduled");
  return condition?.status === "True" ? Date.parse(condition.lastTransitionTime ?? "") : undefined;
}

function remove(object: Readonly<Pod>): Write {
  return { verb: "delete", object, gracePeriodSeconds: 0 };
}
