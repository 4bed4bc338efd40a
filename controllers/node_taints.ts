import type { Node, Pod, Taint, Toleration } from "../api/types/core_v1.ts";

const NOT_READY = "node.kubernetes.io/not-ready";
const UNREACHABLE = "node.kubernetes.io/unreachable";

/** Condition, the status that calls for the taint, and its key. Source: k8s.io/kubernetes, nodelifecycle. */
const OF_CONDITIONS = [
  ["Ready", "False", NOT_READY],
  ["Ready", "Unknown", UNREACHABLE],
  ["MemoryPressure", "True", "node.kubernetes.io/memory-pressure"],
  ["DiskPressure", "True", "node.kubernetes.io/disk-pressure"],
  ["PIDPressure", "True", "node.kubernetes.io/pid-pressure"],
  ["NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"],
] as const;
const UNSCHEDULABLE = "node.kubernetes.io/unschedulable";
const OWN: ReadonlySet<string> = new Set([...OF_CONDITIONS.map(([, , key]) => key), UNSCHEDULABLE]);
/** These give up pods that are there already as well. */
const EVICTING: ReadonlySet<string> = new Set([NOT_READY, UNREACHABLE]);

/** What the node's conditions say to the scheduler. @returns undefined when its taints say so already */
export function taintsWanted(node: Readonly<Node>, time: string): Taint[] | undefined {
  const have = node.spec.taints ?? [];
  const wanted = keysOf(node).flatMap((key): Taint[] => [
    { key, effect: "NoSchedule" },
    ...EVICTING.has(key) ? [{ key, effect: "NoExecute" as const, timeAdded: time }] : [],
  ]);
  const kept = have.filter(({ key, effect }) =>
    !OWN.has(key) || wanted.some((one) => one.key === key && one.effect === effect)
  );
  const missing = wanted.filter(({ key, effect }) =>
    !have.some((one) => one.key === key && one.effect === effect)
  );
  if (kept.length === have.length && missing.length === 0) return undefined;
  return [...kept, ...missing];
}

function keysOf({ spec, status }: Readonly<Node>): string[] {
  const conditions = status?.conditions ?? [];
  const keys = OF_CONDITIONS.filter(([type, status]) =>
    conditions.some((one) => one.type === type && one.status === status)
  ).map(([, , key]) => key as string);
  return spec.unschedulable ? [...keys, UNSCHEDULABLE] : keys;
}

/**
 * How long this pod stays on a node that is silent, or not ready; Infinity: for ever. `otherwise` is for a pod
 * that says nothing, which the API lets nobody create. Source: Kubernetes, getMinTolerationTime.
 */
export function toleratedSeconds(
  { spec }: Readonly<Pod>,
  isSilent: boolean,
  otherwise: number,
): number {
  const key = isSilent ? UNREACHABLE : NOT_READY;
  const matching = (spec.tolerations ?? []).filter((one) => tolerates(one, key));
  if (matching.length === 0) return otherwise;
  const seconds = matching.map(({ tolerationSeconds }) => tolerationSeconds)
    .filter((one) => one !== undefined);
  return seconds.length === 0 ? Infinity : Math.max(0, Math.min(...seconds));
}

function tolerates(toleration: Toleration, taint: string): boolean {
  const { key = "", operator, value = "", effect } = toleration;
  if (effect !== undefined && effect !== "NoExecute") return false;
  if (key === "") return operator === "Exists";
  return key === taint && (operator === "Exists" || value === "");
}
