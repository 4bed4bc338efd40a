import { invalid, notSupported, required } from "../types/field_errors.ts";
import { validateDns1123Subdomain } from "../types/names.ts";
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from "../types/rbac_v1.ts";
import type { FieldError } from "../types/status.ts";
import { invalidFor } from "./field_rules.ts";
import { isSameJson } from "./same_json.ts";

/** Source of the rules and their texts: Kubernetes, pkg/apis/rbac/validation. */

const RBAC_GROUP = "rbac.authorization.k8s.io";

type AnyBinding = RoleBinding | ClusterRoleBinding;

/** Names of roles may hold what a path segment may: `system:node`. @returns why the name is wrong */
export function validatePathSegmentName(name: string): string[] {
  if (name === "." || name === "..") return [`may not be '${name}'`];
  return ["/", "%"].filter((part) => name.includes(part)).map((part) =>
    `may not contain '${part}'`
  );
}

export function validateRole({ rules = [] }: Role): FieldError[] {
  return rules.flatMap((rule, i) => validateRule(rule, `rules[${i}]`, true));
}

export function validateClusterRole({ rules = [], aggregationRule }: ClusterRole): FieldError[] {
  const errors = rules.flatMap((rule, i) => validateRule(rule, `rules[${i}]`, false));
  if (aggregationRule === undefined || aggregationRule.clusterRoleSelectors?.length) return errors;
  const why = "at least one clusterRoleSelector required if aggregationRule is non-nil";
  return [...errors, required("aggregationRule.clusterRoleSelectors", why)];
}

function validateRule(rule: PolicyRule, path: string, isNamespaced: boolean): FieldError[] {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [] } = rule;
  const errors: FieldError[] = [];
  if (verbs.length === 0) {
    errors.push(required(`${path}.verbs`, "verbs must contain at least one value"));
  }
  const { nonResourceURLs: urls = [] } = rule;
  if (urls.length > 0) {
    const refuse = (why: string) => errors.push(invalid(`${path}.nonResourceURLs`, urls, why));
    if (isNamespaced) refuse("namespaced rules cannot apply to non-resource URLs");
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      refuse("rules cannot apply to both regular resources and non-resource URLs");
    }
    return errors;
  }
  if (apiGroups.length === 0) {
    const why = "resource rules must supply at least one api group";
    errors.push(required(`${path}.apiGroups`, why));
  }
  if (resources.length === 0) {
    errors.push(required(`${path}.resources`, "resource rules must supply at least one resource"));
  }
  return errors;
}

export function validateBinding(
  { roleRef, subjects = [], metadata }: AnyBinding,
  roleKinds: readonly string[],
): FieldError[] {
  const isNamespaced = (metadata.namespace ?? "") !== "";
  return [
    ...validateRoleRef(roleRef, roleKinds),
    ...subjects.flatMap((subject, i) => validateSubject(subject, `subjects[${i}]`, isNamespaced)),
  ];
}

function validateRoleRef(
  { apiGroup = "", kind = "", name = "" }: Partial<RoleRef> = {},
  roleKinds: readonly string[],
): FieldError[] {
  const errors: FieldError[] = [];
  if (apiGroup !== RBAC_GROUP) {
    errors.push(notSupported("roleRef.apiGroup", apiGroup, [RBAC_GROUP]));
  }
  if (!roleKinds.includes(kind)) errors.push(notSupported("roleRef.kind", kind, roleKinds));
  if (name === "") return [...errors, required("roleRef.name")];
  return [...errors, ...invalidFor("roleRef.name", name, validatePathSegmentName(name))];
}

function validateSubject(subject: Subject, path: string, isNamespaced: boolean): FieldError[] {
  const { kind, name = "", apiGroup = "", namespace = "" } = subject;
  const errors = name === "" ? [required(`${path}.name`)] : [];
  const inGroup = (group: string) =>
    apiGroup === group ? [] : [notSupported(`${path}.apiGroup`, apiGroup, [group])];
  switch (kind) {
    case "ServiceAccount": {
      const isLost = !isNamespaced && namespace === "";
      return [
        ...errors,
        ...(name === "" ? [] : invalidFor(`${path}.name`, name, validateDns1123Subdomain(name))),
        ...inGroup(""),
        ...(isLost ? [required(`${path}.namespace`)] : []),
      ];
    }
    case "User":
    case "Group":
      return [...errors, ...inGroup(RBAC_GROUP)];
    default: {
      const kinds = ["ServiceAccount", "User", "Group"];
      return [...errors, notSupported(`${path}.kind`, kind, kinds)];
    }
  }
}

/** Whoever may change the subjects may not take them to another role. */
export function validateBindingUpdate(next: AnyBinding, old: AnyBinding): FieldError[] {
  if (isSameJson(next.roleRef, old.roleRef)) return [];
  return [invalid("roleRef", next.roleRef, "cannot change roleRef")];
}

/** Users and groups belong to this group of the API, service accounts to the core. */
export function defaultBinding<T extends AnyBinding>(binding: T): T {
  const { roleRef, subjects } = binding;
  return {
    ...binding,
    ...(roleRef !== undefined &&
      { roleRef: { ...roleRef, apiGroup: roleRef.apiGroup || RBAC_GROUP } }),
    ...(subjects !== undefined && { subjects: subjects.map(defaultSubject) }),
  };
}

function defaultSubject(subject: Subject): Subject {
  if (subject.apiGroup || (subject.kind !== "User" && subject.kind !== "Group")) return subject;
  return { ...subject, apiGroup: RBAC_GROUP };
}
