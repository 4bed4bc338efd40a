import type { Pod, ResourceQuota, ScopedResourceSelectorRequirement } from "./core_v1.ts";
import type { KubeObject } from "./meta.ts";
import type { Amounts } from "./pod_amounts.ts";
import type { Resource } from "./resources.ts";
import { countedBy, sumWithin, usageOf } from "./quota_usage.ts";

/** `resourcequotas`, `deployments.apps`: how a quota names what it counts. */
export function countedNameOf({ apiVersion, resource }: Resource<KubeObject>): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? resource : `${resource}.${apiVersion.slice(0, slash)}`;
}

/** What the quota's hard limits count, each resource once. */
export function countedIn({ spec }: ResourceQuota): readonly string[] {
  return [...new Set(Object.keys(spec.hard ?? {}).map(countedBy))];
}

/** What the quota ought to say of its use. @param objectsOf every object of a resource in its namespace */
export function statusFrom(
  quota: ResourceQuota,
  objectsOf: (counted: string) => Iterable<readonly [Resource<KubeObject>, KubeObject]>,
): NonNullable<ResourceQuota["status"]> {
  const { hard = {} } = quota.spec;
  const used = sumWithin(hard, usages());
  return { hard, used };

  function* usages(): Generator<Amounts> {
    for (const counted of countedIn(quota)) {
      for (const [resource, object] of objectsOf(counted)) {
        if (isInScope(quota, resource, object)) yield usageOf(resource, object);
      }
    }
  }
}

type Requirement = ScopedResourceSelectorRequirement;

/** Whether the quota counts this object at all; one with scopes counts pods alone. */
export function isInScope(
  { spec }: ResourceQuota,
  { apiVersion, resource }: Resource<KubeObject>,
  object: KubeObject,
): boolean {
  const { scopes = [], scopeSelector } = spec;
  const terms = scopeSelector?.matchExpressions ?? [];
  if (scopes.length === 0 && terms.length === 0) return true;
  if (resource !== "pods" || apiVersion !== "v1") return false;
  const pod = object as Pod;
  return scopes.every((scopeName) => matches(pod, { scopeName, operator: "Exists" })) &&
    terms.every((term) => matches(pod, term));
}

function matches(pod: Pod, { scopeName, operator, values = [] }: Requirement): boolean {
  switch (scopeName) {
    case "Terminating":
      return isBounded(pod);
    case "NotTerminating":
      return !isBounded(pod);
    case "BestEffort":
      return isBestEffort(pod);
    case "NotBestEffort":
      return !isBestEffort(pod);
    case "CrossNamespacePodAffinity":
      return looksElsewhere(pod);
    default:
      return hasPriorityClass(pod, operator, values);
  }
}

const isBounded = ({ spec }: Pod) => (spec.activeDeadlineSeconds ?? -1) >= 0;

function isBestEffort({ spec }: Pod): boolean {
  const isNothing = (amount: string | undefined) => amount === undefined || amount === "0";
  return [...spec.containers, ...spec.initContainers ?? []].every(({ resources }) =>
    ["cpu", "memory"].every((name) =>
      isNothing(resources?.requests?.[name]) && isNothing(resources?.limits?.[name])
    )
  );
}

function hasPriorityClass({ spec }: Pod, operator: string, values: readonly string[]): boolean {
  const { priorityClassName: name = "" } = spec;
  if (operator === "In") return values.includes(name);
  if (operator === "NotIn") return !values.includes(name);
  return (name !== "") === (operator === "Exists");
}

function looksElsewhere({ spec: { affinity } }: Pod): boolean {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].some((one) => {
    const preferred = one?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const terms = [
      ...one?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
      ...preferred.map(({ podAffinityTerm }) => podAffinityTerm),
    ];
    return terms.some(({ namespaces = [], namespaceSelector }) =>
      namespaces.length > 0 || namespaceSelector !== undefined
    );
  });
}
