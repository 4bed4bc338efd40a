import type { Rule } from "./rules.ts";

const READ = ["get", "list", "watch"];
const core = (resources: string[], ...verbs: string[]): Rule => ({
  apiGroups: [""],
  resources,
  verbs,
});

/**
 * The most that an agent can be allowed, before it is asked whether the object is its own. An agent is kubelet
 * and kube-proxy in one: it follows services, endpoints and network policies of the whole cluster.
 * Source: k8s.io/kubernetes, bootstrappolicy.NodeRules, and system:node-proxier.
 */
export const NODE_RULES: readonly Rule[] = [
  { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
  {
    apiGroups: ["authorization.k8s.io"],
    resources: ["subjectaccessreviews", "localsubjectaccessreviews"],
    verbs: ["create"],
  },
  core(["services", "endpoints"], ...READ),
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: READ },
  { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: READ },
  core(["namespaces"], ...READ),
  core(["nodes"], "create", ...READ),
  core(["nodes/status"], "patch", "update"),
  core(["nodes"], "patch", "update"),
  core(["events"], "create", "patch", "update"),
  { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch", "update"] },
  core(["pods"], ...READ),
  core(["pods"], "create", "delete"),
  core(["pods/status"], "patch", "update"),
  core(["pods/eviction"], "create"),
  core(["secrets", "configmaps"], ...READ),
  core(["persistentvolumeclaims", "persistentvolumes"], "get"),
  core(["persistentvolumeclaims/status"], "get", "patch", "update"),
  core(["serviceaccounts/token"], "create"),
  {
    apiGroups: ["certificates.k8s.io"],
    resources: ["certificatesigningrequests"],
    verbs: ["create", ...READ],
  },
  {
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["create", "delete", "get", "patch", "update"],
  },
  { apiGroups: ["storage.k8s.io"], resources: ["volumeattachments"], verbs: ["get"] },
  { apiGroups: ["storage.k8s.io"], resources: ["csidrivers"], verbs: READ },
  { apiGroups: ["node.k8s.io"], resources: ["runtimeclasses"], verbs: READ },
];
