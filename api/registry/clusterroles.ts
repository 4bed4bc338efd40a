import { CLUSTER_ROLES, ClusterRole } from "../types/rbac_v1.ts";
import type { ResourceKind } from "./kind.ts";
import { ROLE_COLUMNS } from "./rbac_columns.ts";
import { validateClusterRole, validatePathSegmentName } from "./validate_rbac.ts";

export const clusterRoles: ResourceKind<ClusterRole> = {
  resource: CLUSTER_ROLES,
  schema: ClusterRole,
  singular: "clusterrole",
  hasStatus: false,
  createsOnUpdate: true,
  validateName: validatePathSegmentName,
  validate: validateClusterRole,
  columns: ROLE_COLUMNS,
  hasWholeTable: true,
};
