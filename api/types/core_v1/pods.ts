import {
  always,
  boolean,
  defaulted,
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
import {
  AppArmorProfile,
  Container,
  ContainerStatus,
  EphemeralContainer,
  SeccompProfile,
  SELinuxOptions,
  Sysctl,
  WindowsSecurityContextOptions,
} from "./containers.ts";
import { LocalObjectReference } from "./references.ts";
import { Affinity, Toleration, TopologySpreadConstraint } from "./scheduling.ts";
import { Volume } from "./volumes.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const PodDNSConfigOption = message("PodDNSConfigOption", {
  name: optional(1, string),
  value: optional(2, string),
});
export interface PodDNSConfigOption extends Infer<typeof PodDNSConfigOption> {}

export const PodDNSConfig = message("PodDNSConfig", {
  nameservers: optional(1, list(string)),
  options: optional(3, list(PodDNSConfigOption)),
  searches: optional(2, list(string)),
});
export interface PodDNSConfig extends Infer<typeof PodDNSConfig> {}

export const HostAlias = message("HostAlias", {
  hostnames: optional(2, list(string)),
  ip: optional(1, string),
});
export interface HostAlias extends Infer<typeof HostAlias> {}

export const PodOS = message("PodOS", {
  name: required(1, string),
});
export interface PodOS extends Infer<typeof PodOS> {}

export const PodReadinessGate = message("PodReadinessGate", {
  conditionType: required(1, string),
});
export interface PodReadinessGate extends Infer<typeof PodReadinessGate> {}

export const ClaimSource = message("ClaimSource", {
  resourceClaimName: optional(1, string),
  resourceClaimTemplateName: optional(2, string),
});
export interface ClaimSource extends Infer<typeof ClaimSource> {}

export const PodResourceClaim = message("PodResourceClaim", {
  name: required(1, string),
  source: optional(2, ClaimSource),
});
export interface PodResourceClaim extends Infer<typeof PodResourceClaim> {}

export const PodSchedulingGate = message("PodSchedulingGate", {
  name: required(1, string),
});
export interface PodSchedulingGate extends Infer<typeof PodSchedulingGate> {}

export const PodSecurityContext = message("PodSecurityContext", {
  appArmorProfile: optional(11, AppArmorProfile),
  fsGroup: optional(5, int64),
  fsGroupChangePolicy: optional(9, string),
  runAsGroup: optional(6, int64),
  runAsNonRoot: optional(3, boolean),
  runAsUser: optional(2, int64),
  seLinuxOptions: optional(1, SELinuxOptions),
  seccompProfile: optional(10, SeccompProfile),
  supplementalGroups: optional(4, list(int64)),
  supplementalGroupsPolicy: optional(12, oneOf("Merge", "Strict")),
  sysctls: optional(7, list(Sysctl)),
  windowsOptions: optional(8, WindowsSecurityContextOptions),
});
export interface PodSecurityContext extends Infer<typeof PodSecurityContext> {}

