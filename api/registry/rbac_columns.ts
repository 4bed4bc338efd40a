import type { KubeObject } from "../types/meta.ts";
import type { ClusterRoleBinding, RoleBinding, Subject } from "../types/rbac_v1.ts";
import { text, wideText } from "./column_types.ts";
import { AGE, NAME } from "./columns.ts";
import type { Column } from "./kind.ts";

/** The moment itself in place of an age. */
export const ROLE_COLUMNS: readonly Column<KubeObject>[] = [
  NAME,
  {
    name: "Created At",
    type: "date",
    description: AGE.description,
    cell: ({ metadata }) => metadata.creationTimestamp ?? null,
  },
];

type AnyBinding = RoleBinding | ClusterRoleBinding;

function namesOf({ subjects = [] }: AnyBinding, kind: string, name = nameOf): string {
  return subjects.filter((subject) => subject.kind === kind).map(name).join(", ");
}

const nameOf = ({ name }: Subject) => name;
const accountOf = ({ namespace = "", name }: Subject) => `${namespace}/${name}`;

export const BINDING_COLUMNS: readonly Column<AnyBinding>[] = [
  text("Role", "The role that is granted.", ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  wideText("Users", "Users in the binding.", (binding) => namesOf(binding, "User")),
  wideText("Groups", "Groups in the binding.", (binding) => namesOf(binding, "Group")),
  wideText(
    "ServiceAccounts",
    "Service accounts in the binding.",
    (binding) => namesOf(binding, "ServiceAccount", accountOf),
  ),
];
