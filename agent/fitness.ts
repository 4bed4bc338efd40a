import type { Pod } from "../api/types/core_v1.ts";
import { matchesLabels } from "../api/types/labels.ts";
import { toBytes, toMilli } from "../api/types/quantity.ts";
import { isOver } from "./pod_phase.ts";
import type { PodFailure } from "./status_sources.ts";

/** What a node must offer to a pod that someone has bound to it. */
export interface Place {
  readonly labels: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
}

/**
 * Why this pod can't run beside the others that the node has: bindings may come from anyone, and the older pod
 * keeps its place. @returns undefined when it fits. Source: kubelet, handleNotFittingPods.
 */
export function misfitOf(
  pod: Pod,
  others: readonly Pod[],
  { labels, allocatable }: Place,
): PodFailure | undefined {
  const beside = others.filter((one) => !isOver(one.status?.phase) && isBefore(one, pod));
  const taken = new Set(beside.flatMap(hostPortsOf));
  if (hostPortsOf(pod).some((port) => taken.has(port))) {
    return failure("hostPortConflict", "host port conflict");
  }
  if (!matchesLabels(pod.spec.nodeSelector ?? {}, labels)) {
    return failure("nodeSelectorMismatching", "node selector mismatch");
  }
  const isOverfull = requestsOf([...beside, pod]).some(([name, amount]) => {
    const has = allocatable[name];
    return has !== undefined && amount > (name === "cpu" ? toMilli(has) : toBytes(has));
  });
  return isOverfull ? failure("capacityExceeded", "exceeded capacity") : undefined;
}

function failure(reason: string, why: string): PodFailure {
  return { reason, message: `Pod cannot be started due to ${why}` };
}

/** A pod that has started keeps its place; among the others the older one, then the first by name. */
function isBefore(a: Pod, b: Pod): boolean {
  if (a.metadata.uid === b.metadata.uid) return false;
  const keyOf = ({ metadata, status }: Pod) =>
    [
      status?.startTime === undefined ? "1" : "0",
      metadata.creationTimestamp ?? "",
      metadata.namespace ?? "",
      metadata.name,
    ].join("\n");
  return keyOf(a) < keyOf(b);
}

function hostPortsOf({ spec: { containers, hostNetwork = false } }: Pod): string[] {
  const ports = containers.flatMap(({ ports = [] }) => ports);
  return ports.flatMap(({ hostPort, containerPort, protocol = "TCP" }) => {
    const port = hostNetwork ? hostPort ?? containerPort : hostPort ?? 0;
    return port === 0 ? [] : [`${protocol}/${port}`];
  });
}

/** What all of them ask for: thousandths of a CPU, bytes, and a number of pods. */
function requestsOf(pods: readonly Pod[]): [string, number][] {
  let [cpu, memory] = [0, 0];
  for (const { resources: { requests = {}, limits = {} } = {} } of pods.flatMap(containersOf)) {
    cpu += toMilli(requests.cpu ?? limits.cpu ?? "0");
    memory += toBytes(requests.memory ?? limits.memory ?? "0");
  }
  return [["cpu", cpu], ["memory", memory], ["pods", pods.length]];
}

const containersOf = ({ spec }: Pod) => spec.containers;
