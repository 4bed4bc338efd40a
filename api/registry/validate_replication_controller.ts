import type { ReplicationController } from "../types/core_v1.ts";
import { invalid, required } from "../types/field_errors.ts";
import { matchesLabels } from "../types/labels.ts";
import type { FieldError } from "../types/status.ts";
import { validateLabels, validateNonNegative } from "./field_rules.ts";
import { validateEndless, validatePodTemplate, validateSharedDisks } from "./pod_templates.ts";

type RC = ReplicationController;

export function validateReplicationController({ spec }: RC): FieldError[] {
  const { replicas, minReadySeconds, selector = {}, template } = spec;
  const errors = [
    ...validateNonNegative("spec.replicas", replicas),
    ...validateNonNegative("spec.minReadySeconds", minReadySeconds),
  ];
  if (Object.keys(selector).length === 0) errors.push(required("spec.selector"));
  errors.push(...validateLabels("spec.selector", selector));
  if (template === undefined) return errors;
  const at = "spec.template";
  const { labels } = template.metadata;
  if (!matchesLabels(selector, labels)) {
    const why = "`selector` does not match template `labels`";
    errors.push(invalid(`${at}.metadata.labels`, labels ?? {}, why));
  }
  return [
    ...errors,
    ...validatePodTemplate(at, template),
    ...validateEndless(at, template, "ReplicationController"),
    ...validateSharedDisks(at, template, replicas ?? 1),
  ];
}

/** No count of pods is larger than that of all. */
export function validateReplicaCounts({ status }: Counted): FieldError[] {
  const { replicas = 0, fullyLabeledReplicas, readyReplicas, availableReplicas } = status ?? {};
  const counts = { replicas, fullyLabeledReplicas, readyReplicas, availableReplicas };
  return Object.entries(counts).flatMap(([name, value]) => [
    ...validateNonNegative(`status.${name}`, value),
    ...(value !== undefined && value > replicas
      ? [invalid(`status.${name}`, value, "cannot be greater than status.replicas")]
      : []),
  ]);
}

interface Counted {
  status?: {
    replicas?: number;
    fullyLabeledReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
  };
}