export const PodSpec = message("PodSpec", {
  activeDeadlineSeconds: optional(
    5,
    int64,
    "Time after which the pod is failed and its containers are killed.",
  ),
  affinity: optional(18, Affinity),
  automountServiceAccountToken: optional(21, boolean),
  containers: required(2, list(Container, { mergeKey: "name" })),
  dnsConfig: optional(26, PodDNSConfig),
  dnsPolicy: defaulted(
    6,
    oneOf("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    "ClusterFirst",
  ),
  enableServiceLinks: defaulted(30, boolean, true),
  ephemeralContainers: optional(34, list(EphemeralContainer, { mergeKey: "name" })),
  hostAliases: optional(23, list(HostAlias, { mergeKey: "ip" })),
  hostIPC: optional(13, boolean),
  hostNetwork: optional(11, boolean),
  hostPID: optional(12, boolean),
  hostUsers: optional(37, boolean),
  hostname: optional(16, string),
  imagePullSecrets: optional(15, list(LocalObjectReference, { mergeKey: "name" })),
  initContainers: optional(20, list(Container, { mergeKey: "name" })),
  nodeName: optional(10, string, "Written once, by the binding subresource."),
  nodeSelector: optional(
    7,
    map(string, { isAtomic: true }),
    "Labels that the node must have, every one.",
  ),
  os: optional(36, PodOS),
  overhead: optional(32, map(quantity)),
  preemptionPolicy: optional(31, oneOf("PreemptLowerPriority", "Never")),
  priority: optional(25, int32),
  priorityClassName: optional(24, string),
  readinessGates: optional(28, list(PodReadinessGate)),
  resourceClaims: optional(
    39,
    list(PodResourceClaim, { mergeKey: "name", retainKeys: true, mapKeys: ["name"] }),
  ),
  restartPolicy: defaulted(3, oneOf("Always", "OnFailure", "Never"), "Always"),
  runtimeClassName: optional(29, string),
  schedulerName: defaulted(19, string, "default-scheduler"),
  schedulingGates: optional(38, list(PodSchedulingGate, { mergeKey: "name", mapKeys: ["name"] })),
  securityContext: optional(14, PodSecurityContext),
  serviceAccount: optional(9, string),
  serviceAccountName: optional(8, string),
  setHostnameAsFQDN: optional(35, boolean),
  shareProcessNamespace: optional(27, boolean),
  subdomain: optional(17, string),
  terminationGracePeriodSeconds: defaulted(4, int64, 30, "Time between SIGTERM and SIGKILL."),
  tolerations: optional(22, list(Toleration)),
  topologySpreadConstraints: optional(
    33,
    list(TopologySpreadConstraint, {
      mergeKey: "topologyKey",
      mapKeys: ["topologyKey", "whenUnsatisfiable"],
    }),
  ),
  volumes: optional(1, list(Volume, { mergeKey: "name", retainKeys: true })),
});
export interface PodSpec extends Infer<typeof PodSpec> {}

export const PodCondition = message("PodCondition", {
  lastProbeTime: optional(3, time),
  lastTransitionTime: optional(4, time),
  message: optional(6, string),
  reason: optional(5, string),
  status: required(2, oneOf("True", "False", "Unknown")),
  type: required(1, string),
});
export interface PodCondition extends Infer<typeof PodCondition> {}

export const HostIP = message("HostIP", {
  ip: optional(1, string),
});
export interface HostIP extends Infer<typeof HostIP> {}

export const PodIP = message("PodIP", {
  ip: optional(1, string),
});
export interface PodIP extends Infer<typeof PodIP> {}

export const PodResourceClaimStatus = message("PodResourceClaimStatus", {
  name: required(1, string),
  resourceClaimName: optional(2, string),
});
export interface PodResourceClaimStatus extends Infer<typeof PodResourceClaimStatus> {}

export const PodStatus = message("PodStatus", {
  conditions: optional(2, list(PodCondition, { mergeKey: "type" })),
  containerStatuses: optional(8, list(ContainerStatus)),
  ephemeralContainerStatuses: optional(13, list(ContainerStatus)),
  hostIP: optional(5, string),
  hostIPs: optional(16, list(HostIP, { mergeKey: "ip", isAtomic: true })),
  initContainerStatuses: optional(10, list(ContainerStatus)),
  message: optional(3, string),
  nominatedNodeName: optional(11, string),
  phase: optional(1, oneOf("Pending", "Running", "Succeeded", "Failed", "Unknown")),
  podIP: optional(6, string),
  podIPs: optional(12, list(PodIP, { mergeKey: "ip" })),
  qosClass: optional(9, oneOf("Guaranteed", "Burstable", "BestEffort")),
  reason: optional(4, string),
  resize: optional(14, string),
  resourceClaimStatuses: optional(
    15,
    list(PodResourceClaimStatus, { mergeKey: "name", retainKeys: true, mapKeys: ["name"] }),
  ),
  startTime: optional(7, time),
});
export interface PodStatus extends Infer<typeof PodStatus> {}

export const Pod = message("Pod", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, PodSpec),
  status: optional(3, PodStatus),
});
export interface Pod extends Infer<typeof Pod> {}
