import type { KubeObject } from "../types/meta.ts";
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from "../types/rbac_v1.ts";
import { NAMESPACED_RULES, SYSTEM_RULES } from "./system_roles.ts";
import { ADMIN_RULES, EDIT_RULES, VIEW_RULES } from "./user_roles.ts";

const GROUP = "rbac.authorization.k8s.io";
const apiVersion = `${GROUP}/v1`;

/** At each start these objects get back what is missing; "false" leaves them to the administrator. */
export const AUTO_UPDATE = "rbac.authorization.kubernetes.io/autoupdate";

const meta = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  name,
  annotations: { [AUTO_UPDATE]: "true" },
  labels: { "kubernetes.io/bootstrapping": "rbac-defaults", ...labels },
});

const user = (name: string): Subject => ({ kind: "User", apiGroup: GROUP, name });
const group = (name: string): Subject => ({ kind: "Group", apiGroup: GROUP, name });

/** Who has a role of the same name from the start. Agents have theirs from the node authorizer. */
const CLUSTER_GRANTS: Readonly<Record<string, readonly Subject[]>> = {
  "cluster-admin": [group("system:masters")],
  "system:monitoring": [group("system:monitoring")],
  "system:discovery": [group("system:authenticated")],
  "system:basic-user": [group("system:authenticated")],
  "system:public-info-viewer": [group("system:authenticated"), group("system:unauthenticated")],
  "system:service-account-issuer-discovery": [group("system:serviceaccounts")],
  "system:node": [],
  "system:node-bootstrapper": [group("system:bootstrappers")],
  "system:node-image-collector": [group("system:nodes")],
  "system:node-proxier": [user("system:kube-proxy")],
  "system:kube-controller-manager": [user("system:kube-controller-manager")],
  "system:kube-dns": [{ kind: "ServiceAccount", namespace: "kube-system", name: "kube-dns" }],
  "system:kube-scheduler": [user("system:kube-scheduler")],
  "system:volume-scheduler": [user("system:kube-scheduler")],
};

const NAMESPACED_GRANTS: Readonly<Record<string, readonly Subject[]>> = {
  "kube-system/system::extension-apiserver-authentication-reader": [
    user("system:kube-controller-manager"),
    user("system:kube-scheduler"),
  ],
  "kube-system/system::leader-locking-kube-controller-manager": [
    user("system:kube-controller-manager"),
  ],
  "kube-system/system::leader-locking-kube-scheduler": [user("system:kube-scheduler")],
  "kube-public/kubeadm:bootstrap-signer-clusterinfo": [user("system:anonymous")],
};

/** Roles and bindings of every cluster, as a client would send them. Namespaces come before them. */
export function defaultPolicy(): readonly KubeObject[] {
  return [
    ...Object.entries(SYSTEM_RULES).map(([name, rules]) => clusterRole(name, rules)),
    ...userRoles(),
    ...Object.entries(NAMESPACED_RULES).map(([place, rules]) => role(place, rules)),
    ...Object.entries(CLUSTER_GRANTS).map(([name, subjects]) => clusterRoleBinding(name, subjects)),
    ...Object.entries(NAMESPACED_GRANTS).map(([place, subjects]) => roleBinding(place, subjects)),
  ];
}

/** The sums are there from the start; the controller keeps them so. */
function userRoles(): ClusterRole[] {
  const label = (role: string) => `rbac.authorization.k8s.io/aggregate-to-${role}`;
  const to = (...roles: string[]) => Object.fromEntries(roles.map((name) => [label(name), "true"]));
  const sum = (name: string, rules: readonly PolicyRule[], labels = {}): ClusterRole => ({
    ...clusterRole(name, rules, labels),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label(name)]: "true" } }] },
  });
  return [
    sum("admin", [...ADMIN_RULES, ...EDIT_RULES, ...VIEW_RULES]),
    sum("edit", [...EDIT_RULES, ...VIEW_RULES], to("admin")),
    sum("view", VIEW_RULES, to("edit")),
    clusterRole("system:aggregate-to-admin", ADMIN_RULES, to("admin")),
    clusterRole("system:aggregate-to-edit", EDIT_RULES, to("edit")),
    clusterRole("system:aggregate-to-view", VIEW_RULES, to("view")),
  ];
}

function clusterRole(name: string, rules: readonly PolicyRule[], labels = {}): ClusterRole {
  return { apiVersion, kind: "ClusterRole", metadata: meta(name, labels), rules: [...rules] };
}

function clusterRoleBinding(name: string, subjects: readonly Subject[]): ClusterRoleBinding {
  return {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata: meta(name),
    roleRef: { apiGroup: GROUP, kind: "ClusterRole", name },
    ...(subjects.length > 0 && { subjects: [...subjects] }),
  };
}

function placed(place: string) {
  const [namespace = "", name = ""] = place.split("/");
  return { ...meta(name), namespace };
}

function role(place: string, rules: readonly PolicyRule[]): Role {
  return { apiVersion, kind: "Role", metadata: placed(place), rules: [...rules] };
}

function roleBinding(place: string, subjects: readonly Subject[]): RoleBinding {
  const metadata = placed(place);
  const reader = "extension-apiserver-authentication-reader";
  const name = metadata.name === `system::${reader}` ? reader : metadata.name;
  return {
    apiVersion,
    kind: "RoleBinding",
    metadata,
    roleRef: { apiGroup: GROUP, kind: "Role", name },
    subjects: [...subjects],
  };
}
