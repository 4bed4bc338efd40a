/** The spec of jobs: of those that run, and of those that a cron job will make. */
import type { JobSpec } from "../types/batch_v1.ts";
import { invalid, notSupported, required } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";
import { validateNonNegative, validateRange } from "./field_rules.ts";
import { validateLabelSelector } from "./label_selectors.ts";
import { defaultPodTemplate, validatePodTemplate } from "./pod_templates.ts";

const BACKOFF_LIMIT = 6;
/** For jobs that count failures of each index alone. */
const NO_LIMIT = 2147483647;
/** Source: Kubernetes, maxParallelismForIndexedJob and what goes with it. */
const INDEXED_PARALLELISM_MAX = 100_000;

/** One pod, once, where nothing else is said. */
export function defaultJobSpec(spec: JobSpec): JobSpec {
  const isBare = spec.completions === undefined && spec.parallelism === undefined;
  const isPerIndex = spec.backoffLimitPerIndex !== undefined;
  return {
    ...spec,
    ...(isBare && { completions: 1 }),
    parallelism: spec.parallelism ?? 1,
    completionMode: spec.completionMode || "NonIndexed",
    suspend: spec.suspend ?? false,
    backoffLimit: spec.backoffLimit ?? (isPerIndex ? NO_LIMIT : BACKOFF_LIMIT),
    podReplacementPolicy: spec.podReplacementPolicy ||
      (spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed"),
    template: defaultPodTemplate(spec.template),
  };
}

const COUNTS = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
] as const;

export function validateJobSpec(field: string, spec: JobSpec): FieldError[] {
  return [
    ...COUNTS.flatMap((name) => validateNonNegative(`${field}.${name}`, spec[name])),
    ...validateIndexes(field, spec),
    ...validateFailurePolicy(`${field}.podFailurePolicy`, spec),
    ...validateSuccessPolicy(`${field}.successPolicy`, spec),
    ...validateLabelSelector(`${field}.selector`, spec.selector),
    ...validatePodTemplate(`${field}.template`, spec.template),
    ...validateRestarts(`${field}.template.spec.restartPolicy`, spec),
  ];
}

function validateIndexes(field: string, spec: JobSpec): FieldError[] {
  const { completions, parallelism, backoffLimitPerIndex, maxFailedIndexes } = spec;
  const isIndexed = spec.completionMode === "Indexed";
  const errors: FieldError[] = [];
  if (isIndexed && completions === undefined) {
    errors.push(required(`${field}.completions`, "when completion mode is Indexed"));
  }
  if (isIndexed && completions !== undefined) {
    const why = `must be less than or equal to ${INDEXED_PARALLELISM_MAX} when completion mode ` +
      "is Indexed";
    if ((parallelism ?? 0) > INDEXED_PARALLELISM_MAX) {
      errors.push(invalid(`${field}.parallelism`, parallelism, why));
    }
    if ((maxFailedIndexes ?? 0) > completions) {
      const less = "must be less than or equal to completions";
      errors.push(invalid(`${field}.maxFailedIndexes`, maxFailedIndexes, less));
    }
  }
  if (backoffLimitPerIndex !== undefined && !isIndexed) {
    const why = "requires indexed completion mode";
    errors.push(invalid(`${field}.backoffLimitPerIndex`, backoffLimitPerIndex, why));
  }
  if (maxFailedIndexes !== undefined && backoffLimitPerIndex === undefined) {
    const why = "when maxFailedIndexes is specified";
    errors.push(required(`${field}.backoffLimitPerIndex`, why));
  }
  return errors;
}

/** Pods that are always restarted never complete. */
function validateRestarts(field: string, { template, podFailurePolicy }: JobSpec): FieldError[] {
  if (template === undefined) return [];
  const { restartPolicy = "Always" } = template.spec;
  if (restartPolicy === "Always") {
    return [required(field, 'valid values: "OnFailure", "Never"')];
  }
  if (podFailurePolicy === undefined || restartPolicy === "Never") return [];
  const why = 'only "Never" is supported when podFailurePolicy is specified';
  return [invalid(field, restartPolicy, why)];
}

const RULES_MAX = 20;
const EXIT_CODES_MAX = 255;

function validateFailurePolicy(field: string, spec: JobSpec): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const names = new Set(spec.template?.spec.containers?.map(({ name }) => name));
  for (const { name } of spec.template?.spec.initContainers ?? []) names.add(name);
  const errors = rules.flatMap(({ action, onExitCodes, onPodConditions = [] }, i) => {
    const at = `${field}.rules[${i}]`;
    const found: FieldError[] = [];
    if (action === "FailIndex" && spec.backoffLimitPerIndex === undefined) {
      const why = "requires the backoffLimitPerIndex to be set";
      found.push(invalid(`${at}.action`, action, why));
    }
    if (onExitCodes === undefined && onPodConditions.length === 0) {
      const why = "specifying one of OnExitCodes and OnPodConditions is required";
      found.push(invalid(at, rules[i], why));
    }
    if (onExitCodes !== undefined && onPodConditions.length > 0) {
      const why = "specifying both OnExitCodes and OnPodConditions is not supported";
      found.push(invalid(at, rules[i], why));
    }
    const { containerName, values = [], operator } = onExitCodes ?? {};
    if (containerName !== undefined && !names.has(containerName)) {
      const why = "must be one of the container or initContainer names in the pod template";
      found.push(invalid(`${at}.onExitCodes.containerName`, containerName, why));
    }
    values.forEach((code, n) => {
      if (operator === "In" && code === 0) {
        const why = "must not be 0 for the In operator";
        found.push(invalid(`${at}.onExitCodes.values[${n}]`, code, why));
      }
    });
    if (values.length > EXIT_CODES_MAX) {
      const why = `must have at most ${EXIT_CODES_MAX} items`;
      found.push(invalid(`${at}.onExitCodes.values`, values, why));
    }
    return found;
  });
  if (rules.length <= RULES_MAX) return errors;
  return [
    ...errors,
    invalid(`${field}.rules`, rules.length, `must have at most ${RULES_MAX} items`),
  ];
}

function validateSuccessPolicy(field: string, spec: JobSpec): FieldError[] {
  const { successPolicy, completionMode, completions = 0 } = spec;
  if (successPolicy === undefined) return [];
  if (completionMode !== "Indexed") {
    return [invalid(field, successPolicy, "requires indexed completion mode")];
  }
  return (successPolicy.rules ?? []).flatMap((rule, i) => {
    const at = `${field}.rules[${i}]`;
    const { succeededIndexes, succeededCount } = rule;
    if (succeededIndexes === undefined && succeededCount === undefined) {
      return [required(at, "at least one of succeededCount or succeededIndexes must be specified")];
    }
    return validateRange(`${at}.succeededCount`, succeededCount, [1, completions]);
  });
}

/** A cron job's jobs make their selectors themselves. */
export function validateNoManualSelector(field: string, spec: JobSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.manualSelector === true) {
    errors.push(notSupported(`${field}.manualSelector`, true, ["nil", "false"]));
  }
  if (spec.selector !== undefined) {
    errors.push(invalid(`${field}.selector`, spec.selector, "`selector` will be auto-generated"));
  }
  return errors;
}
