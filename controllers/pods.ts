import { isDeepStrictEqual } from "node:util";
import type { Pod, PodCondition } from "../api/types/core_v1.ts";

export function conditionOf(pod: Readonly<Pod>, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

export function isReady(pod: Readonly<Pod>): boolean {
  return conditionOf(pod, "Ready")?.status === "True";
}

/** All its containers have ended for good. */
export function isOver({ status }: Readonly<Pod>): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

/** Counts as one of the pods that its controller wants. */
export function isActive(pod: Readonly<Pod>): boolean {
  return !isOver(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** When the pod became ready; undefined while it is not. */
export function readySince(pod: Readonly<Pod>): number | undefined {
  const condition = conditionOf(pod, "Ready");
  if (condition?.status !== "True") return undefined;
  return Date.parse(condition.lastTransitionTime ?? "") || 0;
}

/** RFC 3339 in whole seconds, as Kubernetes's times are. */
export function timeOf(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, "Z");
}

export function haveSameLabels(a: Readonly<Pod>, b: Readonly<Pod>): boolean {
  return isDeepStrictEqual(a.metadata.labels ?? {}, b.metadata.labels ?? {});
}
