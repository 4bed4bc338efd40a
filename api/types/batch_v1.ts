import {
  always,
  boolean,
  defaulted,
  type Infer,
  int32,
  int64,
  list,
  messagesOf,
  oneOf,
  optional,
  required,
  string,
  time,
} from "./schema.ts";
import { LabelSelector, ObjectMeta, TYPE_META } from "./meta.ts";
import { ObjectReference, PodTemplateSpec } from "./core_v1.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.batch.v1");

export const PodFailurePolicyOnExitCodesRequirement = message(
  "PodFailurePolicyOnExitCodesRequirement",
  {
    containerName: optional(1, string),
    operator: required(2, oneOf("In", "NotIn")),
    values: required(3, list(int32, { isSet: true })),
  },
);
export interface PodFailurePolicyOnExitCodesRequirement
  extends Infer<typeof PodFailurePolicyOnExitCodesRequirement> {}

export const PodFailurePolicyOnPodConditionsPattern = message(
  "PodFailurePolicyOnPodConditionsPattern",
  {
    status: defaulted(2, oneOf("False", "True", "Unknown"), "True"),
    type: required(1, string),
  },
);
export interface PodFailurePolicyOnPodConditionsPattern
  extends Infer<typeof PodFailurePolicyOnPodConditionsPattern> {}

export const PodFailurePolicyRule = message("PodFailurePolicyRule", {
  action: required(1, oneOf("Count", "FailIndex", "FailJob", "Ignore")),
  onExitCodes: optional(2, PodFailurePolicyOnExitCodesRequirement),
  onPodConditions: optional(3, list(PodFailurePolicyOnPodConditionsPattern)),
});
export interface PodFailurePolicyRule extends Infer<typeof PodFailurePolicyRule> {}

export const PodFailurePolicy = message("PodFailurePolicy", {
  rules: required(1, list(PodFailurePolicyRule)),
});
export interface PodFailurePolicy extends Infer<typeof PodFailurePolicy> {}

export const SuccessPolicyRule = message("SuccessPolicyRule", {
  succeededCount: optional(2, int32, "How many of the indexes must succeed."),
  succeededIndexes: optional(1, string, "Indexes that must succeed, such as 0,2-4."),
});
export interface SuccessPolicyRule extends Infer<typeof SuccessPolicyRule> {}

export const SuccessPolicy = message("SuccessPolicy", {
  rules: required(1, list(SuccessPolicyRule)),
});
export interface SuccessPolicy extends Infer<typeof SuccessPolicy> {}

export const JobSpec = message("JobSpec", {
  activeDeadlineSeconds: optional(3, int64, "The job fails when it has run for so long."),
  backoffLimit: optional(7, int32, "Failed pods after which the job fails."),
  backoffLimitPerIndex: optional(
    12,
    int32,
    "Failed pods of one index after which the index fails.",
  ),
  completionMode: optional(
    9,
    oneOf("Indexed", "NonIndexed"),
    "Indexed gives each pod a number of its own, from 0 on.",
  ),
  completions: optional(2, int32, "Pods that must succeed."),
  managedBy: optional(15, string, "Who runs the job, when it is not the job controller."),
  manualSelector: optional(
    5,
    boolean,
    "True: the selector is the one given, and not made for the job.",
  ),
  maxFailedIndexes: optional(13, int32, "Failed indexes after which the job fails."),
  parallelism: optional(1, int32, "Pods that run at the same time."),
  podFailurePolicy: optional(11, PodFailurePolicy),
  podReplacementPolicy: optional(
    14,
    oneOf("Failed", "TerminatingOrFailed"),
    "When a pod is replaced: as soon as it ends, or once it has failed.",
  ),
  selector: optional(4, LabelSelector),
  successPolicy: optional(16, SuccessPolicy, "When the job counts as done before all pods are."),
  suspend: optional(10, boolean, "True: no pods are started, and those that run are ended."),
  template: required(6, PodTemplateSpec),
  ttlSecondsAfterFinished: optional(8, int32, "The job is deleted so long after its end."),
});
export interface JobSpec extends Infer<typeof JobSpec> {}

export const JobTemplateSpec = message("JobTemplateSpec", {
  metadata: always(1, ObjectMeta),
  spec: always(2, JobSpec),
});
export interface JobTemplateSpec extends Infer<typeof JobTemplateSpec> {}

export const CronJobSpec = message("CronJobSpec", {
  concurrencyPolicy: defaulted(
    3,
    oneOf("Allow", "Forbid", "Replace"),
    "Allow",
    "What happens when the last job still runs: both run, the new one waits for its next time, or it replaces the old.",
  ),
  failedJobsHistoryLimit: defaulted(7, int32, 1),
  jobTemplate: required(5, JobTemplateSpec),
  schedule: required(
    1,
    string,
    "Minute, hour, day of the month, month, day of the week; or @hourly and the like.",
  ),
  startingDeadlineSeconds: optional(2, int64, "A start that is late by more is left out."),
  successfulJobsHistoryLimit: defaulted(6, int32, 3),
  suspend: defaulted(4, boolean, false, "True: no jobs are started."),
  timeZone: optional(8, string, "The time zone of the schedule, such as Europe/Berlin."),
});
export interface CronJobSpec extends Infer<typeof CronJobSpec> {}

export const CronJobStatus = message("CronJobStatus", {
  active: optional(1, list(ObjectReference)),
  lastScheduleTime: optional(4, time),
  lastSuccessfulTime: optional(5, time),
});
export interface CronJobStatus extends Infer<typeof CronJobStatus> {}

export const CronJob = message("CronJob", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, CronJobSpec),
  status: optional(3, CronJobStatus),
}, { description: "Starts jobs by a schedule." });
export interface CronJob extends Infer<typeof CronJob> {}

export const JobCondition = message("JobCondition", {
  lastProbeTime: optional(3, time),
  lastTransitionTime: optional(4, time),
  message: optional(6, string),
  reason: optional(5, string),
  status: required(2, string),
  type: required(1, string),
});
export interface JobCondition extends Infer<typeof JobCondition> {}

export const UncountedTerminatedPods = message("UncountedTerminatedPods", {
  failed: optional(2, list(string, { isSet: true })),
  succeeded: optional(1, list(string, { isSet: true })),
});
export interface UncountedTerminatedPods extends Infer<typeof UncountedTerminatedPods> {}

export const JobStatus = message("JobStatus", {
  active: optional(4, int32),
  completedIndexes: optional(7, string),
  completionTime: optional(3, time),
  conditions: optional(1, list(JobCondition, { mergeKey: "type", isAtomic: true })),
  failed: optional(6, int32),
  failedIndexes: optional(10, string),
  ready: optional(9, int32),
  startTime: optional(2, time),
  succeeded: optional(5, int32),
  terminating: optional(11, int32),
  uncountedTerminatedPods: optional(8, UncountedTerminatedPods),
});
export interface JobStatus extends Infer<typeof JobStatus> {}

export const Job = message("Job", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, JobSpec),
  status: optional(3, JobStatus),
}, { description: "Runs pods until enough of them have succeeded." });
export interface Job extends Infer<typeof Job> {}

export const CRON_JOBS: Resource<CronJob> = {
  apiVersion: "batch/v1",
  kind: "CronJob",
  resource: "cronjobs",
  isNamespaced: true,
};

export const JOBS: Resource<Job> = {
  apiVersion: "batch/v1",
  kind: "Job",
  resource: "jobs",
  isNamespaced: true,
};
