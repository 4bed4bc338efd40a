import { type Lease, LEASES } from "../api/types/coordination_v1.ts";
import type { Node, NodeCondition, Pod } from "../api/types/core_v1.ts";
import { LEASE_SECONDS_MAX, NO_LEASE } from "../api/types/node_lease.ts";
import { NODES, PODS } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import type { Cache, Write } from "../client/cache.ts";
import {
  type Change,
  type Controller,
  NOTHING_TO_DO,
  type ObjectKey,
  onChangeOf,
  type Plan,
  type Reading,
  type World,
} from "./controller.ts";
import { taintsWanted, toleratedSeconds } from "./node_taints.ts";
import { conditionOf, isOver, timeOf } from "./pods.ts";

export interface NodeLifecycleSettings {
  /** A node that was not heard of for so long is Unknown, or for longer where its lease says so. */
  leaseSeconds: number;
  /** The same for a node that has not been heard of yet, and after a restart of this controller. */
  startupSeconds: number;
  /** A node that is not ready for so long loses pods that do not say how long they tolerate it. */
  podEvictionSeconds: number;
  /** Nodes that lose their pods. Source: kube-controller-manager, node-eviction-rate. */
  evictionsPerSecond: number;
  evictionsBurst: number;
}

export const NODE_LIFECYCLE_DEFAULTS: NodeLifecycleSettings = {
  leaseSeconds: 10,
  startupSeconds: 60,
  podEvictionSeconds: 300,
  evictionsPerSecond: 0.1,
  evictionsBurst: 10,
};

/** Source: kubelet, node leases. */
const LEASE_NAMESPACE = "kube-node-lease";
/** What nobody can know of a silent node. Source: kube-controller-manager. */
const HEARD_CONDITIONS = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];
const RATE = "evictions";

/**
 * Says of a node that went silent that nobody knows how it is, and gives up its pods when that lasts. Silence is
 * measured from renewal to renewal by the controller's own clock: a wrong clock on the node changes nothing.
 */
export function nodeLifecycleController(settings: NodeLifecycleSettings): Controller<Node> {
  return {
    name: "node-controller",
    reconciles: NODES,
    concurrency: 4,
    rates: {
      [RATE]: { perSecond: settings.evictionsPerSecond, burst: settings.evictionsBurst },
    },
    requeueOn: [
      onChangeOf(LEASES, wokenBy, heardBy),
      onChangeOf(NODES, () => [], heardOfItself),
      onChangeOf(PODS, boundTo),
    ],
    // the watch of leases may be behind: before pods are given up, the lease is read itself
    reads: (_key, node) => node !== undefined && isUnknown(node) ? [leaseOf(node)] : [],
    plan: (node, world) => planNode(node, world, settings),
    reports: (write, outcome) =>
      write.verb === "updateStatus" && write.object.kind === "Node" &&
        !(outcome instanceof StatusError)
        ? {
          type: "Normal",
          reason: "NodeNotReady",
          message: `Node ${write.object.metadata.name} status is now: NodeNotReady`,
        }
        : undefined,
  };
}

function heardBy({ after }: Change<Lease>): ObjectKey[] {
  if (after?.metadata.namespace !== LEASE_NAMESPACE) return [];
  return [{ namespace: "", name: after.metadata.name }];
}

/**
 * Nobody but its agent takes back what was said of a silent node: it lives, though its lease has not come yet.
 * Otherwise the two of them would write against each other until it has.
 */
function heardOfItself({ before, after }: Change<Node>): ObjectKey[] {
  const isUnknown = (node: Readonly<Node>) => readinessOf(node)?.status === "Unknown";
  if (before === undefined || after === undefined) return [];
  if (!isUnknown(before) || isUnknown(after)) return [];
  return [{ namespace: "", name: after.metadata.name }];
}

/** A node in good health has its timer and needs no plan for each of its renewals, only for its first lease. */
function wokenBy(change: Change<Lease>, cache: Cache): ObjectKey[] {
  if (change.before === undefined) return heardBy(change);
  return heardBy(change).filter(({ name }) => {
    const node = cache.get(NODES, "", name);
    return node !== undefined && readinessOf(node)?.status !== "True";
  });
}

/** A pod that comes to a node which gives up its pods goes as well. */
function boundTo({ before, after }: Change<Pod>, cache: Cache): ObjectKey[] {
  const { nodeName = "" } = after?.spec ?? {};
  if (nodeName === "" || before?.spec.nodeName === nodeName) return [];
  const node = cache.get(NODES, "", nodeName);
  const isReady = node === undefined || readinessOf(node)?.status === "True";
  return isReady ? [] : [{ namespace: "", name: nodeName }];
}

/** Taints follow the conditions; the change comes back by watch and leads to the rest. */
function planNode(node: Readonly<Node>, world: World, settings: NodeLifecycleSettings): Plan {
  const taints = taintsWanted(node, timeOf(world.now));
  if (taints === undefined) return planLife(node, world, settings);
  const { taints: _, ...spec } = node.spec;
  const object = { ...node, spec: taints.length === 0 ? spec : { ...spec, taints } };
  const plan = planLife(node, world, settings);
  // one write of the node at a time: its status goes first
  const isMarking = plan.writes.some((write) => "object" in write && write.object.kind === "Node");
  return isMarking ? plan : { ...plan, writes: [{ verb: "update", object }, ...plan.writes] };
}

