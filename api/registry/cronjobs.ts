import { CRON_JOBS, CronJob, type CronJobSpec } from "../types/batch_v1.ts";
import { parseCronSchedule, ScheduleError } from "../types/cron_schedule.ts";
import { invalid } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";
import { count, orNone, text, wideText } from "./column_types.ts";
import { validateAnnotationKeys, validateLabels, validateNonNegative } from "./field_rules.ts";
import { ageAt } from "./human_duration.ts";
import { validateJobSpec, validateNoManualSelector } from "./job_spec.ts";
import type { ResourceKind } from "./kind.ts";
import { selectorText } from "./label_selectors.ts";
import { defaultPodTemplate, templateColumns } from "./pod_templates.ts";
import { statusView } from "./status_view.ts";

/** Leaves room for the time in the names of its jobs. */
const NAME_MAX = 52;

export const cronJobs: ResourceKind<CronJob> = {
  resource: CRON_JOBS,
  schema: CronJob,
  singular: "cronjob",
  shortNames: ["cj"],
  categories: ["all"],
  hasStatus: true,
  hasGeneration: true,
  default: (cronJob) => ({ ...cronJob, spec: defaultSpec(cronJob.spec) }),
  prepareForCreate: (cronJob) => ({ ...cronJob, status: {} }),
  validate,
  columns: [
    text("Schedule", "When jobs start.", ({ spec }) => spec.schedule),
    text("Timezone", "Time zone of the schedule.", ({ spec }) => orNone(spec.timeZone)),
    text("Suspend", "Whether no jobs start.", ({ spec: { suspend } }) => {
      return suspend === undefined ? "<unset>" : suspend ? "True" : "False";
    }),
    count("Active", "Jobs that run.", ({ status }) => status?.active?.length ?? 0),
    text("Last Schedule", "Time since the last job was due.", ({ status }, now) => {
      return status?.lastScheduleTime === undefined
        ? "<none>"
        : ageAt(now, status.lastScheduleTime);
    }),
    ...templateColumns<CronJob>(({ spec }) => spec.jobTemplate?.spec.template),
    wideText("Selector", "Labels of the pods of its jobs.", ({ spec }) => {
      return selectorText(spec.jobTemplate?.spec.selector);
    }),
  ],
  subresources: { status: statusView(CRON_JOBS, CronJob) },
};

/** What else a job is filled up with is left to the jobs. */
function defaultSpec(spec: CronJobSpec): CronJobSpec {
  const { jobTemplate } = spec;
  if (jobTemplate === undefined) return spec;
  const template = defaultPodTemplate(jobTemplate.spec.template);
  return { ...spec, jobTemplate: { ...jobTemplate, spec: { ...jobTemplate.spec, template } } };
}

function validate({ metadata, spec }: CronJob): FieldError[] {
  const errors: FieldError[] = [];
  if (metadata.name.length > NAME_MAX) {
    const why = `must be no more than ${NAME_MAX} characters`;
    errors.push(invalid("metadata.name", metadata.name, why));
  }
  const at = "spec.jobTemplate";
  const { jobTemplate } = spec;
  return [
    ...errors,
    ...validateSchedule(spec),
    ...validateTimeZone(spec.timeZone),
    ...validateNonNegative("spec.startingDeadlineSeconds", spec.startingDeadlineSeconds),
    ...validateNonNegative("spec.successfulJobsHistoryLimit", spec.successfulJobsHistoryLimit),
    ...validateNonNegative("spec.failedJobsHistoryLimit", spec.failedJobsHistoryLimit),
    ...(jobTemplate === undefined ? [] : [
      ...validateLabels(`${at}.labels`, jobTemplate.metadata?.labels),
      ...validateAnnotationKeys(`${at}.annotations`, jobTemplate.metadata?.annotations),
      ...validateNoManualSelector(`${at}.spec`, jobTemplate.spec),
      ...validateJobSpec(`${at}.spec`, jobTemplate.spec),
    ]),
  ];
}

function validateSchedule({ schedule, timeZone }: CronJobSpec): FieldError[] {
  if (!schedule) return [];
  if (schedule.includes("TZ")) {
    const why = timeZone === undefined
      ? "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
      : "cannot use both timeZone field and TZ or CRON_TZ in schedule";
    return [invalid("spec.schedule", schedule, why)];
  }
  try {
    parseCronSchedule(schedule);
    return [];
  } catch (error) {
    if (error instanceof ScheduleError) return [invalid("spec.schedule", schedule, error.message)];
    throw error;
  }
}

function validateTimeZone(timeZone: string | undefined): FieldError[] {
  if (timeZone === undefined) return [];
  const wrong = (why: string) => [invalid("spec.timeZone", timeZone, why)];
  if (timeZone === "") return wrong("timeZone must be nil or non-empty string");
  if (timeZone.toLowerCase() === "local") {
    return wrong(
      "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
    );
  }
  return isTimeZone(timeZone) ? [] : wrong(`unknown time zone ${timeZone}`);
}

function isTimeZone(name: string): boolean {
  if (/^[+-]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
