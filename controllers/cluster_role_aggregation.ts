import { selectorOf } from "../api/types/labels.ts";
import { CLUSTER_ROLES, type ClusterRole, type PolicyRule } from "../api/types/rbac_v1.ts";
import type { Cache } from "../client/cache.ts";
import { toward } from "../client/writes.ts";
import { type Controller, keyOf, NOTHING_TO_DO, onChangeOf } from "./controller.ts";

/** Keeps roles that are the sum of others, such as `admin`, equal to the rules of those that they select. */
export const clusterRoleAggregationController: Controller<ClusterRole> = {
  name: "clusterrole-aggregation-controller",
  reconciles: CLUSTER_ROLES,
  requeueOn: [
    onChangeOf(CLUSTER_ROLES, ({ before, after }, cache) =>
      cache.list(CLUSTER_ROLES)
        .filter((sum) => [before, after].some((part) => part !== undefined && isPart(sum, part)))
        .map(keyOf)),
  ],
  plan(role, { cache }) {
    if (role.aggregationRule === undefined) return NOTHING_TO_DO;
    const rules = sumOf(role, cache);
    return { writes: toward(role, { ...role, ...(rules.length > 0 ? { rules } : {}) }) };
  },
};

function isPart(sum: Readonly<ClusterRole>, part: Readonly<ClusterRole>): boolean {
  if (sum.metadata.name === part.metadata.name) return false;
  const { clusterRoleSelectors = [] } = sum.aggregationRule ?? {};
  return clusterRoleSelectors.some((selector) =>
    selectorOf(selector).matches(part.metadata.labels)
  );
}

/** By name, and no rule twice. */
function sumOf(sum: Readonly<ClusterRole>, cache: Cache): PolicyRule[] {
  const rules = new Map<string, PolicyRule>();
  for (const part of cache.list(CLUSTER_ROLES)) {
    if (!isPart(sum, part)) continue;
    for (const rule of part.rules ?? []) rules.set(textOf(rule), rule);
  }
  return [...rules.values()];
}

function textOf(rule: PolicyRule): string {
  const { apiGroups, resources, resourceNames, nonResourceURLs, verbs } = rule;
  return JSON.stringify([apiGroups, resources, resourceNames, nonResourceURLs, verbs]);
}
