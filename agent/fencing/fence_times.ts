import type { Pod, Toleration } from "../../api/types/core_v1.ts";

/** Source: Kubernetes, the taint of a node that is not heard of. */
export const UNREACHABLE = "node.kubernetes.io/unreachable";
/** What a pod tolerates that says nothing. Source: Kubernetes, DefaultTolerationSeconds. */
const TOLERATED_SECONDS_DEFAULT = 300;
/** Everything has ended so long before others may start. */
const MARGIN_MS = 1_000;
/** No pod is stopped for a shorter silence than this share of a lease: the API may restart. */
const PATIENCE_OF_LEASE = 0.7;

/**
 * How long this pod stays bound to a node that is not heard of, in seconds; Infinity: for ever.
 * Source: Kubernetes, getMinTolerationTime.
 */
export function toleratedSeconds({ spec }: Readonly<Pod>): number {
  const matching = (spec.tolerations ?? []).filter(isOfUnreachable);
  if (matching.length === 0) return TOLERATED_SECONDS_DEFAULT;
  const seconds = matching.map(({ tolerationSeconds }) => tolerationSeconds)
    .filter((one) => one !== undefined);
  return seconds.length === 0 ? Infinity : Math.max(0, Math.min(...seconds));
}

function isOfUnreachable({ key = "", operator, value = "", effect }: Toleration): boolean {
  if (effect !== undefined && effect !== "NoExecute") return false;
  if (key === "") return operator === "Exists";
  return key === UNREACHABLE && (operator === "Exists" || value === "");
}

export interface FenceTime {
  /** When the pod's containers are told to end; Infinity: never. */
  readonly startAt: number;
  /** Before this nobody else may run the pod. */
  readonly deadline: number;
}

/** @param heardAt when the last renewal of the lease that came off was sent: whoever saw it saw it later */
export function fenceTime(pod: Readonly<Pod>, heardAt: number, leaseMs: number): FenceTime {
  const deadline = heardAt + leaseMs + toleratedSeconds(pod) * 1000 - MARGIN_MS;
  const graceMs = (pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
  const earliest = heardAt + leaseMs * PATIENCE_OF_LEASE;
  return { startAt: Math.max(earliest, deadline - graceMs), deadline };
}

/** What is left of the pod's grace period, in whole seconds. */
export function fenceGraceSeconds({ spec }: Readonly<Pod>, deadline: number, now: number): number {
  const left = Math.max(0, Math.floor((deadline - now) / 1000));
  return Math.min(left, spec.terminationGracePeriodSeconds ?? 30);
}
