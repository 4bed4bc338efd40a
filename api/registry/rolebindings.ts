import { ROLE_BINDINGS, RoleBinding } from "../types/rbac_v1.ts";
import type { ResourceKind } from "./kind.ts";
import { BINDING_COLUMNS } from "./rbac_columns.ts";
import {
  defaultBinding,
  validateBinding,
  validateBindingUpdate,
  validatePathSegmentName,
} from "./validate_rbac.ts";

export const roleBindings: ResourceKind<RoleBinding> = {
  resource: ROLE_BINDINGS,
  schema: RoleBinding,
  singular: "rolebinding",
  hasStatus: false,
  createsOnUpdate: true,
  validateName: validatePathSegmentName,
  default: defaultBinding,
  validate: (binding) => validateBinding(binding, ["Role", "ClusterRole"]),
  validateUpdate: validateBindingUpdate,
  columns: BINDING_COLUMNS,
};
