import { isDeepStrictEqual } from "node:util";
import {
  CONTROLLER_REVISIONS,
  type ControllerRevision,
  DAEMON_SETS,
  type DaemonSet,
  type DaemonSetStatus,
} from "../../api/types/apps_v1.ts";
import type { Node, Pod } from "../../api/types/core_v1.ts";
import { selectorOf } from "../../api/types/labels.ts";
import { NODES, PODS } from "../../api/types/resources.ts";
import type { Cache, Write } from "../../client/cache.ts";
import { controllerOf, controllerReferenceTo } from "../../client/owners.ts";
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
  type World,
} from "../controller.ts";
import { isOver, isReady } from "../pods.ts";
import { claimable, claimsOf, onPodsOf, reportOnPods } from "../replicas.ts";
import { forgetting, hashOf, type History, historyOf, REVISION_HASH } from "../revision_history.ts";
import { fitOf, nodeNameOf, specFor } from "./node_fit.ts";
import { type NodePods, planUpdate, type Update } from "./update.ts";

/** Pods created or deleted in one pass. Source: kube-controller-manager, BurstReplicas of daemon sets. */
const BURST_MAX = 250;

/** Keeps one pod on every node that a DaemonSet's template fits, and replaces them when it changes. */
export const daemonSetController: Controller<DaemonSet> = {
  name: "daemonset-controller",
  reconciles: DAEMON_SETS,
  concurrency: 2,
  requeueOn: [
    SERVICES_FOLLOWED,
    onPodsOf("DaemonSet", ({ metadata: { namespace, labels } }, cache) => {
      return cache.list(DAEMON_SETS, namespace)
        .filter(({ spec }) => selectorOf(spec.selector).matches(labels)).map(keyOf);
    }),
    onChangeOf(NODES, everySetWhenNodesChange),
    onChangeOf(CONTROLLER_REVISIONS, ownerOf),
  ],
  plan(set, world) {
    const { namespace, deletionTimestamp } = set.metadata;
    if (deletionTimestamp !== undefined) return NOTHING_TO_DO;
    const history = historyOf(set, world.cache.list(CONTROLLER_REVISIONS, namespace));
    if (history.isCollision) {
      const status = {
        ...NO_PODS,
        ...set.status,
        collisionCount: (set.status?.collisionCount ?? 0) + 1,
      };
      return { writes: towardStatus(set, status) };
    }
    if (history.writes.length > 0) return { writes: history.writes };
    const pods = claimable(PODS, set, world.cache);
    const claims = claimsOf(set, selectorOf(set.spec.selector), pods);
    return claims.writes.length > 0 ? claims : planPods(set, claims.mine, history, world);
  },
  reports: reportOnPods,
};

const NO_PODS: DaemonSetStatus = {
  currentNumberScheduled: 0,
  numberMisscheduled: 0,
  desiredNumberScheduled: 0,
  numberReady: 0,
};

function planPods(
  set: Readonly<DaemonSet>,
  pods: readonly Readonly<Pod>[],
  history: History,
  { cache, now }: World,
): Plan {
  const hash = hashOf(history.newest as ControllerRevision);
  const availability = { minReadySeconds: set.spec.minReadySeconds ?? 0, cache, now };
  const nodes = onEachNode(set, pods, cache.list(NODES));
  const update: Update = {
    set,
    isNewest: ({ metadata }) => metadata.labels?.[REVISION_HASH] === hash,
    isAvailable: (pod) => isAvailable(pod, availability),
  };
  const managed = planNodes(nodes, update);
  const { create, remove } = managed.create.length + managed.remove.length > 0
    ? managed
    : planUpdate(nodes.filter(({ fit }) => fit.shouldRun), update);
  const isLive = (revision: Readonly<ControllerRevision>) =>
    pods.some(({ metadata }) => metadata.labels?.[REVISION_HASH] === hashOf(revision));
  const writes: Write[] = [
    ...remove.slice(0, BURST_MAX).map((object): Write => ({ verb: "delete", object })),
    ...forgetting(history, set.spec.revisionHistoryLimit ?? 10, isLive),
    ...towardStatus(set, statusOf(nodes, update)),
    ...create.slice(0, BURST_MAX).map((node): Write => {
      return { verb: "create", object: podFor(set, node, hash) };
    }),
  ];
  const againMs = nextAvailableMs(pods, availability);
  return { writes, ...(againMs === undefined ? {} : { againMs }) };
}

