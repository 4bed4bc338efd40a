import type { Pod, Toleration } from "../types/core_v1.ts";
import { keepAccess } from "./pod_access_volume.ts";

/** Taints for which every pod gets a toleration when it is created. */
const SICK_NODE: ReadonlySet<string> = new Set([
  "node.kubernetes.io/not-ready",
  "node.kubernetes.io/unreachable",
]);

/** What admission gave a pod when it was created stays when it is replaced by a manifest that does not say it. */
export function keepAdmitted(pod: Pod, { spec: old }: Pod): Pod {
  const { spec } = pod;
  const { priority, preemptionPolicy, priorityClassName } = old;
  const tolerations = withKept(spec.tolerations, old.tolerations);
  return {
    ...pod,
    spec: {
      ...(priority !== undefined && { priority }),
      ...(preemptionPolicy !== undefined && { preemptionPolicy }),
      ...(priorityClassName !== undefined && { priorityClassName }),
      ...keepAccess(spec, old),
      ...(tolerations !== undefined && { tolerations }),
    },
  };
}

function withKept(
  tolerations: readonly Toleration[] = [],
  old: readonly Toleration[] = [],
): Toleration[] | undefined {
  const missing = old.filter(({ key = "", effect }) =>
    SICK_NODE.has(key) && !tolerations.some((one) => one.key === key && one.effect === effect)
  );
  return missing.length === 0 ? undefined : [...tolerations, ...missing];
}
