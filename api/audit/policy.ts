import type { Attributes } from "../authorization/attributes.ts";
import type { User } from "../authentication/user.ts";

/** How much of a request is written down; each level holds the one before. */
export const LEVELS = ["None", "Metadata", "Request", "RequestResponse"] as const;
export type AuditLevel = (typeof LEVELS)[number];

/** Resources of a group; without `resources` all of them, without `resourceNames` every name. */
export interface GroupResources {
  readonly group?: string;
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** What is left out matches everything. Source: Kubernetes, audit.k8s.io/v1 PolicyRule. */
export interface AuditRule {
  readonly level: AuditLevel;
  readonly users?: readonly string[];
  readonly userGroups?: readonly string[];
  readonly verbs?: readonly string[];
  readonly resources?: readonly GroupResources[];
  readonly namespaces?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

/** Writes, with who, what and when: bodies may hold secrets. */
export const WRITES_ONLY: readonly AuditRule[] = [
  { level: "None", verbs: ["get", "list", "watch", "head", "options"] },
  { level: "None", resources: [{ group: "coordination.k8s.io", resources: ["leases"] }] },
  { level: "None", resources: [{ group: "", resources: ["events"] }] },
  { level: "Metadata" },
];

/** The level of the first rule that matches; None where none does. */
export function levelOf(
  rules: readonly AuditRule[],
  user: User | undefined,
  attributes: Attributes,
): AuditLevel {
  return rules.find((rule) => matches(rule, user, attributes))?.level ?? "None";
}

function matches(rule: AuditRule, user: User | undefined, attributes: Attributes): boolean {
  const { verb, path, resource } = attributes;
  const groups = user?.groups ?? [];
  if (!isIn(rule.users, user?.name ?? "") || !isIn(rule.verbs, verb)) return false;
  if (rule.userGroups?.length && !rule.userGroups.some((group) => groups.includes(group))) {
    return false;
  }
  if (resource === undefined) {
    if (rule.resources?.length || rule.namespaces?.length) return false;
    const { nonResourceURLs: urls = [] } = rule;
    return urls.length === 0 || urls.some((url) => matchesUrl(url, path));
  }
  if (rule.nonResourceURLs?.length) return false;
  if (!isIn(rule.namespaces, resource.namespace)) return false;
  const { resources = [] } = rule;
  return resources.length === 0 || resources.some((one) => matchesResource(one, resource));
}

function isIn(list: readonly string[] = [], value: string): boolean {
  return list.length === 0 || list.includes(value);
}

function matchesUrl(url: string, path: string): boolean {
  return url === path || (url.endsWith("*") && path.startsWith(url.slice(0, -1)));
}

function matchesResource(
  { group = "", resources = [], resourceNames }: GroupResources,
  wanted: NonNullable<Attributes["resource"]>,
): boolean {
  if (group !== wanted.group || !isIn(resourceNames, wanted.name)) return false;
  const { resource, subresource } = wanted;
  const full = subresource === "" ? resource : `${resource}/${subresource}`;
  return resources.length === 0 ||
    resources.some((one) =>
      one === "*" || one === full || one === `${resource}/*` ||
      (subresource !== "" && one === `*/${subresource}`)
    );
}
