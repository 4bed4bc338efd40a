import { CLUSTER_ROLE_BINDINGS, ClusterRoleBinding } from "../types/rbac_v1.ts";
import type { ResourceKind } from "./kind.ts";
import { BINDING_COLUMNS } from "./rbac_columns.ts";
import {
  defaultBinding,
  validateBinding,
  validateBindingUpdate,
  validatePathSegmentName,
} from "./validate_rbac.ts";

export const clusterRoleBindings: ResourceKind<ClusterRoleBinding> = {
  resource: CLUSTER_ROLE_BINDINGS,
  schema: ClusterRoleBinding,
  singular: "clusterrolebinding",
  hasStatus: false,
  createsOnUpdate: true,
  validateName: validatePathSegmentName,
  default: defaultBinding,
  validate: (binding) => validateBinding(binding, ["ClusterRole"]),
  validateUpdate: validateBindingUpdate,
  columns: BINDING_COLUMNS,
};
