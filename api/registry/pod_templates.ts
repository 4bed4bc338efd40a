/** The pods that a workload makes, as all workloads see them. */
import type { PodSpec, PodTemplateSpec } from "../types/core_v1.ts";
import { forbidden, invalid, notSupported } from "../types/field_errors.ts";
import { selectorOf } from "../types/labels.ts";
import type { KubeObject, LabelSelector } from "../types/meta.ts";
import type { FieldError } from "../types/status.ts";
import { wideText } from "./column_types.ts";
import { validateAnnotationKeys, validateLabels } from "./field_rules.ts";
import { isEmptySelector } from "./label_selectors.ts";
import type { Column } from "./kind.ts";
import { defaultPodSpec } from "./pod_defaults.ts";
import { validatePodSpec } from "./validate_pod_spec.ts";

/** Absent in objects that are refused for it. */
type Template = PodTemplateSpec | undefined;

export function defaultPodTemplate<T extends Template>(template: T): T {
  if (template === undefined) return template;
  return { ...template, spec: defaultPodSpec(template.spec) };
}

export function validatePodTemplate(field: string, template: Template): FieldError[] {
  if (template === undefined) return [];
  const { metadata, spec } = template;
  const errors = [
    ...validateLabels(`${field}.labels`, metadata.labels),
    ...validateAnnotationKeys(`${field}.annotations`, metadata.annotations),
    ...validatePodSpec(`${field}.spec`, spec),
  ];
  if (!spec.ephemeralContainers?.length) return errors;
  const why = "ephemeral containers not allowed in pod template";
  return [...errors, forbidden(`${field}.spec.ephemeralContainers`, why)];
}

export function validateSelected(
  field: string,
  template: Template,
  selector: LabelSelector | undefined,
): FieldError[] {
  if (template === undefined || selector === undefined || isEmptySelector(selector)) return [];
  const { labels } = template.metadata;
  if (selectorOf(selector).matches(labels)) return [];
  const why = "`selector` does not match template `labels`";
  return [invalid(`${field}.metadata.labels`, labels ?? {}, why)];
}

/** Pods that a controller replaces never end by themselves. */
export function validateEndless(
  field: string,
  template: Template,
  kind: string,
): FieldError[] {
  const { restartPolicy = "Always", activeDeadlineSeconds }: Partial<PodSpec> = template?.spec ??
    {};
  const errors: FieldError[] = [];
  if (restartPolicy !== "Always") {
    errors.push(notSupported(`${field}.spec.restartPolicy`, restartPolicy, ["Always"]));
  }
  if (activeDeadlineSeconds !== undefined) {
    const why = `activeDeadlineSeconds in ${kind} is not Supported`;
    errors.push(forbidden(`${field}.spec.activeDeadlineSeconds`, why));
  }
  return errors;
}

/** Pods that run more than once share no disk that only one may write. */
export function validateSharedDisks(
  field: string,
  template: Template,
  replicas: number,
): FieldError[] {
  if (replicas <= 1) return [];
  const why = "must be true for replicated pods > 1; GCE PD can only be mounted on multiple " +
    "machines if it is read-only";
  return (template?.spec.volumes ?? []).flatMap(({ gcePersistentDisk }, i) =>
    gcePersistentDisk === undefined || gcePersistentDisk.readOnly
      ? []
      : [invalid(`${field}.spec.volumes[${i}].gcePersistentDisk.readOnly`, false, why)]
  );
}

/** What `-o wide` shows of the containers. */
export function templateColumns<T extends KubeObject>(
  templateOf: (object: T) => Template,
): Column<T>[] {
  const containersOf = (object: T) => templateOf(object)?.spec.containers ?? [];
  return [
    wideText("Containers", "Names of the containers.", (object) => {
      return containersOf(object).map(({ name }) => name).join(",");
    }),
    wideText("Images", "Images of the containers.", (object) => {
      return containersOf(object).map(({ image }) => image ?? "").join(",");
    }),
  ];
}
