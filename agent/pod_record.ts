import type { PodFailure } from "./status_sources.ts";
import type { Failures, Pass } from "./sync_tools.ts";

/** What the agent knows of a pod besides its object and its containers. All of it can be lost. */
export interface PodRecord {
  failures: Failures;
  /** After a pass that failed: nothing is started before, whatever else happens to the pod. */
  restsUntil: number;
  ip: string | undefined;
  /** Why the agent has refused or ended it; the API remembers it in the pod's status. */
  failure: PodFailure | undefined;
  isAdmitted: boolean;
  /** What its worker is at. */
  pass: (Pass & { readonly quit: AbortController }) | undefined;
  /** Nothing of it may run for now, and its containers end within these seconds. */
  heldSeconds: number | undefined;
  /** The API was told that nothing is left of it. */
  isConfirmed: boolean;
  endDeadline: (() => void) | undefined;
}

export function newRecord(): PodRecord {
  return {
    failures: new Map(),
    restsUntil: 0,
    ip: undefined,
    failure: undefined,
    isAdmitted: false,
    pass: undefined,
    heldSeconds: undefined,
    isConfirmed: false,
    endDeadline: undefined,
  };
}
