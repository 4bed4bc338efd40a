import { ResourceQuota, type ResourceQuotaSpec } from "../types/core_v1.ts";
import { forbidden, invalid, notSupported, required } from "../types/field_errors.ts";
import { validateQualifiedName } from "../types/names.ts";
import { compareQuantities } from "../types/quantity.ts";
import { statusFrom } from "../types/quota_scopes.ts";
import { PODS, RESOURCE_QUOTAS } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import type { View } from "../../store/store.ts";
import { text } from "./column_types.ts";
import { invalidFor } from "./field_rules.ts";
import { keyOf, prefixOf } from "./keys.ts";
import type { ResourceKind } from "./kind.ts";
import { isSameJson } from "./same_json.ts";
import { statusView } from "./status_view.ts";
import { validateWhole } from "./whole_amounts.ts";

export const resourceQuotas: ResourceKind<ResourceQuota> = {
  resource: RESOURCE_QUOTAS,
  schema: ResourceQuota,
  singular: "resourcequota",
  shortNames: ["quota"],
  hasStatus: true,
  returnsDeleted: true,
  prepareForCreate: (quota) => ({ ...quota, status: {} }),
  validate: ({ spec }) => [
    ...validateAmounts("spec.hard", spec.hard),
    ...validateScopes(spec),
  ],
  validateUpdate,
  admit: (quota, _old, view) => ({ object: counted(quota, view) }),
  columns: [
    text("Request", "What is asked for, of what may be.", (quota) => amountsOf(quota, false)),
    text("Limit", "The limits given, of what they may be.", (quota) => amountsOf(quota, true)),
  ],
  subresources: {
    status: statusView(RESOURCE_QUOTAS, ResourceQuota, ({ status = {} }) => [
      ...validateAmounts("status.hard", status.hard),
      ...validateAmounts("status.used", status.used),
    ]),
  },
};

/** What there is is counted when the quota is made or changed: it holds from its first moment on. */
function counted(quota: ResourceQuota, view: Pick<View, "list">): ResourceQuota {
  const { spec: { hard = {} }, status = {}, metadata: { namespace = "", name } } = quota;
  if (status.hard !== undefined && isSameJson(status.hard, hard)) return quota;
  const own = keyOf(RESOURCE_QUOTAS, namespace, name);
  return {
    ...quota,
    status: statusFrom(quota, function* (counted) {
      const [resource = "", ...group] = counted.split(".");
      const apiVersion = group.length === 0 ? "v1" : `${group.join(".")}/v1`;
      const of = counted === "pods" ? PODS : { apiVersion, kind: "", resource, isNamespaced: true };
      for (const { key, object } of view.list(prefixOf(of, namespace))) {
        if (key !== own) yield [of, object] as const;
      }
      if (counted === "resourcequotas") yield [RESOURCE_QUOTAS, quota] as const;
    }),
  };
}

/** `cpu: 1/2, pods: 3/10`, the resources in the order of their names. */
function amountsOf({ status = {} }: ResourceQuota, isLimits: boolean): string {
  const { hard = {}, used = {} } = status;
  return Object.keys(hard).sort()
    .filter((name) => name.startsWith("limits") === isLimits)
    .map((name) => `${name}: ${used[name] ?? "0"}/${hard[name]}`).join(", ");
}

type Quantities = Readonly<Record<string, string>>;

/** Source: Kubernetes, helper.standardQuotaResources. */
const STANDARD: ReadonlySet<string> = new Set([
  ...["cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory"],
  ...["requests.storage", "requests.ephemeral-storage", "limits.cpu", "limits.memory"],
  ...["limits.ephemeral-storage", "pods", "resourcequotas", "services", "replicationcontrollers"],
  ...["secrets", "persistentvolumeclaims", "configmaps", "services.nodeports"],
  "services.loadbalancers",
]);

function validateAmounts(field: string, amounts: Quantities = {}): FieldError[] {
  return Object.entries(amounts).flatMap(([name, amount]) => {
    const at = `${field}[${name}]`;
    const errors = validateQuotaName(at, name);
    if (compareQuantities(amount, "0") < 0) {
      errors.push(invalid(at, amount, "must be greater than or equal to 0"));
    }
    return [...errors, ...validateWhole(at, name, amount)];
  });
}

function validateQuotaName(field: string, name: string): FieldError[] {
  const errors = invalidFor(field, name, validateQualifiedName(name));
  if (name.includes("/") || STANDARD.has(name)) return errors;
  if (/^(requests\.)?hugepages-/.test(name)) return errors;
  return [
    ...errors,
    invalid(field, name, "must be a standard resource type or fully qualified"),
    invalid(field, name, "must be a standard resource for quota"),
  ];
}

const SCOPES = [
  "Terminating",
  "NotTerminating",
  "BestEffort",
  "NotBestEffort",
  "PriorityClass",
  "CrossNamespacePodAffinity",
];
const OPPOSITES = [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]] as const;

function validateScopes({ scopes = [], scopeSelector }: ResourceQuotaSpec): FieldError[] {
  const unknown = scopes.filter((scope) => !SCOPES.includes(scope));
  const errors = unknown.length === 0 ? [] : [invalid("spec.scopes", scopes, "unsupported scope")];
  if (OPPOSITES.some((pair) => pair.every((scope) => scopes.includes(scope)))) {
    errors.push(invalid("spec.scopes", scopes, "conflicting scopes"));
  }
  return [
    ...errors,
    ...(scopeSelector?.matchExpressions ?? []).flatMap((term, i) =>
      validateScopeTerm(`spec.scopeSelector.matchExpressions[${i}]`, term)
    ),
  ];
}

const OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist"];

function validateScopeTerm(
  field: string,
  { scopeName, operator, values = [] }: { scopeName: string; operator: string; values?: string[] },
): FieldError[] {
  const errors: FieldError[] = [];
  if (!SCOPES.includes(scopeName)) {
    errors.push(invalid(`${field}.scopeName`, scopeName, "unsupported scope"));
  }
  if (!OPERATORS.includes(operator)) {
    return [...errors, notSupported(`${field}.operator`, operator, OPERATORS)];
  }
  const isList = operator === "In" || operator === "NotIn";
  if (isList && values.length === 0) {
    const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    errors.push(required(`${field}.values`, why));
  }
  if (!isList && values.length > 0) {
    const why = "must be no value when `operator` is 'Exists' or 'DoesNotExist' for scope selector";
    errors.push(invalid(`${field}.values`, values, why));
  }
  return errors;
}

function validateUpdate({ spec }: ResourceQuota, { spec: old }: ResourceQuota): FieldError[] {
  const sorted = ({ scopes = [] }: ResourceQuotaSpec) => scopes.toSorted();
  if (isSameJson(sorted(spec), sorted(old))) return [];
  return [forbidden("spec.scopes", "field is immutable")];
}
