import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";

/** Of what a pod lacks on a node, in the words of quantities. */
export interface Figure {
  /** Such as cpu, memory or pods. */
  readonly what: string;
  readonly wanted: string;
  readonly free: string;
  readonly missing: string;
}

/** @returns undefined for predicates that count nothing */
export function figuresFor(
  predicate: string,
  pod: PodInfo,
  node: NodeInfo,
): Figure[] | undefined {
  if (predicate === "PodFitsResources") return missingOn(pod, node);
  if (predicate !== "PodFitsPorts") return undefined;
  return pod.hostPorts.filter((port) => node.hasPortTaken(port))
    .map(({ port }) => ({ what: `host port ${port}`, wanted: "1", free: "0", missing: "1" }));
}

/** Everything of which the node has too little left. */
export function missingOn(
  { requests }: PodInfo,
  { requested, allocatable, podsMax, pods }: NodeInfo,
): Figure[] {
  const others = Object.entries(requests.others).map(([what, wanted]) =>
    figure(what, wanted, (allocatable.others[what] ?? 0) - (requested.others[what] ?? 0), String)
  );
  // what a node does not speak of has no end there: the founding design's rule
  const cpu = allocatable.milliCpu === 0 ? Infinity : allocatable.milliCpu - requested.milliCpu;
  const memory = allocatable.memoryBytes === 0
    ? Infinity
    : allocatable.memoryBytes - requested.memoryBytes;
  return [
    figure("cpu", requests.milliCpu, cpu, cpuText),
    figure("memory", requests.memoryBytes, memory, memoryText),
    ...others,
    figure("pods", 1, podsMax === 0 ? Infinity : podsMax - pods.size, String),
  ].flatMap((found) => found ?? []);
}

function figure(
  what: string,
  wanted: number,
  free: number,
  text: (amount: number) => string,
): Figure | undefined {
  if (wanted === 0 || wanted <= free) return undefined;
  return { what, wanted: text(wanted), free: text(free), missing: text(wanted - free) };
}

const cpuText = (milli: number) => `${milli}m`;

/** Whole mebibytes where a node lacks as much, as people write it. */
function memoryText(bytes: number): string {
  return Math.abs(bytes) < 2 ** 20 ? String(bytes) : `${Math.ceil(bytes / 2 ** 20)}Mi`;
}
