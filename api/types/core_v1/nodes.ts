import {
  always,
  boolean,
  type Infer,
  int32,
  int64,
  list,
  map,
  messagesOf,
  oneOf,
  optional,
  quantity,
  required,
  string,
  time,
} from "../schema.ts";
import { ObjectMeta, TYPE_META } from "../meta.ts";
import { ConfigMapNodeConfigSource } from "./containers.ts";
import { Taint } from "./scheduling.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const NodeConfigSource = message("NodeConfigSource", {
  configMap: optional(2, ConfigMapNodeConfigSource),
});
export interface NodeConfigSource extends Infer<typeof NodeConfigSource> {}

export const NodeSpec = message("NodeSpec", {
  configSource: optional(6, NodeConfigSource),
  externalID: optional(2, string),
  podCIDR: optional(1, string),
  podCIDRs: optional(7, list(string, { isMergedScalars: true })),
  providerID: optional(3, string),
  taints: optional(5, list(Taint)),
  unschedulable: optional(4, boolean, "New pods are refused; running pods stay."),
});
export interface NodeSpec extends Infer<typeof NodeSpec> {}

export const NodeAddress = message("NodeAddress", {
  address: required(2, string),
  type: required(1, string),
});
export interface NodeAddress extends Infer<typeof NodeAddress> {}

export const NodeCondition = message("NodeCondition", {
  lastHeartbeatTime: optional(3, time),
  lastTransitionTime: optional(4, time),
  message: optional(6, string),
  reason: optional(5, string),
  status: required(2, oneOf("True", "False", "Unknown")),
  type: required(1, string),
});
export interface NodeCondition extends Infer<typeof NodeCondition> {}

export const NodeConfigStatus = message("NodeConfigStatus", {
  active: optional(2, NodeConfigSource),
  assigned: optional(1, NodeConfigSource),
  error: optional(4, string),
  lastKnownGood: optional(3, NodeConfigSource),
});
export interface NodeConfigStatus extends Infer<typeof NodeConfigStatus> {}

export const DaemonEndpoint = message("DaemonEndpoint", {
  Port: required(1, int32),
});
export interface DaemonEndpoint extends Infer<typeof DaemonEndpoint> {}

export const NodeDaemonEndpoints = message("NodeDaemonEndpoints", {
  kubeletEndpoint: optional(1, DaemonEndpoint),
});
export interface NodeDaemonEndpoints extends Infer<typeof NodeDaemonEndpoints> {}

export const ContainerImage = message("ContainerImage", {
  names: optional(1, list(string)),
  sizeBytes: optional(2, int64),
});
export interface ContainerImage extends Infer<typeof ContainerImage> {}

export const NodeSystemInfo = message("NodeSystemInfo", {
  architecture: required(10, string),
  bootID: required(3, string),
  containerRuntimeVersion: required(6, string),
  kernelVersion: required(4, string),
  kubeProxyVersion: required(8, string),
  kubeletVersion: required(7, string),
  machineID: required(1, string),
  operatingSystem: required(9, string),
  osImage: required(5, string),
  systemUUID: required(2, string),
});
export interface NodeSystemInfo extends Infer<typeof NodeSystemInfo> {}

export const AttachedVolume = message("AttachedVolume", {
  devicePath: required(2, string),
  name: required(1, string),
});
export interface AttachedVolume extends Infer<typeof AttachedVolume> {}

export const NodeStatus = message("NodeStatus", {
  addresses: optional(5, list(NodeAddress, { mergeKey: "type" })),
  allocatable: optional(2, map(quantity), "Capacity less what is reserved for the system."),
  capacity: optional(1, map(quantity), "Everything the node has."),
  conditions: optional(4, list(NodeCondition, { mergeKey: "type" })),
  config: optional(11, NodeConfigStatus),
  daemonEndpoints: optional(6, NodeDaemonEndpoints),
  images: optional(8, list(ContainerImage)),
  nodeInfo: optional(7, NodeSystemInfo),
  phase: optional(3, string),
  volumesAttached: optional(10, list(AttachedVolume)),
  volumesInUse: optional(9, list(string)),
});
export interface NodeStatus extends Infer<typeof NodeStatus> {}

export const Node = message("Node", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, NodeSpec),
  status: optional(3, NodeStatus),
});
export interface Node extends Infer<typeof Node> {}
