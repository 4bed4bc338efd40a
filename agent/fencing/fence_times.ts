import type { FencedPod } from "./fenced_pod.ts";

/** Everything has ended so long before others may start. */
const MARGIN_MS = 1_000;
/** No pod is stopped for a shorter silence than this share of a lease: the API may restart. */
const PATIENCE_OF_LEASE = 0.7;

export interface FenceTime {
  /** When the pod's containers are told to end; Infinity: never. */
  readonly startAt: number;
  /** Before this nobody else may run the pod. */
  readonly deadline: number;
}

/** What the node has heard, and since when its agent listens. */
export interface Hearing {
  /** When the last renewal of the lease that came off was sent: whoever saw it saw it later. */
  readonly heardAt: number;
  /** When this agent began. */
  readonly begunAt: number;
  readonly leaseMs: number;
}

/**
 * An agent that begins when others may run the pod already has come too late to hold anything up: it lets a lease go
 * by first, as an API that answers knows better.
 */
export function fenceTime(pod: FencedPod, { heardAt, begunAt, leaseMs }: Hearing): FenceTime {
  const deadline = heardAt + leaseMs + pod.toleratedSeconds * 1000 - MARGIN_MS;
  if (deadline <= begunAt) return { startAt: begunAt + leaseMs, deadline };
  const earliest = heardAt + leaseMs * PATIENCE_OF_LEASE;
  return { startAt: Math.max(earliest, deadline - pod.graceSeconds * 1000), deadline };
}

/** After a silence of so long others may run what tolerates none. */
export function mayBeGivenAway(silentMs: number, leaseMs: number): boolean {
  return silentMs >= leaseMs - MARGIN_MS;
}

/** What is left of the pod's grace period, in whole seconds. */
export function fenceGraceSeconds(pod: FencedPod, deadline: number, now: number): number {
  const left = Math.max(0, Math.floor((deadline - now) / 1000));
  return Math.min(left, pod.graceSeconds);
}
