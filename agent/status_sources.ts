import type { Pod, PodCondition } from "../api/types/core_v1.ts";
import type { RuntimeContainer } from "./runtime.ts";
import type { Waiting } from "./sync.ts";

/** What a pod's status is made from. `pod.status` is what was written last. */
export interface StatusSources {
  readonly pod: Pod;
  readonly containers: readonly RuntimeContainer[];
  /** By container name: why it does not run. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** Ids of running containers whose readiness probe, if they have one, succeeds. */
  readonly ready: ReadonlySet<string>;
  /** Ids of running containers that are past their startup probe, if they have one. */
  readonly started: ReadonlySet<string>;
  /** What containers that have ended left as their last words, by id. */
  readonly messages: ReadonlyMap<string, string>;
  readonly podIp: string | undefined;
  readonly hostIp: string;
  /** Why the agent refuses or ends the pod as a whole. */
  readonly failure: PodFailure | undefined;
  readonly now: number;
}

export interface PodFailure {
  readonly reason: string;
  readonly message: string;
  /** How long its containers have; what the pod says where absent. */
  readonly graceSeconds?: number;
  /** What it shows besides the agent's own conditions. */
  readonly condition?: Omit<PodCondition, "lastTransitionTime">;
}

/** RFC 3339 with seconds, as Kubernetes writes times. */
export function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
