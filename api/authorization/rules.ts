/** What a rule of a role says, and which rules say no more than others. Source: Kubernetes, plugin rbac. */
import type { Attributes, ResourceAttributes } from "./attributes.ts";

/** As PolicyRule has it; every list may be absent. */
export interface Rule {
  readonly verbs?: readonly string[] | undefined;
  readonly apiGroups?: readonly string[] | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly resourceNames?: readonly string[] | undefined;
  readonly nonResourceURLs?: readonly string[] | undefined;
}

const ALL = "*";
const NONE: readonly string[] = [];

const has = (list: readonly string[] = NONE, value: string) =>
  list.includes(value) || list.includes(ALL);

export function allows(rule: Rule, { verb, path, resource }: Attributes): boolean {
  if (!has(rule.verbs, verb)) return false;
  return resource === undefined
    ? allowsPath(rule.nonResourceURLs, path)
    : allowsResource(rule, resource);
}

function allowsResource(rule: Rule, wanted: ResourceAttributes): boolean {
  const { resourceNames = NONE } = rule;
  return has(rule.apiGroups, wanted.group) && namesResource(rule.resources, wanted) &&
    (resourceNames.length === 0 || resourceNames.includes(wanted.name));
}

/** `pods/log` has to be named: `pods` is not enough. */
function namesResource(
  resources: readonly string[] = NONE,
  { resource, subresource }: Pick<ResourceAttributes, "resource" | "subresource">,
): boolean {
  const full = subresource === "" ? resource : `${resource}/${subresource}`;
  return resources.some((one) =>
    one === ALL || one === full || (subresource !== "" && one === `*/${subresource}`)
  );
}

/** A `*` at the end stands for whatever follows. */
function allowsPath(urls: readonly string[] = NONE, path: string): boolean {
  return urls.some((url) =>
    url === ALL || url === path || (url.endsWith(ALL) && path.startsWith(url.slice(0, -1)))
  );
}

/** What `wanted` grants and none of `held` does, in rules as short as can be. */
export function uncovered(held: readonly Rule[], wanted: readonly Rule[]): Rule[] {
  return compacted(
    wanted.flatMap(atoms).filter((atom) => !held.some((rule) => covers(rule, atom))),
  );
}

/** Rules of one verb on one resource, name or URL each. */
export function atoms(rule: Rule): Rule[] {
  const { verbs = NONE, apiGroups = NONE, resources = NONE, resourceNames = NONE } = rule;
  const names = resourceNames.length === 0 ? [undefined] : resourceNames;
  const ofResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        names.map((name): Rule => ({
          apiGroups: [group],
          resources: [resource],
          verbs: [verb],
          ...(name !== undefined && { resourceNames: [name] }),
        }))
      )
    )
  );
  const ofPaths = (rule.nonResourceURLs ?? NONE).flatMap((url) =>
    verbs.map((verb): Rule => ({ nonResourceURLs: [url], verbs: [verb] }))
  );
  return [...ofResources, ...ofPaths];
}

/** @param atom one of `atoms` */
function covers(rule: Rule, atom: Rule): boolean {
  const [verb = ""] = atom.verbs ?? NONE;
  if (!has(rule.verbs, verb)) return false;
  const [url] = atom.nonResourceURLs ?? NONE;
  if (url !== undefined) return coversUrl(rule.nonResourceURLs, url);
  const [group = ""] = atom.apiGroups ?? NONE;
  const [full = ""] = atom.resources ?? NONE;
  const [resource = "", subresource = ""] = full.split("/");
  if (!has(rule.apiGroups, group)) return false;
  if (!namesResource(rule.resources, { resource, subresource })) return false;
  const { resourceNames = NONE } = rule;
  const [name] = atom.resourceNames ?? NONE;
  return resourceNames.length === 0 || (name !== undefined && resourceNames.includes(name));
}

function coversUrl(urls: readonly string[] = NONE, wanted: string): boolean {
  return urls.some((url) =>
    url === ALL || url === wanted ||
    (url.endsWith(ALL) && wanted.startsWith(url.slice(0, -1)))
  );
}

/** Atoms that differ in their verb alone become one rule. */
export function compacted(rules: readonly Rule[]): Rule[] {
  const byRest = new Map<string, { rule: Rule; verbs: Set<string> }>();
  for (const rule of rules) {
    const { verbs = NONE, ...rest } = rule;
    const key = JSON.stringify(rest);
    const known = byRest.get(key) ?? { rule: rest, verbs: new Set<string>() };
    for (const verb of verbs) known.verbs.add(verb);
    byRest.set(key, known);
  }
  return [...byRest.values()].map(({ rule, verbs }) => ({ ...rule, verbs: [...verbs] }));
}

const SHOWN: readonly [keyof Rule, string][] = [
  ["apiGroups", "APIGroups"],
  ["resources", "Resources"],
  ["nonResourceURLs", "NonResourceURLs"],
  ["resourceNames", "ResourceNames"],
  ["verbs", "Verbs"],
];

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. Source: rbacv1helpers.CompactString. */
export function ruleText(rule: Rule): string {
  const parts = SHOWN.flatMap(([field, name]) => {
    const values = rule[field] ?? NONE;
    return values.length === 0 ? [] : [`${name}:${quotedList(values)}`];
  });
  return `{${parts.join(", ")}}`;
}

/** A list of texts as Go prints it with `%q`. */
export function quotedList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(" ")}]`;
}
