import type { RuleWithOperations } from "../types/admissionregistration_v1.ts";
import { groupOf } from "../registry/keys.ts";
import type { Attempt } from "./admission.ts";
import type { Review } from "./admission_review.ts";

/** What a webhook's rules are asked about. */
export type Asked = Pick<Review, "operation"> & Pick<Attempt, "kind" | "subresource">;

/** Their own configurations are beyond the reach of webhooks: a wrong one can always be taken away. */
const GROUP = "admissionregistration.k8s.io";

/** Source: k8s.io/apiserver, webhook/predicates/rules. */
export function matchesRules(rules: readonly RuleWithOperations[], asked: Asked): boolean {
  const group = groupOf(asked.kind.resource.apiVersion);
  return group !== GROUP && rules.some((rule) => matchesRule(rule, group, asked));
}

function matchesRule(
  { operations = [], apiGroups = [], apiVersions = [], resources = [], scope = "*" }:
    RuleWithOperations,
  group: string,
  { operation, kind: { resource }, subresource = "" }: Asked,
): boolean {
  const { apiVersion, isNamespaced } = resource;
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
  const has = (list: readonly string[], value: string) =>
    list.includes("*") || list.includes(value);
  return has(operations, operation) && has(apiGroups, group) && has(apiVersions, version) &&
    (scope === "*" || (scope === "Namespaced") === isNamespaced) &&
    resources.some((pattern) => {
      const [name = "", sub = ""] = pattern.split("/");
      return (name === "*" || name === resource.resource) && (sub === "*" || sub === subresource);
    });
}
