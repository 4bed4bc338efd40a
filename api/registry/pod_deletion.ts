import type { Pod } from "../types/core_v1.ts";
import type { Moment } from "./kind.ts";

/** The time a pod gets when it does not say. Source: Kubernetes, DefaultTerminationGracePeriodSeconds. */
const GRACE_SECONDS = 30;

/**
 * A pod that its agent must stop stays until the agent deletes it with no grace left; `deletionTimestamp` is
 * when that is due. A second deletion may shorten the time and never lengthens it.
 */
export function beginPodDeletion(
  pod: Pod,
  { gracePeriodSeconds }: { gracePeriodSeconds?: number },
  { now }: Moment,
): Pod | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds: given = 0 } = pod.metadata;
  if (deletionTimestamp === undefined) {
    const seconds = graceOf(pod, gracePeriodSeconds);
    return seconds === 0 ? undefined : dueAfter(pod, Date.parse(now), seconds);
  }
  const asked = gracePeriodSeconds ?? given;
  if (asked === 0) return undefined;
  if (asked >= given) return pod;
  const begun = Date.parse(deletionTimestamp) - given * 1000;
  return dueAfter(pod, begun, Math.max(asked, 1));
}

/** Nobody needs to stop what runs nowhere or has ended. */
function graceOf({ spec, status }: Pod, asked: number | undefined): number {
  if (!spec.nodeName) return 0;
  if (status?.phase === "Succeeded" || status?.phase === "Failed") return 0;
  const seconds = asked ?? spec.terminationGracePeriodSeconds ?? GRACE_SECONDS;
  return seconds < 0 ? 1 : seconds;
}

function dueAfter(pod: Pod, begunMs: number, seconds: number): Pod {
  const due = new Date(begunMs + seconds * 1000).toISOString();
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      deletionTimestamp: `${due.slice(0, 19)}Z`,
      deletionGracePeriodSeconds: seconds,
    },
  };
}
