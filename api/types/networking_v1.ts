import {
  always,
  defaulted,
  type Infer,
  inlined,
  int32,
  intOrString,
  list,
  messagesOf,
  oneOf,
  optional,
  required,
  string,
} from "./schema.ts";
import { LabelSelector, ObjectMeta, TYPE_META } from "./meta.ts";
import { TypedLocalObjectReference } from "./core_v1.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.networking.v1");

export const ServiceBackendPort = message("ServiceBackendPort", {
  name: optional(1, string),
  number: optional(2, int32),
}, { isAtomic: true });
export interface ServiceBackendPort extends Infer<typeof ServiceBackendPort> {}

export const IngressServiceBackend = message("IngressServiceBackend", {
  name: required(1, string),
  port: optional(2, ServiceBackendPort),
});
export interface IngressServiceBackend extends Infer<typeof IngressServiceBackend> {}

export const IngressBackend = message("IngressBackend", {
  resource: optional(3, TypedLocalObjectReference),
  service: optional(4, IngressServiceBackend),
});
export interface IngressBackend extends Infer<typeof IngressBackend> {}

export const HTTPIngressPath = message("HTTPIngressPath", {
  backend: required(2, IngressBackend),
  path: optional(1, string),
  pathType: required(3, oneOf("Exact", "ImplementationSpecific", "Prefix")),
});
export interface HTTPIngressPath extends Infer<typeof HTTPIngressPath> {}

export const HTTPIngressRuleValue = message("HTTPIngressRuleValue", {
  paths: required(1, list(HTTPIngressPath)),
});
export interface HTTPIngressRuleValue extends Infer<typeof HTTPIngressRuleValue> {}

export const IPBlock = message("IPBlock", {
  cidr: required(1, string, "Addresses, such as 10.1.0.0/16."),
  except: optional(2, list(string), "Ranges inside of cidr that are left out."),
});
export interface IPBlock extends Infer<typeof IPBlock> {}

export const IngressRule = message("IngressRule", {
  ...inlined(2, {
    http: optional(1, HTTPIngressRuleValue),
  }),
  host: optional(1, string, "A host name; *.example.com stands for one label."),
});
export interface IngressRule extends Infer<typeof IngressRule> {}

export const IngressTLS = message("IngressTLS", {
  hosts: optional(1, list(string)),
  secretName: optional(2, string, "The secret with the certificate for the hosts."),
});
export interface IngressTLS extends Infer<typeof IngressTLS> {}

export const IngressSpec = message("IngressSpec", {
  defaultBackend: optional(1, IngressBackend, "Takes the requests that no rule takes."),
  ingressClassName: optional(4, string, "The class that serves this ingress."),
  rules: optional(3, list(IngressRule)),
  tls: optional(2, list(IngressTLS)),
});
export interface IngressSpec extends Infer<typeof IngressSpec> {}

export const IngressPortStatus = message("IngressPortStatus", {
  error: optional(3, string),
  port: required(1, int32),
  protocol: required(2, string),
});
export interface IngressPortStatus extends Infer<typeof IngressPortStatus> {}

export const IngressLoadBalancerIngress = message("IngressLoadBalancerIngress", {
  hostname: optional(2, string),
  ip: optional(1, string),
  ports: optional(4, list(IngressPortStatus)),
});
export interface IngressLoadBalancerIngress extends Infer<typeof IngressLoadBalancerIngress> {}

export const IngressLoadBalancerStatus = message("IngressLoadBalancerStatus", {
  ingress: optional(1, list(IngressLoadBalancerIngress)),
});
export interface IngressLoadBalancerStatus extends Infer<typeof IngressLoadBalancerStatus> {}

export const IngressStatus = message("IngressStatus", {
  loadBalancer: optional(1, IngressLoadBalancerStatus),
});
export interface IngressStatus extends Infer<typeof IngressStatus> {}

export const Ingress = message("Ingress", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, IngressSpec),
  status: optional(3, IngressStatus),
}, { description: "Leads requests from outside to services, by host and path." });
export interface Ingress extends Infer<typeof Ingress> {}

export const IngressClassParametersReference = message("IngressClassParametersReference", {
  apiGroup: optional(1, string),
  kind: required(2, string),
  name: required(3, string),
  namespace: optional(5, string),
  scope: defaulted(4, string, "Cluster"),
});
export interface IngressClassParametersReference
  extends Infer<typeof IngressClassParametersReference> {}

export const IngressClassSpec = message("IngressClassSpec", {
  controller: optional(
    1,
    string,
    "Name of the controller, as a path with a domain: example.com/ingress. It never changes.",
  ),
  parameters: optional(2, IngressClassParametersReference),
});
export interface IngressClassSpec extends Infer<typeof IngressClassSpec> {}

export const IngressClass = message("IngressClass", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, IngressClassSpec),
}, { description: "Who serves ingresses of the class, and with which settings." });
export interface IngressClass extends Infer<typeof IngressClass> {}

export const NetworkPolicyPeer = message("NetworkPolicyPeer", {
  ipBlock: optional(3, IPBlock),
  namespaceSelector: optional(2, LabelSelector),
  podSelector: optional(1, LabelSelector),
});
export interface NetworkPolicyPeer extends Infer<typeof NetworkPolicyPeer> {}

export const NetworkPolicyPort = message("NetworkPolicyPort", {
  endPort: optional(3, int32, "The last port of a range that begins at port."),
  port: optional(2, intOrString),
  protocol: defaulted(1, oneOf("SCTP", "TCP", "UDP"), "TCP"),
});
export interface NetworkPolicyPort extends Infer<typeof NetworkPolicyPort> {}

export const NetworkPolicyEgressRule = message("NetworkPolicyEgressRule", {
  ports: optional(1, list(NetworkPolicyPort)),
  to: optional(2, list(NetworkPolicyPeer)),
});
export interface NetworkPolicyEgressRule extends Infer<typeof NetworkPolicyEgressRule> {}

export const NetworkPolicyIngressRule = message("NetworkPolicyIngressRule", {
  from: optional(2, list(NetworkPolicyPeer)),
  ports: optional(1, list(NetworkPolicyPort)),
});
export interface NetworkPolicyIngressRule extends Infer<typeof NetworkPolicyIngressRule> {}

export const NetworkPolicySpec = message("NetworkPolicySpec", {
  egress: optional(3, list(NetworkPolicyEgressRule), "What may go out; nothing when empty."),
  ingress: optional(2, list(NetworkPolicyIngressRule), "What may come in; nothing when empty."),
  podSelector: always(
    1,
    LabelSelector,
    "The pods that the policy is about; all of the namespace when empty.",
  ),
  policyTypes: optional(
    4,
    list(oneOf("Egress", "Ingress")),
    "The directions that the policy restricts.",
  ),
});
export interface NetworkPolicySpec extends Infer<typeof NetworkPolicySpec> {}

export const NetworkPolicy = message("NetworkPolicy", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, NetworkPolicySpec),
}, { description: "What traffic pods may get and send." });
export interface NetworkPolicy extends Infer<typeof NetworkPolicy> {}

export const INGRESSES: Resource<Ingress> = {
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  resource: "ingresses",
  isNamespaced: true,
};

export const INGRESS_CLASSES: Resource<IngressClass> = {
  apiVersion: "networking.k8s.io/v1",
  kind: "IngressClass",
  resource: "ingressclasses",
  isNamespaced: false,
};

export const NETWORK_POLICIES: Resource<NetworkPolicy> = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  resource: "networkpolicies",
  isNamespaced: true,
};
