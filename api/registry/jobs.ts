import { Job, JOBS, type JobSpec } from "../types/batch_v1.ts";
import { invalid, required } from "../types/field_errors.ts";
import type { PodTemplateSpec } from "../types/core_v1.ts";
import type { FieldError } from "../types/status.ts";
import { text, wideText } from "./column_types.ts";
import { humanDuration } from "./human_duration.ts";
import { validateImmutable } from "./immutable_fields.ts";
import { defaultJobSpec, validateJobSpec } from "./job_spec.ts";
import type { ResourceKind } from "./kind.ts";
import { selectorText } from "./label_selectors.ts";
import { templateColumns, validateSelected } from "./pod_templates.ts";
import { isSameJson } from "./same_json.ts";
import { statusView } from "./status_view.ts";

/** Labels of a job's pods, under the name with the group's prefix and under the old one. */
const CONTROLLER_UID = "batch.kubernetes.io/controller-uid";
const JOB_NAME = "batch.kubernetes.io/job-name";

export const jobs: ResourceKind<Job> = {
  resource: JOBS,
  schema: Job,
  singular: "job",
  categories: ["all"],
  hasStatus: true,
  hasGeneration: true,
  dependents: "orphan",
  default: defaultJob,
  prepareForCreate: (job) => withOwnSelector({ ...job, status: {} }),
  validate,
  validateUpdate,
  columns: [
    text("Status", "How far the job is.", statusOf),
    text("Completions", "Pods that have succeeded, of those that must.", completionsOf),
    text("Duration", "Time from start to end, or until now.", durationOf),
    ...templateColumns<Job>(({ spec }) => spec.template),
    wideText("Selector", "Labels of its pods.", ({ spec }) => selectorText(spec.selector)),
  ],
  selectableFields: { "status.successful": ({ status }) => String(status?.succeeded ?? 0) },
  subresources: { status: statusView(JOBS, Job) },
};

function defaultJob(job: Job): Job {
  const { metadata, spec } = job;
  const labels = spec.template?.metadata.labels;
  const isBare = Object.keys(metadata.labels ?? {}).length === 0 && labels !== undefined;
  return {
    ...job,
    ...(isBare && { metadata: { ...metadata, labels } }),
    spec: defaultJobSpec(spec),
  };
}

/** Pods of jobs of the same name, one after the other, are told apart by the job's uid. */
function withOwnSelector(job: Job): Job {
  const { metadata: { uid = "", name }, spec } = job;
  if (spec.manualSelector === true || spec.template === undefined) return job;
  const { template } = spec;
  const labels = {
    ...template.metadata.labels,
    [CONTROLLER_UID]: uid,
    [JOB_NAME]: name,
    "controller-uid": uid,
    "job-name": name,
  };
  return {
    ...job,
    spec: {
      ...spec,
      selector: spec.selector ?? { matchLabels: { [CONTROLLER_UID]: uid } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

function validate({ metadata, spec }: Job): FieldError[] {
  return [
    ...validateOwnSelector(metadata.uid ?? "", spec),
    ...validateJobSpec("spec", spec),
    ...validateSelected("spec.template", spec.template, spec.selector),
  ];
}

function validateOwnSelector(uid: string, { manualSelector, selector }: JobSpec): FieldError[] {
  if (selector === undefined) return [required("spec.selector")];
  if (manualSelector === true || selector.matchLabels?.[CONTROLLER_UID] === uid) return [];
  if (selector.matchLabels?.["controller-uid"] === uid) return [];
  return [invalid("spec.selector", selector, "`selector` not auto-generated")];
}

const FIXED = [
  "selector",
  "completionMode",
  "podFailurePolicy",
  "backoffLimitPerIndex",
  "managedBy",
  "successPolicy",
] as const;

function validateUpdate({ spec }: Job, { spec: old, status }: Job): FieldError[] {
  const errors = validateImmutable("spec", spec, old, FIXED);
  const isIndexed = spec.completionMode === "Indexed";
  const isElastic = isIndexed && spec.completions === spec.parallelism;
  if (!isElastic) errors.push(...validateImmutable("spec", spec, old, ["completions"]));
  const mayMove = old.suspend === true && status?.startTime === undefined;
  const [next, before] = mayMove
    ? [withoutPlacement(spec.template), withoutPlacement(old.template)]
    : [spec.template, old.template];
  if (isSameJson(next, before)) return errors;
  return [...errors, invalid("spec.template", spec.template, "field is immutable")];
}

/** A job that has not begun may still be told where its pods run. */
function withoutPlacement(template: PodTemplateSpec | undefined): unknown {
  if (template?.spec === undefined) return template;
  const { metadata, spec } = template;
  const { labels: _l, annotations: _a, ...rest } = metadata;
  const { nodeSelector: _n, affinity: _f, tolerations: _t, schedulingGates: _g, ...fixed } = spec;
  return { metadata: rest, spec: fixed };
}

/** In the order in which kube-apiserver looks. */
function statusOf({ metadata, status }: Job): string {
  const has = (wanted: string) =>
    status?.conditions?.some(({ type, status }) => type === wanted && status === "True") ?? false;
  if (has("Complete")) return "Complete";
  if (has("Failed")) return "Failed";
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  for (const type of ["Suspended", "FailureTarget", "SuccessCriteriaMet"]) {
    if (has(type)) return type;
  }
  return "Running";
}

function completionsOf({ spec, status }: Job): string {
  const done = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${done}/${spec.completions}`;
  const { parallelism = 0 } = spec;
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

function durationOf({ status }: Job, now: string): string {
  if (status?.startTime === undefined) return "";
  return humanDuration(Date.parse(status.completionTime ?? now) - Date.parse(status.startTime));
}
