import type { Container, Pod } from "../../api/types/core_v1.ts";
import { toBytes } from "../../api/types/quantity.ts";
import { isStatic } from "../static_pods/static_annotations.ts";
import type { Starved } from "./signals.ts";

/** What a pod uses, by container where that is known. */
export interface PodUse {
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly processes: number;
  readonly containers: ReadonlyMap<string, { memoryBytes: number; diskBytes: number }>;
}

export const NO_USE: PodUse = { memoryBytes: 0, diskBytes: 0, processes: 0, containers: new Map() };

/** Source: Kubernetes, scheduling.SystemCriticalPriority. */
const CRITICAL_PRIORITY = 2_000_000_000;

/** Pods that the node itself needs are never evicted. Source: kubelet, IsCriticalPod. */
export function isCritical(pod: Readonly<Pod>): boolean {
  return isStatic(pod) || (pod.spec.priority ?? 0) >= CRITICAL_PRIORITY;
}

/**
 * The order in which pods are evicted: those that use more than they asked for, then the lower priority, then
 * who uses most beyond what it asked for. Source: kubelet, rankMemoryPressure and its like.
 */
export function rankForEviction(
  pods: readonly Readonly<Pod>[],
  uses: ReadonlyMap<string, PodUse>,
  starved: Starved,
): Readonly<Pod>[] {
  const beyond = (pod: Readonly<Pod>) => {
    const use = uses.get(pod.metadata.uid ?? "") ?? NO_USE;
    if (starved === "memory") return use.memoryBytes - requestOf(pod, "memory");
    if (starved === "pids") return use.processes;
    return use.diskBytes - requestOf(pod, "ephemeral-storage");
  };
  const isOver = (pod: Readonly<Pod>) => starved === "pids" || beyond(pod) > 0 ? 0 : 1;
  const priority = ({ spec }: Readonly<Pod>) => spec.priority ?? 0;
  return pods.toSorted((a, b) =>
    isOver(a) - isOver(b) || priority(a) - priority(b) || beyond(b) - beyond(a)
  );
}

function requestOf({ spec }: Readonly<Pod>, name: string): number {
  return spec.containers.reduce((sum, one) => sum + requestedBy(one, name), 0);
}

export function requestedBy({ resources = {} }: Container, name: string): number {
  return toBytes(resources.requests?.[name] ?? resources.limits?.[name] ?? "0");
}
