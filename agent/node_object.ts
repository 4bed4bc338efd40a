import type { Node, NodeCondition, NodeStatus, Taint } from "../api/types/core_v1.ts";
import type { Pressure } from "./eviction/signals.ts";
import type { NodeFacts } from "./host_facts.ts";
import { type NameService, nameServiceCondition } from "./name_service.ts";
import { type ServicePath, servicePathCondition } from "./service_path.ts";
import { timeText } from "./status_sources.ts";

/** Pods that a node runs at most. Source: kubelet, maxPods. */
export const PODS_MAX = 110;

/** What stays with the node's own processes, and with the room that evictions keep free. */
export interface Reserved {
  readonly milliCpu: number;
  readonly memoryBytes: number;
  readonly storageBytes: number;
}

/** Source: kubelet, the memory that its default threshold of eviction keeps free. */
export const RESERVED_DEFAULT: Reserved = {
  milliCpu: 0,
  memoryBytes: 100 << 20,
  storageBytes: 0,
};

export interface NodeIdentity {
  readonly name: string;
  readonly address: string;
  /** Where the API reaches this agent. */
  readonly kubeletPort: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly reserved?: Reserved;
  readonly podsMax?: number;
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
  /** Why pods have no network here; undefined when they have. */
  readonly networkTrouble?: string | undefined;
  /** How services are programmed here; absent where another process does it. */
  readonly servicePath?: ServicePath | undefined;
  /** How names are answered here; absent while it is not known, and where another process does it. */
  readonly names?: NameService | undefined;
  /** What runs out on the node. */
  readonly pressures?: readonly Pressure[];
  readonly images?: NodeImages;
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

export function newNode(sources: NodeSources, taints: readonly Taint[] = []): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: sources.node.name, labels: nodeLabels(sources) },
    spec: taints.length === 0 ? {} : { taints: [...taints] },
    status: nodeStatus(sources, undefined),
  };
}

const kibibytes = (bytes: number) => `${Math.floor(bytes / 1024)}Ki`;

export function allocatableOf(
  facts: NodeFacts,
  { reserved = RESERVED_DEFAULT, podsMax = PODS_MAX }: Partial<NodeIdentity> = {},
): Record<string, string> {
  const { milliCpu, memoryBytes, storageBytes } = reserved;
  const left = Math.max(0, facts.cpus * 1000 - milliCpu);
  return {
    ...capacityOf(facts, podsMax),
    cpu: left % 1000 === 0 ? String(left / 1000) : `${left}m`,
    memory: kibibytes(Math.max(0, facts.memoryBytes - memoryBytes)),
    "ephemeral-storage": kibibytes(Math.max(0, facts.ephemeralStorageBytes - storageBytes)),
  };
}

export function capacityOf(facts: NodeFacts, podsMax = PODS_MAX): Record<string, string> {
  return {
    cpu: String(facts.cpus),
    "ephemeral-storage": kibibytes(facts.ephemeralStorageBytes),
    memory: kibibytes(facts.memoryBytes),
    pods: String(podsMax),
  };
}

/** The node's whole status; equal to `before`, heartbeat times included, when nothing changed. */
export function nodeStatus(sources: NodeSources, before: NodeStatus | undefined): NodeStatus {
  const { node, facts, runtimeVersion, agentVersion } = sources;
  return {
    capacity: capacityOf(facts, node.podsMax),
    allocatable: allocatableOf(facts, node),
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
    ...(sources.images === undefined ? {} : { images: [...sources.images] }),
  };
}

type NodeImages = readonly { readonly names: string[]; readonly sizeBytes: number }[];

/** Type, then reason and message of a node that has enough, and of one that has not. */
const PRESSURES = [
  [
    "MemoryPressure",
    ["KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
    ["KubeletHasInsufficientMemory", "kubelet has insufficient memory available"],
  ],
  [
    "DiskPressure",
    ["KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
    ["KubeletHasDiskPressure", "kubelet has disk pressure"],
  ],
  [
    "PIDPressure",
    ["KubeletHasSufficientPID", "kubelet has sufficient PID available"],
    ["KubeletHasInsufficientPID", "kubelet has insufficient PID available"],
  ],
] as const;

/** Source of the reasons: the cloud controller manager, which calls pods' network a route. */
function networkCondition(trouble: string | undefined): NodeCondition {
  const type = "NetworkUnavailable";
  return trouble === undefined
    ? { type, status: "False", reason: "RouteCreated", message: "Pods have their network" }
    : { type, status: "True", reason: "NoRouteCreated", message: trouble };
}

/** In the words of the kubelet. */
function conditionsOf(
  { troubles, networkTrouble, servicePath, names, pressures: under = [], now }: NodeSources,
  before: readonly NodeCondition[],
): NodeCondition[] {
  const pressures = PRESSURES.map(([type, enough, lack]): NodeCondition => {
    const [reason, message] = under.includes(type) ? lack : enough;
    return { type, status: under.includes(type) ? "True" : "False", reason, message };
  });
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
  const paths = [
    networkCondition(networkTrouble),
    ...servicePath === undefined ? [] : [servicePathCondition(servicePath)],
    ...names === undefined ? [] : [nameServiceCondition(names)],
  ];
  const own = [...paths, ...pressures, ready].map((one) => withTimes(one, before, now));
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
