import * as apps from "../api/types/apps_v1.ts";
import type { Pod } from "../api/types/core_v1.ts";
import type { KubeObject, OwnerReference } from "../api/types/meta.ts";
import type { PodDisruptionBudget } from "../api/types/policy_v1.ts";
import { REPLICATION_CONTROLLERS, type Resource } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import type { World } from "./controller.ts";
import { replicasAt, type ScaledKind, scaledKindOf } from "./disruption_custom.ts";

/** Who says how many pods there should be. */
type Scaled = KubeObject & { readonly spec?: { readonly replicas?: number | undefined } };

export const APP_OWNERS: readonly Resource<Scaled>[] = [
  REPLICATION_CONTROLLERS,
  apps.REPLICA_SETS,
  apps.DEPLOYMENTS,
  apps.STATEFUL_SETS,
];

/** Where sizes are read. */
type Sizes = Pick<World, "cache" | "read">;

export interface Need {
  readonly expectedPods: number;
  readonly desiredHealthy: number;
}

/**
 * How many pods a budget wants healthy, of how many. A plain `minAvailable` counts the pods that are there; everything
 * else is a share of what their owners ask for. Source: kube-controller-manager, getExpectedPodCount.
 * @throws {StatusError} InternalError when an owner says no number
 */
export function needOf(
  { spec: { minAvailable, maxUnavailable } }: Readonly<PodDisruptionBudget>,
  pods: readonly Readonly<Pod>[],
  world: Sizes,
): Need {
  if (maxUnavailable !== undefined) {
    const expectedPods = expectedOf(pods, world);
    const missing = amountOf(maxUnavailable, expectedPods);
    return { expectedPods, desiredHealthy: Math.max(0, expectedPods - missing) };
  }
  if (isPercent(minAvailable)) {
    const expectedPods = expectedOf(pods, world);
    return { expectedPods, desiredHealthy: amountOf(minAvailable, expectedPods) };
  }
  return { expectedPods: pods.length, desiredHealthy: Number(minAvailable ?? 0) };
}

/** What the owners ask for counts, not only what is there. */
export function isShare({ spec: { minAvailable, maxUnavailable } }: Readonly<PodDisruptionBudget>) {
  return maxUnavailable !== undefined || isPercent(minAvailable);
}

function isPercent(value: number | string | undefined): value is string {
  return typeof value === "string" && value.endsWith("%");
}

/** Shares are rounded up. */
function amountOf(value: number | string, whole: number): number {
  if (typeof value === "number") return value;
  return value.endsWith("%") ? Math.ceil(parseInt(value) * whole / 100) : Number(value);
}

/** What the owners of the pods ask for; each counts once, and pods without an owner not at all. */
function expectedOf(pods: readonly Readonly<Pod>[], world: Sizes): number {
  const replicas = new Map<string, number>();
  for (const { metadata } of pods) {
    const owner = controllerOf(metadata.ownerReferences);
    if (owner === undefined || replicas.has(owner.uid)) continue;
    const { uid, size } = sizeOf(metadata.namespace ?? "", metadata.name, owner, world);
    replicas.set(owner.uid, 0); // answered by the one above it
    replicas.set(uid, size);
  }
  return [...replicas.values()].reduce((sum, count) => sum + count, 0);
}

function sizeOf(
  namespace: string,
  pod: string,
  reference: OwnerReference,
  world: Sizes,
): { uid: string; size: number } {
  const { apiVersion, kind, name, uid } = reference;
  const { cache } = world;
  const resource = APP_OWNERS.find((one) => one.kind === kind && isSameGroup(one, apiVersion));
  const scaled = resource === undefined ? scaledKindOf(reference, cache) : undefined;
  if (scaled !== undefined) return customSizeOf(namespace, pod, reference, { scaled, world });
  const owner = resource && cache.get(resource, namespace, name);
  if (owner === undefined || owner.metadata.uid !== uid) {
    throw noController(pod);
  }
  const above = controllerOf(owner.metadata.ownerReferences);
  if (kind === "ReplicaSet" && above?.kind === "Deployment") {
    return sizeOf(namespace, pod, above, world);
  }
  return { uid, size: owner.spec?.replicas ?? 1 };
}

/** Of an owner that was read right before, since nobody watches custom kinds for this. */
function customSizeOf(
  namespace: string,
  pod: string,
  { name, uid }: OwnerReference,
  { scaled, world }: { scaled: ScaledKind; world: Sizes },
): { uid: string; size: number } {
  const owner = world.read(scaled.resource).find(({ metadata }) =>
    metadata.uid === uid && metadata.name === name && metadata.namespace === namespace
  );
  if (owner === undefined) throw noController(pod);
  return { uid, size: replicasAt(owner, scaled.replicasPath) };
}

function noController(pod: string): StatusError {
  return new StatusError("InternalError", `found no controllers for pod "${pod}"`);
}

function controllerOf(owners: readonly OwnerReference[] = []): OwnerReference | undefined {
  return owners.find(({ controller }) => controller === true);
}

function isSameGroup({ apiVersion }: Resource<KubeObject>, other: string): boolean {
  const groupOf = (text: string) => text.includes("/") ? text.slice(0, text.indexOf("/")) : "";
  return groupOf(apiVersion) === groupOf(other);
}
