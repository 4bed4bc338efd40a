import type { PodSpec, ReplicationController } from "../types/core_v1.ts";
import { forbidden, invalid, notSupported, required } from "../types/field_errors.ts";
import { matchesLabels } from "../types/labels.ts";
import type { FieldError } from "../types/status.ts";
import { validateAnnotationKeys, validateLabels, validateNonNegative } from "./field_rules.ts";
import { validatePodSpec } from "./validate_pod_spec.ts";

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
  const { labels, annotations } = template.metadata;
  if (!matchesLabels(selector, labels)) {
    const why = "`selector` does not match template `labels`";
    errors.push(invalid(`${at}.metadata.labels`, labels ?? {}, why));
  }
  errors.push(...validateLabels(`${at}.metadata.labels`, labels));
  errors.push(...validateAnnotationKeys(`${at}.metadata.annotations`, annotations));
  errors.push(...validatePodSpec(`${at}.spec`, template.spec));
  return [...errors, ...validateReplicated(`${at}.spec`, template.spec, replicas ?? 1)];
}

/** Pods that a controller replaces never end by themselves, and share no disk that only one may write. */
function validateReplicated(at: string, spec: PodSpec, replicas: number) {
  const { restartPolicy = "Always", volumes = [], activeDeadlineSeconds, ephemeralContainers } =
    spec;
  const errors: FieldError[] = [];
  if (restartPolicy !== "Always") {
    errors.push(notSupported(`${at}.restartPolicy`, restartPolicy, ["Always"]));
  }
  if (activeDeadlineSeconds !== undefined) {
    const why = "activeDeadlineSeconds in ReplicationController is not Supported";
    errors.push(forbidden(`${at}.activeDeadlineSeconds`, why));
  }
  if (ephemeralContainers?.length) {
    const why = "ephemeral containers not allowed in pod template";
    errors.push(forbidden(`${at}.ephemeralContainers`, why));
  }
  volumes.forEach(({ gcePersistentDisk }, i) => {
    if (replicas <= 1 || gcePersistentDisk === undefined || gcePersistentDisk.readOnly) return;
    const why =
      "must be true for replicated pods > 1; GCE PD can only be mounted on multiple machines " +
      "if it is read-only";
    errors.push(invalid(`${at}.volumes[${i}].gcePersistentDisk.readOnly`, false, why));
  });
  return errors;
}

export function validateReplicationControllerStatus({ status }: RC): FieldError[] {
  const { replicas = 0, fullyLabeledReplicas, readyReplicas, availableReplicas } = status ?? {};
  const counts = { replicas, fullyLabeledReplicas, readyReplicas, availableReplicas };
  return Object.entries(counts).flatMap(([name, value]) => [
    ...validateNonNegative(`status.${name}`, value),
    ...(value !== undefined && value > replicas
      ? [invalid(`status.${name}`, value, "cannot be greater than status.replicas")]
      : []),
  ]);
}
