import { missingOn } from "./figures.ts";
import type { NodeExplanation, Objection } from "./explain.ts";
import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";
import type { World } from "./world.ts";
import { isTolerated } from "../api/types/tolerations.ts";

/** As many are told; of 5,000 nodes most would say the same. */
const CHANGES_MAX = 5;

/** For the nodes that the fewest predicates are against: what must change there, or in the pod. */
export function smallestChanges(
  pod: PodInfo,
  world: World,
  nodes: readonly NodeExplanation[],
): string[] {
  const against = nodes.filter(({ fits }) => !fits);
  if (against.length < nodes.length) return [];
  const fewest = Math.min(...against.map(({ objections }) => objections.length));
  const changes = against.filter(({ objections }) => objections.length === fewest)
    .map(({ name, objections }) => {
      const node = world.nodeNamed(name) as NodeInfo;
      return {
        text: objections.map((objection) => changeFor(objection, pod, node)).join(", and "),
        lacking: lackOf(pod, node),
      };
    });
  const sorted = changes.toSorted((a, b) => a.lacking - b.lacking);
  return [...new Set(sorted.map(({ text }) => text))].slice(0, CHANGES_MAX);
}

function changeFor({ predicate, reasons }: Objection, pod: PodInfo, node: NodeInfo): string {
  const { name } = node;
  switch (predicate) {
    case "PodFitsResources":
      return freeing(pod, node);
    case "MatchNodeSelector":
      return `drop the pod's node selector and affinity, or give node ${name} the labels they ask for`;
    case "PodToleratesNodeTaints":
      return untolerated(pod, node).map((taint) => `tolerate the taint ${taint} of node ${name}`)
        .join(", and ");
    case "NodeUnschedulable":
      return `uncordon node ${name}`;
    case "NodeReady":
      return `bring node ${name} back`;
    case "PodFitsPorts":
      return `free ${pod.hostPorts.map(({ port }) => port).join(", ")} on node ${name}`;
    default:
      return `on node ${name} end this: ${reasons.join(", ")}`;
  }
}

function untolerated({ pod }: PodInfo, { taints }: NodeInfo): string[] {
  return taints.filter((taint) =>
    taint.effect !== "PreferNoSchedule" && !isTolerated(taint, pod.spec)
  ).map(({ key, value, effect }) => `${key}${value ? `=${value}` : ""}:${effect}`);
}

function freeing(pod: PodInfo, node: NodeInfo): string {
  const lacks = missingOn(pod, node).map(({ what, missing }) =>
    what === "pods" ? "the place of one pod" : `${missing} ${what}`
  );
  return `free ${lacks.join(", ")} on node ${node.name}`;
}

/** How much is missing, in shares of the node; 0 where nothing is. */
function lackOf({ requests }: PodInfo, { requested, allocatable }: NodeInfo): number {
  const share = (lack: number, has: number) => has > 0 ? Math.max(0, lack) / has : 0;
  return share(
    requested.milliCpu + requests.milliCpu - allocatable.milliCpu,
    allocatable.milliCpu,
  ) + share(
    requested.memoryBytes + requests.memoryBytes - allocatable.memoryBytes,
    allocatable.memoryBytes,
  );
}
