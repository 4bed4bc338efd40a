import type {
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricSpec,
  MetricTarget,
} from "../types/autoscaling_v2.ts";
import { forbidden, invalid, required } from "../types/field_errors.ts";
import { compareQuantities } from "../types/quantity.ts";
import type { FieldError } from "../types/status.ts";
import { invalidFor } from "./field_rules.ts";

/** Source: Kubernetes, autoscaling/validation: MaxPeriodSeconds and MaxStabilizationWindowSeconds. */
const PERIOD_MAX = 1800;
const WINDOW_MAX = 3600;

export function validateAutoscaler({ spec }: HorizontalPodAutoscaler): FieldError[] {
  const { minReplicas, maxReplicas, metrics = [], behavior, scaleTargetRef } = spec;
  const errors: FieldError[] = [];
  if (minReplicas !== undefined && minReplicas < 1) {
    const why = "must be greater than or equal to 1";
    errors.push(invalid("spec.minReplicas", minReplicas, why));
  }
  if (maxReplicas !== undefined && maxReplicas < 1) {
    errors.push(invalid("spec.maxReplicas", maxReplicas, "must be greater than 0"));
  }
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    const why = "must be greater than or equal to `minReplicas`";
    errors.push(invalid("spec.maxReplicas", maxReplicas, why));
  }
  return [
    ...errors,
    ...validateReference("spec.scaleTargetRef", scaleTargetRef),
    ...metrics.flatMap((metric, i) => validateMetric(`spec.metrics[${i}]`, metric)),
    ...validateRules("spec.behavior.scaleUp", behavior?.scaleUp),
    ...validateRules("spec.behavior.scaleDown", behavior?.scaleDown),
  ];
}

/** Names become parts of paths. Source: k8s.io/apimachinery, path.ValidatePathSegmentName. */
function validateReference(
  field: string,
  reference: { kind?: string; name?: string } | undefined,
): FieldError[] {
  return (["kind", "name"] as const).flatMap((part) => {
    const text = reference?.[part];
    if (!text) return [];
    const why = text === "." || text === ".."
      ? [`may not be '${text}'`]
      : ["/", "%"].filter((sign) => text.includes(sign)).map((sign) => `may not contain '${sign}'`);
    return invalidFor(`${field}.${part}`, text, why);
  });
}

const SOURCES = {
  Object: "object",
  Pods: "pods",
  Resource: "resource",
  ContainerResource: "containerResource",
  External: "external",
} as const;

/** A metric has the source that its type names, and no other. */
function validateMetric(field: string, metric: MetricSpec): FieldError[] {
  const wanted = SOURCES[metric.type];
  if (wanted === undefined) return [];
  const errors: FieldError[] = [];
  for (const name of Object.values(SOURCES)) {
    if (name === wanted || metric[name] === undefined) continue;
    const why = "must populate the given metric source only";
    errors.push(forbidden(`${field}.${name}`, why));
  }
  const source = metric[wanted];
  if (source === undefined) {
    const why = "must populate information for the given metric source";
    return [...errors, required(`${field}.${wanted}`, why)];
  }
  return [...errors, ...validateTarget(`${field}.${wanted}.target`, source.target)];
}

function validateTarget(field: string, target: MetricTarget | undefined): FieldError[] {
  if (target === undefined) return [];
  const { value, averageValue, averageUtilization } = target;
  const errors: FieldError[] = [];
  for (const [name, amount] of Object.entries({ value, averageValue })) {
    if (amount === undefined || compareQuantities(amount, "0") > 0) continue;
    errors.push(invalid(`${field}.${name}`, amount, "must be positive"));
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    const why = "must be greater than 0";
    errors.push(invalid(`${field}.averageUtilization`, averageUtilization, why));
  }
  if (value ?? averageValue ?? averageUtilization) return errors;
  if (errors.length > 0) return errors;
  return [
    required(
      `${field}.averageUtilization`,
      "must set either a target raw value or a target utilization",
    ),
  ];
}

function validateRules(field: string, rules: HPAScalingRules | undefined): FieldError[] {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: window = 0, policies = [] } = rules;
  const at = `${field}.stabilizationWindowSeconds`;
  const errors: FieldError[] = [];
  if (window < 0) errors.push(invalid(at, window, "must be greater than or equal to zero"));
  if (window > WINDOW_MAX) {
    errors.push(invalid(at, window, `must be less than or equal to ${WINDOW_MAX}`));
  }
  if (policies.length === 0) {
    errors.push(required(`${field}.policies`, "must specify at least one Policy"));
  }
  policies.forEach(({ value, periodSeconds: period }, i) => {
    const policy = `${field}.policies[${i}]`;
    const why = "must be greater than zero";
    if (value <= 0) errors.push(invalid(`${policy}.value`, value, why));
    if (period <= 0) errors.push(invalid(`${policy}.periodSeconds`, period, why));
    if (period > PERIOD_MAX) {
      const less = `must be less than or equal to ${PERIOD_MAX}`;
      errors.push(invalid(`${policy}.periodSeconds`, period, less));
    }
  });
  return errors;
}
