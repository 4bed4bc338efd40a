import type { Pod } from "../../api/types/core_v1.ts";
import type { VolumePlan } from "./volume_plan.ts";

/** What the agent knows of the volumes of one pod. All of it can be lost. */
export interface HeldVolumes {
  pod: Readonly<Pod>;
  /** Of volumes that were made, by name. */
  readonly plans: Map<string, VolumePlan>;
  /** All of them were made once, so that containers may have started with them. */
  isUp: boolean;
  /** A refresh waits in the line. */
  isStale: boolean;
  isGone: boolean;
  /** In a row. */
  failures: number;
  /** Milliseconds since 1970. */
  retryAt: number;
  /** Resolves when all that was begun is done; it never fails. */
  line: Promise<void>;
  cancelTimer: () => void;
}

export function newHeld(pod: Readonly<Pod>): HeldVolumes {
  return {
    pod,
    plans: new Map(),
    isUp: false,
    isStale: false,
    isGone: false,
    failures: 0,
    retryAt: 0,
    line: Promise.resolve(),
    cancelTimer: () => {},
  };
}