/** Every node with the set's pods on it, or meant for it; and those of nodes that are gone. */
function onEachNode(
  set: Readonly<DaemonSet>,
  pods: readonly Readonly<Pod>[],
  nodes: readonly Readonly<Node>[],
): NodePods[] {
  const byNode = Map.groupBy(pods, nodeNameOf);
  const there = nodes.map((node) => {
    const { name } = node.metadata;
    return { name, fit: fitOf(set, node), pods: oldestFirst(byNode.get(name) ?? []) };
  });
  const known = new Set(there.map(({ name }) => name));
  const fit = { shouldRun: false, mayStay: false };
  const strays = [...byNode].filter(([name]) => !known.has(name))
    .map(([name, stray]) => ({ name, fit, pods: oldestFirst(stray) }));
  return [...there, ...strays];
}

function oldestFirst(pods: readonly Readonly<Pod>[]): Readonly<Pod>[] {
  const age = ({ metadata }: Readonly<Pod>) =>
    `${metadata.creationTimestamp ?? ""}/${metadata.name}`;
  return pods.toSorted((a, b) => age(a) < age(b) ? -1 : 1);
}

/** One pod where one belongs, and none where none may stay; what has ended is replaced. */
function planNodes(nodes: readonly NodePods[], update: Update) {
  const create: string[] = [];
  const remove: Readonly<Pod>[] = [];
  for (const { name, fit, pods } of nodes) {
    const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (!fit.mayStay) {
      remove.push(...alive);
    } else {
      const ended = alive.filter(isOver);
      remove.push(...ended, ...surplusOf(alive.filter((pod) => !isOver(pod)), update));
      if (fit.shouldRun && pods.length === 0) create.push(name);
    }
  }
  return { create, remove };
}

/** Of each template the oldest pod stays: in a surge two templates are there at one time. */
function surplusOf(pods: readonly Readonly<Pod>[], { isNewest }: Update): Readonly<Pod>[] {
  const old = pods.filter((pod) => !isNewest(pod));
  const newest = pods.filter(isNewest);
  return [...old.slice(1), ...newest.slice(1)];
}

function podFor(owner: Readonly<DaemonSet>, nodeName: string, hash: string): Pod {
  const { metadata: { labels, annotations, finalizers }, spec } = owner.spec.template;
  const { name, namespace = "" } = owner.metadata;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "",
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, [REVISION_HASH]: hash },
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReferenceTo(owner)],
    },
    spec: specFor(spec, nodeName),
  };
}

function statusOf(nodes: readonly NodePods[], update: Update): DaemonSetStatus {
  const { set, isNewest } = update;
  const wanted = nodes.filter(({ fit }) => fit.shouldRun);
  const alive = (pod: Readonly<Pod>) =>
    pod.metadata.deletionTimestamp === undefined && !isOver(pod);
  const count = (holds: (pod: Readonly<Pod>) => boolean) =>
    wanted.filter(({ pods }) => pods.some((pod) => alive(pod) && holds(pod))).length;
  const available = count(update.isAvailable);
  const misplaced = nodes.filter(({ fit, pods }) => !fit.shouldRun && pods.some(alive));
  const filled = Object.entries({
    updatedNumberScheduled: count(isNewest),
    numberAvailable: available,
    numberUnavailable: wanted.length - available,
    observedGeneration: set.metadata.generation ?? 0,
    collisionCount: set.status?.collisionCount ?? 0,
  }).filter(([, value]) => value !== 0);
  return {
    ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
    currentNumberScheduled: count(() => true),
    numberMisscheduled: misplaced.length,
    desiredNumberScheduled: wanted.length,
    numberReady: count(isReady),
    ...Object.fromEntries(filled),
  };
}

function everySetWhenNodesChange(
  { before, after }: Change<Node>,
  cache: Cache,
): readonly ObjectKey[] {
  const seen = (node: Readonly<Node> | undefined) =>
    node && [node.metadata.labels, node.spec.taints];
  return isDeepStrictEqual(seen(before), seen(after)) ? [] : cache.list(DAEMON_SETS).map(keyOf);
}

function ownerOf({ before, after }: Change<ControllerRevision>): ObjectKey[] {
  const revision = (after ?? before)!;
  const owner = controllerOf(revision);
  if (owner?.kind !== "DaemonSet") return [];
  return [{ namespace: revision.metadata.namespace ?? "", name: owner.name }];
}
