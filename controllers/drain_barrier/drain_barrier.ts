import { type Lease, LEASES } from "../../api/types/coordination_v1.ts";
import type { Endpoints, Node, Pod, PodCondition, Service } from "../../api/types/core_v1.ts";
import {
  BARRIER_MS_MAX,
  DRAINED_CONDITION,
  lettingGoMsMax,
  NODE_LEASE_NAMESPACE,
  PROGRAMMED_CONDITION,
} from "../../api/types/drain_barrier.ts";
import { ENDPOINTS, NODES, PODS, SERVICES } from "../../api/types/resources.ts";
import type { Cache } from "../../client/cache.ts";
import { selecting } from "../../client/selecting.ts";
import {
  type Change,
  type Controller,
  keyOf,
  NOTHING_TO_DO,
  type ObjectKey,
  onChangeOf,
  type Plan,
  type World,
} from "../controller.ts";
import { conditionOf, isOver, isReady, timeOf } from "../pods.ts";
import { isReadyNode, movesAll, nodesBehind } from "./acknowledgements.ts";

/**
 * Tells a pod that no ready node leads to it any more, which its agent waits for, or that every one does, which
 * rollouts wait for. Both wait for a bound at the most, and only pods that a service selects.
 */
export const drainBarrierController: Controller<Pod> = {
  name: "drain-barrier",
  reconciles: PODS,
  concurrency: 16,
  requeueOn: [
    onChangeOf(ENDPOINTS, podsListedIn),
    onChangeOf(LEASES, wokenByLease),
    onChangeOf(NODES, wokenByNode),
    onChangeOf(SERVICES, () => []),
  ],
  plan(pod, world) {
    const question = questionOf(pod);
    if (question === undefined) return NOTHING_TO_DO;
    const services = servicesOf(pod, world.cache);
    return services.length === 0 ? NOTHING_TO_DO : planAnswer(pod, services, world, question);
  },
};

/** What is to be known of the pod, and how it is told. */
interface Question {
  readonly condition: string;
  /** Whether endpoints should list the pod. */
  readonly isListed: boolean;
  readonly msMax: number;
  readonly text: string;
}

const COMES: Question = {
  condition: PROGRAMMED_CONDITION,
  isListed: true,
  msMax: BARRIER_MS_MAX,
  text: "lead to the pod",
};

/** Undefined where nothing is, or it is answered. */
function questionOf(pod: Readonly<Pod>): Question | undefined {
  if (pod.status?.podIP === undefined || isOver(pod)) return undefined;
  const { deletionTimestamp, deletionGracePeriodSeconds = 30 } = pod.metadata;
  if (deletionTimestamp === undefined) {
    return isReady(pod) && conditionOf(pod, PROGRAMMED_CONDITION) === undefined ? COMES : undefined;
  }
  if (conditionOf(pod, DRAINED_CONDITION) !== undefined) return undefined;
  return {
    condition: DRAINED_CONDITION,
    isListed: false,
    msMax: lettingGoMsMax(deletionGracePeriodSeconds),
    text: "have let go of the pod",
  };
}

function planAnswer(
  pod: Readonly<Pod>,
  services: readonly Readonly<Service>[],
  { cache, now, since }: World,
  { condition: type, isListed, msMax, text }: Question,
): Plan {
  const missing = missingFor(pod, services, cache, isListed);
  const answer = (said: Omit<PodCondition, "type">): Plan => ({
    writes: [{
      verb: "updateStatus",
      object: withCondition(pod, { type, ...said, lastTransitionTime: timeOf(now) }),
    }],
  });
  if (missing === "") return answer({ status: "True", reason: "EveryNode" });
  const leftMs = since(type) + msMax - now;
  if (leftMs > 0) return { writes: [], againMs: leftMs };
  const message = `Not all nodes ${text} after ${msMax / 1000} s: ${missing}`;
  return answer({ status: "False", reason: "TimedOut", message });
}

/** @returns what has not come about yet; "" when everything has */
function missingFor(
  pod: Readonly<Pod>,
  services: readonly Readonly<Service>[],
  cache: Cache,
  isListed: boolean,
): string {
  let revision = 0;
  for (const { metadata: { namespace = "", name } } of services) {
    const endpoints = cache.get(ENDPOINTS, namespace, name);
    if (lists(endpoints, pod) !== isListed) {
      return `endpoints ${name} ${isListed ? "do not list it" : "still list it"}`;
    }
    revision = Math.max(revision, Number(endpoints?.metadata.resourceVersion ?? 0));
  }
  const behind = nodesBehind(revision, cache);
  return behind.length === 0 ? "" : `${behind.join(", ")} at endpoints before revision ${revision}`;
}

/** Services that keep the addresses of pods that end are nothing to wait for. */
function servicesOf({ metadata }: Readonly<Pod>, cache: Cache): Readonly<Service>[] {
  return selecting(cache.list(SERVICES, metadata.namespace), metadata.labels)
    .filter(({ spec }) => spec.type !== "ExternalName" && !spec.publishNotReadyAddresses);
}

function lists(endpoints: Readonly<Endpoints> | undefined, pod: Readonly<Pod>): boolean {
  return (endpoints?.subsets ?? []).some(({ addresses = [] }) =>
    addresses.some(({ targetRef }) => targetRef?.uid === pod.metadata.uid)
  );
}

function withCondition(pod: Readonly<Pod>, condition: PodCondition): Pod {
  const conditions = [...pod.status?.conditions ?? [], condition];
  return { ...pod, status: { ...pod.status, conditions } };
}

/** Pods that came to the endpoints, or left them, and wait to hear of it. */
function podsListedIn({ before, after }: Change<Endpoints>, cache: Cache): ObjectKey[] {
  const names = new Set<string>();
  for (const { addresses = [] } of [...before?.subsets ?? [], ...after?.subsets ?? []]) {
    for (const { targetRef } of addresses) if (targetRef?.name) names.add(targetRef.name);
  }
  const { namespace = "" } = (after ?? before)?.metadata ?? {};
  return [...names].filter((name) => {
    const pod = cache.get(PODS, namespace, name);
    return pod !== undefined && questionOf(pod) !== undefined;
  }).map((name) => ({ namespace, name }));
}

/** Only a lease that moves on what all nodes have can be an answer. */
function wokenByLease(change: Change<Lease>, cache: Cache): ObjectKey[] {
  const { namespace, name = "" } = (change.after ?? change.before)?.metadata ?? {};
  if (namespace !== NODE_LEASE_NAMESPACE) return [];
  return movesAll(name, change, cache) ? waiting(cache) : [];
}

function wokenByNode({ before, after }: Change<Node>, cache: Cache): ObjectKey[] {
  const wasReady = before !== undefined && isReadyNode(before);
  return wasReady && !(after !== undefined && isReadyNode(after)) ? waiting(cache) : [];
}

function waiting(cache: Cache): ObjectKey[] {
  return cache.list(PODS)
    .filter((pod) => questionOf(pod) !== undefined && servicesOf(pod, cache).length > 0)
    .map(keyOf);
}
