import { always, type Infer, list, messagesOf, optional, required, string } from "./schema.ts";
import { LabelSelector, ObjectMeta, TYPE_META } from "./meta.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.rbac.v1");

export const AggregationRule = message("AggregationRule", {
  clusterRoleSelectors: optional(1, list(LabelSelector)),
});
export interface AggregationRule extends Infer<typeof AggregationRule> {}

export const PolicyRule = message("PolicyRule", {
  apiGroups: optional(2, list(string)),
  nonResourceURLs: optional(5, list(string)),
  resourceNames: optional(4, list(string)),
  resources: optional(3, list(string)),
  verbs: required(1, list(string)),
});
export interface PolicyRule extends Infer<typeof PolicyRule> {}

export const ClusterRole = message("ClusterRole", {
  ...TYPE_META,
  aggregationRule: optional(3, AggregationRule),
  metadata: always(1, ObjectMeta),
  rules: optional(2, list(PolicyRule)),
});
export interface ClusterRole extends Infer<typeof ClusterRole> {}

export const RoleRef = message("RoleRef", {
  apiGroup: required(1, string),
  kind: required(2, string),
  name: required(3, string),
}, { isAtomic: true });
export interface RoleRef extends Infer<typeof RoleRef> {}

export const Subject = message("Subject", {
  apiGroup: optional(2, string),
  kind: required(1, string),
  name: required(3, string),
  namespace: optional(4, string),
}, { isAtomic: true });
export interface Subject extends Infer<typeof Subject> {}

export const ClusterRoleBinding = message("ClusterRoleBinding", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  roleRef: required(3, RoleRef),
  subjects: optional(2, list(Subject)),
});
export interface ClusterRoleBinding extends Infer<typeof ClusterRoleBinding> {}

export const Role = message("Role", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  rules: optional(2, list(PolicyRule)),
});
export interface Role extends Infer<typeof Role> {}

export const RoleBinding = message("RoleBinding", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  roleRef: required(3, RoleRef),
  subjects: optional(2, list(Subject)),
});
export interface RoleBinding extends Infer<typeof RoleBinding> {}

export const CLUSTER_ROLES: Resource<ClusterRole> = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  resource: "clusterroles",
  isNamespaced: false,
};

export const CLUSTER_ROLE_BINDINGS: Resource<ClusterRoleBinding> = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  resource: "clusterrolebindings",
  isNamespaced: false,
};

export const ROLES: Resource<Role> = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "Role",
  resource: "roles",
  isNamespaced: true,
};

export const ROLE_BINDINGS: Resource<RoleBinding> = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "RoleBinding",
  resource: "rolebindings",
  isNamespaced: true,
};
