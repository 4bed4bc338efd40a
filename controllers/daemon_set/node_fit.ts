import type { DaemonSet } from "../../api/types/apps_v1.ts";
import type { Node, Pod, PodSpec, Taint, Toleration } from "../../api/types/core_v1.ts";
import { selectsNode } from "../../api/types/node_affinity.ts";
import { isTolerated } from "../../api/types/tolerations.ts";

/** What every daemon pod bears, whatever its template says. Source: Kubernetes, AddOrUpdateDaemonPodTolerations. */
const TOLERATED: readonly [key: string, effect: "NoSchedule" | "NoExecute"][] = [
  ["node.kubernetes.io/not-ready", "NoExecute"],
  ["node.kubernetes.io/unreachable", "NoExecute"],
  ["node.kubernetes.io/disk-pressure", "NoSchedule"],
  ["node.kubernetes.io/memory-pressure", "NoSchedule"],
  ["node.kubernetes.io/pid-pressure", "NoSchedule"],
  ["node.kubernetes.io/unschedulable", "NoSchedule"],
];
/** And one that has the node's own network. */
const TOLERATED_ON_HOST_NETWORK = ["node.kubernetes.io/network-unavailable", "NoSchedule"] as const;

export interface Fit {
  readonly shouldRun: boolean;
  /** A pod that is there may stay. */
  readonly mayStay: boolean;
}

export function fitOf({ spec: { template } }: Readonly<DaemonSet>, node: Readonly<Node>): Fit {
  const spec = { ...template.spec, tolerations: tolerationsOf(template.spec) };
  const { name, labels = {} } = node.metadata;
  const isOther = spec.nodeName !== undefined && spec.nodeName !== "" && spec.nodeName !== name;
  const pod = { metadata: { name: "" }, spec } as Pod;
  if (isOther || !selectsNode(pod, { name, labels })) return { shouldRun: false, mayStay: false };
  const refused = (node.spec.taints ?? []).filter((taint) => !isTolerated(taint, spec));
  const has = (effect: Taint["effect"]) => refused.some((taint) => taint.effect === effect);
  return { shouldRun: !has("NoSchedule") && !has("NoExecute"), mayStay: !has("NoExecute") };
}

/** The template's spec, for this node and no other. The scheduler binds it, as it does all pods. */
export function specFor(spec: PodSpec, nodeName: string): PodSpec {
  const terms = [{
    matchFields: [{ key: "metadata.name", operator: "In" as const, values: [nodeName] }],
  }];
  return {
    ...spec,
    tolerations: tolerationsOf(spec),
    affinity: {
      ...spec.affinity,
      nodeAffinity: {
        ...spec.affinity?.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
      },
    },
  };
}

/** The node that a daemon pod is on, or is meant for. */
export function nodeNameOf({ spec }: Readonly<Pod>): string {
  if (spec.nodeName) return spec.nodeName;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const fields = required?.nodeSelectorTerms.flatMap(({ matchFields = [] }) => matchFields) ?? [];
  return fields.find(({ key }) => key === "metadata.name")?.values?.[0] ?? "";
}

function tolerationsOf({ tolerations = [], hostNetwork }: PodSpec): Toleration[] {
  const wanted = hostNetwork === true ? [...TOLERATED, TOLERATED_ON_HOST_NETWORK] : TOLERATED;
  const missing = wanted.filter(([key, effect]) =>
    !tolerations.some((one) => one.key === key && one.effect === effect)
  );
  return [
    ...tolerations,
    ...missing.map(([key, effect]): Toleration => ({ key, operator: "Exists", effect })),
  ];
}
