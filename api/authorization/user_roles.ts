/**
 * The roles for people: `view` reads a namespace, `edit` writes in it as well, `admin` grants both to others. Each
 * is the sum of the roles that carry its label, so that a kind that is added can join them.
 * Source: k8s.io/kubernetes, plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go.
 */
import type { PolicyRule } from "../types/rbac_v1.ts";
import { READ, rule, WRITE } from "./policy_rules.ts";

const APPS = "controllerrevisions daemonsets daemonsets/status deployments deployments/scale " +
  "deployments/status replicasets replicasets/scale replicasets/status statefulsets " +
  "statefulsets/scale statefulsets/status";
const APPS_WRITTEN = "daemonsets deployments deployments/rollback deployments/scale replicasets " +
  "replicasets/scale statefulsets statefulsets/scale";

export const VIEW_RULES: readonly PolicyRule[] = [
  rule(
    "",
    "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods " +
      "replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status",
    READ,
  ),
  rule(
    "",
    "bindings events limitranges namespaces/status pods/log pods/status " +
      "replicationcontrollers/status resourcequotas resourcequotas/status",
    READ,
  ),
  rule("", "namespaces", READ),
  rule("discovery.k8s.io", "endpointslices", READ),
  rule("apps", APPS, READ),
  rule("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status", READ),
  rule("batch", "cronjobs cronjobs/status jobs jobs/status", READ),
  rule("policy", "poddisruptionbudgets poddisruptionbudgets/status", READ),
  rule("networking.k8s.io", "ingresses ingresses/status networkpolicies", READ),
  rule("metrics.k8s.io", "nodes pods", READ),
];

/** Who reads secrets can act as any service account of the namespace. */
export const EDIT_RULES: readonly PolicyRule[] = [
  rule("", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy", READ),
  rule("", "serviceaccounts", ["impersonate"]),
  rule("", "pods pods/attach pods/exec pods/portforward pods/proxy", WRITE),
  rule("", "pods/eviction", ["create"]),
  rule(
    "",
    "configmaps events persistentvolumeclaims replicationcontrollers " +
      "replicationcontrollers/scale secrets serviceaccounts services services/proxy",
    WRITE,
  ),
  rule("", "serviceaccounts/token", ["create"]),
  rule("apps", APPS_WRITTEN, WRITE),
  rule("autoscaling", "horizontalpodautoscalers", WRITE),
  rule("batch", "cronjobs jobs", WRITE),
  rule("policy", "poddisruptionbudgets", WRITE),
  rule("networking.k8s.io", "ingresses networkpolicies", WRITE),
  rule("coordination.k8s.io", "leases", [...WRITE, ...READ]),
];

export const ADMIN_RULES: readonly PolicyRule[] = [
  rule("authorization.k8s.io", "localsubjectaccessreviews", ["create"]),
  rule("rbac.authorization.k8s.io", "rolebindings roles", [...WRITE, ...READ]),
];
