import type { Node, NodeCondition, NodeStatus } from "../api/types/core_v1.ts";
import type { NodeFacts } from "./host_facts.ts";
import { timeText } from "./status_sources.ts";

/** Pods that a node runs at most. Source: kubelet, maxPods. */
export const PODS_MAX = 110;
/** Memory that stays with the node's own processes. */
const RESERVED_MEMORY_BYTES = 100 << 20;

export interface NodeIdentity {
  readonly name: string;
  readonly address: string;
  /** Where the API reaches this agent. */
  readonly kubeletPort: number;
  readonly labels: Readonly<Record<string, string>>;
}

export interface NodeSources {
  readonly node: NodeIdentity;
  readonly facts: NodeFacts;
  /** Such as `docker://20.10.24`; undefined while the engine does not answer. */
  readonly runtimeVersion: string | undefined;
  /** What the agent says of itself, such as `v1.32.0-wherry`. */
  readonly agentVersion: string;
  /** Why pods can't run here; empty when they can. */
  readonly troubles: readonly string[];
  readonly now: number;
}

/** Labels that every node has, and those that it was started with. */
export function nodeLabels({ node, facts }: NodeSources): Record<string, string> {
  return {
    "kubernetes.io/hostname": node.name,
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": facts.architecture,
    ...node.labels,
  };
}

export function newNode(sources: NodeSources): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: sources.node.name, labels: nodeLabels(sources) },
    spec: {},
    status: nodeStatus(sources, undefined),
  };
}

const kibibytes = (bytes: number) => `${Math.floor(bytes / 1024)}Ki`;

export function allocatableOf(facts: NodeFacts): Record<string, string> {
  const memory = Math.max(0, facts.memoryBytes - RESERVED_MEMORY_BYTES);
  return { ...capacityOf(facts), memory: kibibytes(memory) };
}

export function capacityOf(facts: NodeFacts): Record<string, string> {
  return {
    cpu: String(facts.cpus),
    "ephemeral-storage": kibibytes(facts.ephemeralStorageBytes),
    memory: kibibytes(facts.memoryBytes),
    pods: String(PODS_MAX),
  };
}

/** The node's whole status; equal to `before`, heartbeat times included, when nothing changed. */
export function nodeStatus(sources: NodeSources, before: NodeStatus | undefined): NodeStatus {
  const { node, facts, runtimeVersion, agentVersion } = sources;
  return {
    capacity: capacityOf(facts),
    allocatable: allocatableOf(facts),
    conditions: conditionsOf(sources, before?.conditions ?? []),
    addresses: [
      { type: "InternalIP", address: node.address },
      { type: "Hostname", address: node.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: node.kubeletPort } },
    nodeInfo: {
      machineID: facts.machineId,
      systemUUID: facts.systemUuid,
      bootID: facts.bootId,
      kernelVersion: facts.kernelVersion,
      osImage: facts.osImage,
      containerRuntimeVersion: runtimeVersion ?? before?.nodeInfo?.containerRuntimeVersion ?? "",
      kubeletVersion: agentVersion,
      kubeProxyVersion: agentVersion,
      operatingSystem: "linux",
      architecture: facts.architecture,
    },
  };
}

const HEALTHY = [
  ["MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
  ["DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
  ["PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"],
] as const;

/** In the words of the kubelet. */
function conditionsOf(
  { troubles, now }: NodeSources,
  before: readonly NodeCondition[],
): NodeCondition[] {
  const pressures = HEALTHY.map(([type, reason, message]): NodeCondition => ({
    type,
    status: "False",
    reason,
    message,
  }));
  const ready: NodeCondition = troubles.length === 0
    ? {
      type: "Ready",
      status: "True",
      reason: "KubeletReady",
      message: "kubelet is posting ready status",
    }
    : {
      type: "Ready",
      status: "False",
      reason: "KubeletNotReady",
      message: troubles.join(", "),
    };
  const own = [...pressures, ready].map((one) => withTimes(one, before, now));
  const others = before.filter(({ type }) => !own.some((one) => one.type === type));
  return [...own, ...others];
}

function withTimes(
  condition: NodeCondition,
  before: readonly NodeCondition[],
  now: number,
): NodeCondition {
  const last = before.find(({ type }) => type === condition.type);
  const isSame = last?.status === condition.status && last.reason === condition.reason &&
    last.message === condition.message;
  if (isSame) return last;
  const since = last?.status === condition.status ? last.lastTransitionTime : undefined;
  const at = timeText(now);
  return { ...condition, lastHeartbeatTime: at, lastTransitionTime: since ?? at };
}
