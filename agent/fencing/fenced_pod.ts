import type { Pod, Toleration } from "../../api/types/core_v1.ts";
import { isStatic } from "../static_pods/static_annotations.ts";

/** Source: Kubernetes, the taint of a node that is not heard of. */
export const UNREACHABLE = "node.kubernetes.io/unreachable";
/** What a pod tolerates that says nothing. Source: Kubernetes, DefaultTolerationSeconds. */
const TOLERATED_SECONDS_DEFAULT = 300;
/** Source: Kubernetes, the default of `terminationGracePeriodSeconds`. */
const GRACE_SECONDS_DEFAULT = 30;

/** What must be known of a pod to end it in time on a node that is cut off. */
export interface FencedPod {
  readonly uid: string;
  readonly name: string;
  /** How long it stays bound to a node that is not heard of; Infinity: for ever. */
  readonly toleratedSeconds: number;
  readonly graceSeconds: number;
}

export function fencedPod(pod: Readonly<Pod>): FencedPod {
  const { uid = "", name } = pod.metadata;
  return {
    uid,
    name,
    toleratedSeconds: isStatic(pod) ? Infinity : toleratedSeconds(pod),
    graceSeconds: pod.spec.terminationGracePeriodSeconds ?? GRACE_SECONDS_DEFAULT,
  };
}

/** One that runs here and of which nothing else is known: the API gives every pod this much. */
export function unknownPod(uid: string): FencedPod {
  return {
    ...{ uid, name: uid },
    toleratedSeconds: TOLERATED_SECONDS_DEFAULT,
    graceSeconds: GRACE_SECONDS_DEFAULT,
  };
}

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