function planLife(
  node: Readonly<Node>,
  world: World,
  { leaseSeconds: secondsMin, startupSeconds, podEvictionSeconds }: NodeLifecycleSettings,
): Plan {
  const lease = world.cache.get(LEASES, LEASE_NAMESPACE, node.metadata.name);
  const leaseSeconds = secondsOf(lease, secondsMin);
  const silentAt = world.heardAt === undefined
    ? world.since("known") + Math.max(startupSeconds, leaseSeconds) * 1000
    : world.heardAt + leaseSeconds * 1000;
  const isSilent = silentAt <= world.now;
  const isFailing = readinessOf(node)?.status === "False";
  if (!isSilent && !isFailing) return { writes: [], againMs: silentAt - world.now };
  // who was cut off from the apiserver hears of leases no sooner than of its own mark
  if (isSilent && !isUnknown(node)) return { writes: markingOf(node, world) };
  const [fresh] = isSilent ? world.read(LEASES) : [];
  if (fresh !== undefined && fresh.spec?.renewTime !== lease?.spec?.renewTime) {
    // the node was heard of, though not yet by this controller
    return { writes: [], againMs: secondsOf(fresh, secondsMin) * 1000 };
  }
  const since = world.since("not ready");
  const pods = podsOn(node, world.cache).map((pod) => {
    const seconds = toleratedSeconds(pod, isSilent, podEvictionSeconds);
    return { pod, goesAt: since + seconds * 1000 };
  });
  const due = pods.filter(({ goesAt }) => goesAt <= world.now).map(({ pod }) => pod);
  const nodeLease = fresh?.metadata.resourceVersion ?? NO_LEASE;
  const eviction = isSilent ? givenAway(due, nodeLease) : evicted(due);
  if (eviction !== NOTHING_TO_DO) return eviction;
  // a pod that comes later is planned for when it comes
  const later = pods.map(({ goesAt }) => goesAt).filter((at) => at > world.now && at < Infinity);
  const nextAt = Math.min(...later, isSilent ? Infinity : silentAt);
  const writes = isSilent ? markingOf(node, world) : [];
  return nextAt === Infinity ? { writes } : { writes, againMs: nextAt - world.now };
}

function isUnknown(node: Readonly<Node>): boolean {
  return readinessOf(node)?.status === "Unknown";
}

function leaseOf({ metadata: { name } }: Readonly<Node>): Reading {
  const fieldSelector = `metadata.name=${name}`;
  return { resource: LEASES, options: { namespace: LEASE_NAMESPACE, fieldSelector } };
}

/**
 * How long the lease holds. A node counts on it; one that promises to be away for hours is not waited for. An API server
 * that starts again has forgotten all leases: what a node that is cut off counts on may be the longest.
 */
function secondsOf(lease: Readonly<Lease> | undefined, secondsMin: number): number {
  if (lease === undefined) return LEASE_SECONDS_MAX;
  const { leaseDurationSeconds = 0 } = lease.spec ?? {};
  return Math.max(secondsMin, Math.min(leaseDurationSeconds, LEASE_SECONDS_MAX));
}

/**
 * Nobody on a silent node would stop the pods, so they are not asked to end: they go, unless the node was heard of
 * meanwhile. It may run them again then.
 */
function givenAway(due: readonly Readonly<Pod>[], nodeLease: string): Plan {
  return paced(
    due.map((object): Write => ({ verb: "delete", object, gracePeriodSeconds: 0, nodeLease })),
  );
}

function evicted(due: readonly Readonly<Pod>[]): Plan {
  return paced(
    due.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map((object): Write => ({ verb: "delete", object })),
  );
}

function paced(writes: readonly Write[]): Plan {
  return writes.length === 0 ? NOTHING_TO_DO : { writes, takes: RATE };
}

function markingOf(node: Readonly<Node>, { cache, now }: World): Write[] {
  const time = timeOf(now);
  const pods = podsOn(node, cache).filter((pod) => conditionOf(pod, "Ready")?.status === "True");
  const writes = pods.map((pod): Write => ({
    verb: "updateStatus",
    object: withReadyFalse(pod, time),
  }));
  if (readinessOf(node)?.status === "Unknown") return writes;
  const status = { ...node.status, conditions: unknownConditions(node, time) };
  return [...writes, { verb: "updateStatus", object: { ...node, status } as Node }];
}

/** Source of reasons and messages: kube-controller-manager, node lifecycle controller. */
function unknownConditions({ status }: Readonly<Node>, time: string): NodeCondition[] {
  const have = status?.conditions ?? [];
  const unknown = HEARD_CONDITIONS.map((type): NodeCondition => {
    const old = have.find((condition) => condition.type === type);
    const said = old === undefined
      ? { reason: "NodeStatusNeverUpdated", message: "Kubelet never posted node status." }
      : { reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." };
    return { ...old, type, status: "Unknown", ...said, lastTransitionTime: time };
  });
  return [...have.filter(({ type }) => !HEARD_CONDITIONS.includes(type)), ...unknown];
}

function withReadyFalse(pod: Readonly<Pod>, time: string): Pod {
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === "Ready"
      ? { ...condition, status: "False" as const, lastTransitionTime: time }
      : condition
  );
  return { ...pod, status: { ...pod.status, conditions } };
}

function podsOn({ metadata }: Readonly<Node>, cache: Cache): Readonly<Pod>[] {
  return cache.list(PODS).filter((pod) => pod.spec.nodeName === metadata.name && !isOver(pod));
}

function readinessOf({ status }: Readonly<Node>): NodeCondition | undefined {
  return status?.conditions?.find(({ type }) => type === "Ready");
}
