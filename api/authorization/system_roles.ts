/** The roles of the cluster's own parts. Source: k8s.io/kubernetes, bootstrappolicy/policy.go. */
import type { PolicyRule } from "../types/rbac_v1.ts";
import { NODE_RULES } from "./node_rules.ts";
import { EVENTS, paths, READ, rule } from "./policy_rules.ts";

const PUBLIC = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
const LEADER = ["create", "get", "list", "update", "watch"];

/** By name. */
export const SYSTEM_RULES: Readonly<Record<string, readonly PolicyRule[]>> = {
  "cluster-admin": [rule("*", "*", ["*"]), { nonResourceURLs: ["*"], verbs: ["*"] }],
  "system:discovery": [
    paths("/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", ...PUBLIC),
  ],
  "system:monitoring": [
    paths("/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics", "/metrics/slis"),
    paths("/readyz", "/readyz/*"),
  ],
  "system:basic-user": [
    rule("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", ["create"]),
    rule("authentication.k8s.io", "selfsubjectreviews", ["create"]),
  ],
  "system:public-info-viewer": [paths(...PUBLIC)],
  "system:service-account-issuer-discovery": [
    paths("/.well-known/openid-configuration", "/.well-known/openid-configuration/"),
    paths("/openid/v1/jwks", "/openid/v1/jwks/"),
  ],
  // ours: an agent asks before it removes images that no pod of its own needs
  "system:node-image-collector": [paths("/wherry/images")],
  "system:auth-delegator": [
    rule("authentication.k8s.io", "tokenreviews", ["create"]),
    rule("authorization.k8s.io", "subjectaccessreviews", ["create"]),
  ],
  "system:node": NODE_RULES as readonly PolicyRule[],
  "system:node-proxier": [
    rule("", "services endpoints", ["list", "watch"]),
    rule("", "nodes", READ),
    ...EVENTS,
    rule("discovery.k8s.io", "endpointslices", ["list", "watch"]),
  ],
  "system:node-bootstrapper": [
    rule("certificates.k8s.io", "certificatesigningrequests", ["create", ...READ]),
  ],
  "system:node-problem-detector": [
    rule("", "nodes", ["get"]),
    rule("", "nodes/status", ["patch"]),
    ...EVENTS,
  ],
  "system:kubelet-api-admin": [
    rule("", "nodes", READ),
    rule("", "nodes", ["proxy"]),
    rule("", "nodes/log nodes/metrics nodes/proxy nodes/stats", ["*"]),
  ],
  "system:kube-dns": [rule("", "endpoints services", ["list", "watch"])],
  "system:persistent-volume-provisioner": [
    rule("", "persistentvolumes", ["create", "delete", ...READ]),
    rule("", "persistentvolumeclaims", [...READ, "update"]),
    rule("storage.k8s.io", "storageclasses", READ),
    rule("", "events", ["watch"]),
    ...EVENTS,
  ],
  "system:kube-scheduler": [
    ...EVENTS,
    rule("coordination.k8s.io", "leases", ["create"]),
    rule("coordination.k8s.io", "leases", ["get", "update"], ["kube-scheduler"]),
    rule("", "nodes", READ),
    rule("", "pods", ["delete", ...READ]),
    rule("", "bindings pods/binding", ["create"]),
    rule("", "pods/status", ["patch", "update"]),
    rule("", "replicationcontrollers services", READ),
    rule("apps", "replicasets statefulsets", READ),
    rule("policy", "poddisruptionbudgets", READ),
    rule("", "persistentvolumeclaims persistentvolumes namespaces", READ),
    rule("storage.k8s.io", "csidrivers csinodes csistoragecapacities storageclasses", READ),
    rule("authentication.k8s.io", "tokenreviews", ["create"]),
    rule("authorization.k8s.io", "subjectaccessreviews", ["create"]),
  ],
  "system:volume-scheduler": [
    rule("", "persistentvolumes", [...READ, "patch", "update"]),
    rule("storage.k8s.io", "storageclasses", READ),
    rule("", "persistentvolumeclaims", [...READ, "patch", "update"]),
  ],
  "system:kube-controller-manager": [
    ...EVENTS,
    rule("coordination.k8s.io", "leases", ["create"]),
    rule("coordination.k8s.io", "leases", ["get", "update"], ["kube-controller-manager"]),
    rule("", "secrets serviceaccounts", ["create"]),
    rule("", "secrets", ["delete"]),
    rule("", "configmaps namespaces secrets serviceaccounts", ["get"]),
    rule("", "secrets serviceaccounts", ["update"]),
    rule("authentication.k8s.io", "tokenreviews", ["create"]),
    rule("authorization.k8s.io", "subjectaccessreviews", ["create"]),
    rule("*", "*", ["list", "watch"]),
    rule("", "serviceaccounts/token", ["create"]),
  ],
};

/** In a namespace of the system: `namespace/name`. */
export const NAMESPACED_RULES: Readonly<Record<string, readonly PolicyRule[]>> = {
  "kube-system/extension-apiserver-authentication-reader": [
    rule("", "configmaps", READ, ["extension-apiserver-authentication"]),
  ],
  "kube-system/system::leader-locking-kube-controller-manager": [
    rule("", "configmaps", ["watch"]),
    rule("", "configmaps", ["get", "update"], ["kube-controller-manager"]),
    rule("coordination.k8s.io", "leases", LEADER, ["kube-controller-manager"]),
  ],
  "kube-system/system::leader-locking-kube-scheduler": [
    rule("", "configmaps", ["watch"]),
    rule("", "configmaps", ["get", "update"], ["kube-scheduler"]),
    rule("coordination.k8s.io", "leases", LEADER, ["kube-scheduler"]),
  ],
  /** Whoever joins finds the authority here, before anybody knows them. Source of the name: kubeadm. */
  "kube-public/kubeadm:bootstrap-signer-clusterinfo": [
    rule("", "configmaps", ["get"], ["cluster-info"]),
  ],
};
