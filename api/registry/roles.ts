import { Role, ROLES } from "../types/rbac_v1.ts";
import type { ResourceKind } from "./kind.ts";
import { ROLE_COLUMNS } from "./rbac_columns.ts";
import { validatePathSegmentName, validateRole } from "./validate_rbac.ts";

export const roles: ResourceKind<Role> = {
  resource: ROLES,
  schema: Role,
  singular: "role",
  hasStatus: false,
  createsOnUpdate: true,
  validateName: validatePathSegmentName,
  validate: validateRole,
  columns: ROLE_COLUMNS,
  hasWholeTable: true,
};
