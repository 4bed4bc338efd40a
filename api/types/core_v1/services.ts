import {
  always,
  boolean,
  defaulted,
  type Infer,
  int32,
  intOrString,
  list,
  map,
  messagesOf,
  oneOf,
  optional,
  required,
  string,
} from "../schema.ts";
import { Condition, ObjectMeta, TYPE_META } from "../meta.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const ServicePort = message("ServicePort", {
  appProtocol: optional(6, string),
  name: optional(1, string),
  nodePort: optional(5, int32, "Port on every node, for the types NodePort and LoadBalancer."),
  port: required(3, int32),
  protocol: defaulted(2, oneOf("TCP", "UDP", "SCTP"), "TCP"),
  targetPort: optional(
    4,
    intOrString,
    "Port number or port name on the pods; the same as port when absent.",
  ),
});
export interface ServicePort extends Infer<typeof ServicePort> {}

export const ClientIPConfig = message("ClientIPConfig", {
  timeoutSeconds: optional(1, int32),
});
export interface ClientIPConfig extends Infer<typeof ClientIPConfig> {}

export const SessionAffinityConfig = message("SessionAffinityConfig", {
  clientIP: optional(1, ClientIPConfig),
});
export interface SessionAffinityConfig extends Infer<typeof SessionAffinityConfig> {}

export const ServiceSpec = message("ServiceSpec", {
  allocateLoadBalancerNodePorts: optional(20, boolean),
  clusterIP: optional(
    3,
    string,
    "Virtual IP. Empty: one is chosen; None: headless, without a virtual IP.",
  ),
  clusterIPs: optional(18, list(string)),
  externalIPs: optional(5, list(string)),
  externalName: optional(10, string),
  externalTrafficPolicy: optional(11, oneOf("Cluster", "Local")),
  healthCheckNodePort: optional(12, int32),
  internalTrafficPolicy: defaulted(22, oneOf("Cluster", "Local"), "Cluster"),
  ipFamilies: optional(19, list(string)),
  ipFamilyPolicy: optional(17, oneOf("SingleStack", "PreferDualStack", "RequireDualStack")),
  loadBalancerClass: optional(21, string),
  loadBalancerIP: optional(8, string),
  loadBalancerSourceRanges: optional(9, list(string)),
  ports: optional(1, list(ServicePort, { mergeKey: "port", mapKeys: ["port", "protocol"] })),
  publishNotReadyAddresses: optional(13, boolean),
  selector: optional(
    2,
    map(string, { isAtomic: true }),
    "Pods with all of these labels back the service. Absent: its owner writes the endpoints.",
  ),
  sessionAffinity: defaulted(7, oneOf("ClientIP", "None"), "None"),
  sessionAffinityConfig: optional(14, SessionAffinityConfig),
  trafficDistribution: optional(23, string),
  type: defaulted(4, oneOf("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"), "ClusterIP"),
});
export interface ServiceSpec extends Infer<typeof ServiceSpec> {}

export const PortStatus = message("PortStatus", {
  error: optional(3, string),
  port: required(1, int32),
  protocol: required(2, string),
});
export interface PortStatus extends Infer<typeof PortStatus> {}

export const LoadBalancerIngress = message("LoadBalancerIngress", {
  hostname: optional(2, string),
  ip: optional(1, string),
  ipMode: optional(3, oneOf("Proxy", "VIP")),
  ports: optional(4, list(PortStatus)),
});
export interface LoadBalancerIngress extends Infer<typeof LoadBalancerIngress> {}

export const LoadBalancerStatus = message("LoadBalancerStatus", {
  ingress: optional(1, list(LoadBalancerIngress)),
});
export interface LoadBalancerStatus extends Infer<typeof LoadBalancerStatus> {}

export const ServiceStatus = message("ServiceStatus", {
  conditions: optional(2, list(Condition, { mergeKey: "type", mapKeys: ["type"] })),
  loadBalancer: optional(1, LoadBalancerStatus),
});
export interface ServiceStatus extends Infer<typeof ServiceStatus> {}

export const Service = message("Service", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, ServiceSpec),
  status: optional(3, ServiceStatus),
});
export interface Service extends Infer<typeof Service> {}
