import type { ClusterRole, Role, RoleBinding } from "../types/rbac_v1.ts";
import { CLUSTER_ROLES, ROLES } from "../types/rbac_v1.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import { quotedList, type Rule, ruleText, uncovered } from "../authorization/rules.ts";
import { MASTERS, type User } from "../authentication/user.ts";
import { groupOf } from "../registry/keys.ts";
import { forbidden, notFound } from "../registry/refusals.ts";
import { isSameJson } from "../registry/same_json.ts";
import type { Admission, Attempt } from "./admission.ts";

const GROUP = "rbac.authorization.k8s.io";
const EVERYTHING: readonly Rule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

/** The rules of a role; undefined where there is no such role. */
export type RoleRules = (
  roleRef: RoleBinding["roleRef"],
  namespace: string,
) => readonly Rule[] | undefined;

interface Asking {
  readonly attempt: Attempt;
  readonly user: User;
}

/**
 * Nobody grants what they do not hold: not in a role, unless they may `escalate` it, and not by a binding, unless
 * they may `bind` the role. Source: k8s.io/kubernetes, rbac policybased storage.
 */
export function rbacEscalation(authorizer: Authorizer, roleRules: RoleRules): Admission {
  return (attempt) => {
    const { operation, kind: { resource }, object, old, user } = attempt;
    if (groupOf(resource.apiVersion) !== GROUP || operation === "DELETE") return;
    if (user === undefined || user.groups.includes(MASTERS)) return;
    const asking = { attempt, user };
    if (resource.kind === "Role" || resource.kind === "ClusterRole") {
      rejectWiderRole(authorizer, asking, object as ClusterRole, old as ClusterRole | undefined);
      return;
    }
    if (old !== undefined && isSameGrant(object as RoleBinding, old as RoleBinding)) return;
    rejectWiderBinding(authorizer, asking, roleRules);
  };
}

function isSameGrant(next: RoleBinding, old: RoleBinding): boolean {
  return isSameJson(next.roleRef, old.roleRef) && isSameJson(next.subjects, old.subjects);
}

function rejectWiderRole(
  authorizer: Authorizer,
  { attempt, user }: Asking,
  next: Role | ClusterRole,
  old: Role | ClusterRole | undefined,
): void {
  const { kind: { resource }, namespace } = attempt;
  const { name } = next.metadata;
  const sumOf = (role: ClusterRole | undefined) => role?.aggregationRule;
  const isSum = sumOf(next) !== undefined && !isSameJson(sumOf(next), sumOf(old));
  const isSame = old !== undefined && isSameJson(next.rules, old.rules);
  if (isSame && !isSum) return;
  const what = { group: GROUP, resource: resource.resource, subresource: "", namespace, name };
  const escalate = { verb: "escalate", path: "", resource: what };
  if (authorizer.permission(user, escalate) !== undefined) return;
  if (isSum && uncovered(authorizer.rulesOf(user, "").rules, EVERYTHING).length > 0) {
    const why = "must have cluster-admin privileges to use an aggregationRule";
    throw forbidden(resource, name, why);
  }
  rejectUnheld(authorizer, { attempt, user }, next.rules ?? []);
}

function rejectWiderBinding(authorizer: Authorizer, asking: Asking, roleRules: RoleRules): void {
  const { attempt: { object, namespace }, user } = asking;
  const { roleRef } = object as RoleBinding;
  const resource = roleRef.kind === "ClusterRole" ? CLUSTER_ROLES : ROLES;
  const bind = {
    verb: "bind",
    path: "",
    resource: {
      group: GROUP,
      resource: resource.resource,
      subresource: "",
      namespace,
      name: roleRef.name,
    },
  };
  if (authorizer.permission(user, bind) !== undefined) return;
  const rules = roleRules(roleRef, namespace);
  if (rules === undefined) throw notFound(resource, roleRef.name);
  rejectUnheld(authorizer, asking, rules);
}

function rejectUnheld(
  authorizer: Authorizer,
  { attempt, user }: Asking,
  wanted: readonly Rule[],
): void {
  const { rules, errors } = authorizer.rulesOf(user, attempt.namespace);
  const missing = uncovered(rules, wanted);
  if (missing.length === 0) return;
  const who = `user ${JSON.stringify(user.name)} (groups=${quotedList(user.groups)})`;
  const texts = missing.map(ruleText).sort().join("\n");
  const more = errors.length === 0 ? "" : `; resolution errors: [${errors.join(" ")}]`;
  const why = `${who} is attempting to grant RBAC permissions not currently held:\n${texts}${more}`;
  throw forbidden(attempt.kind.resource, attempt.object.metadata.name, why);
}
