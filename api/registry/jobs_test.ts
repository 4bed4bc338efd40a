import assert from "node:assert/strict";
import type { CronJob, Job } from "../types/batch_v1.ts";
import { cronJobs } from "./cronjobs.ts";
import { jobs } from "./jobs.ts";
import { NOW, prepared, refusals, rowOf, updateRefusals } from "./kinds_fixture.ts";

type Json = Readonly<Record<string, unknown>>;

Deno.test("jobs: pods are told apart by the job's uid", () => {
  const { spec } = prepared<Job>(jobs, job({}));
  assert.deepEqual(spec.selector, {
    matchLabels: { "batch.kubernetes.io/controller-uid": "uid-1" },
  });
  assert.deepEqual(spec.template.metadata.labels, {
    "batch.kubernetes.io/controller-uid": "uid-1",
    "batch.kubernetes.io/job-name": "sum",
    "controller-uid": "uid-1",
    "job-name": "sum",
  });
});

Deno.test("jobs: one pod once, six failures, unless something else is said", () => {
  const { spec } = prepared<Job>(jobs, job({}));
  const { completions, parallelism, backoffLimit } = spec;
  assert.deepEqual([completions, parallelism, backoffLimit], [1, 1, 6]);
  const queue = prepared<Job>(jobs, job({ parallelism: 3 })).spec;
  assert.deepEqual([queue.completions, queue.parallelism], [undefined, 3]);
});

const WRONG_JOBS = [
  {
    name: "indexes without a count",
    spec: { completionMode: "Indexed", parallelism: 2 },
    want: ["spec.completions: Required value: when completion mode is Indexed"],
  },
  {
    name: "a selector of its own",
    spec: { selector: { matchLabels: { app: "x" } } },
    want: [
      'spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: `selector` not auto-generated',
      "spec.template.metadata.labels: Invalid value: " +
      '{"batch.kubernetes.io/controller-uid":"uid-1","batch.kubernetes.io/job-name":"sum",' +
      '"controller-uid":"uid-1","job-name":"sum"}: `selector` does not match template `labels`',
    ],
  },
  {
    name: "a limit for each index, without indexes",
    spec: { backoffLimitPerIndex: 1 },
    want: ["spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"],
  },
];
for (const { name, spec, want } of WRONG_JOBS) {
  Deno.test(`jobs: refused for ${name}`, () => {
    assert.deepEqual(refusals(jobs, job(spec)), want);
  });
}

Deno.test("jobs: the template changes neither its image nor anything else", () => {
  const change = (job: Job) => {
    job.spec.template.spec.containers[0]!.image = "sum:2";
    return job;
  };
  const [why = ""] = updateRefusals(jobs, job({}), change);
  assert.match(why, /^spec\.template: Invalid value: .*: field is immutable$/);
});

Deno.test("jobs: a suspended job may be told where to run", () => {
  const change = (job: Job) => {
    job.spec.template.spec.nodeSelector = { disk: "ssd" };
    return job;
  };
  assert.deepEqual(updateRefusals(jobs, job({ suspend: true }), change), []);
});

Deno.test("job columns: how far, how long", () => {
  const object = prepared<Job>(jobs, job({ completions: 3 }));
  object.status = { startTime: "2026-01-01T11:58:00Z", succeeded: 1 };
  const { Status, Completions, Duration } = rowOf(jobs, object);
  assert.deepEqual([Status, Completions, Duration], ["Running", "1/3", "2m"]);
  object.status = {
    startTime: "2026-01-01T11:58:00Z",
    completionTime: NOW,
    conditions: [{ type: "Complete", status: "True" }],
  };
  assert.equal(rowOf(jobs, object)["Status"], "Complete");
});

const WRONG_TIMES = [
  { spec: { schedule: "* * * *" }, why: /^spec\.schedule: .*: expected exactly 5 fields/ },
  { spec: { schedule: "TZ=UTC * * * * *" }, why: /cannot use TZ or CRON_TZ in schedule/ },
  { spec: { timeZone: "" }, why: /^spec\.timeZone: .*must be nil or non-empty string$/ },
  { spec: { timeZone: "Local" }, why: /must be an explicit time zone/ },
  { spec: { timeZone: "Mars/Base" }, why: /unknown time zone Mars\/Base$/ },
];
for (const { spec, why } of WRONG_TIMES) {
  Deno.test(`cronjobs: refused for ${JSON.stringify(spec)}`, () => {
    const [reason = "", ...more] = refusals(cronJobs, cronJob(spec));
    assert.match(reason, why);
    assert.deepEqual(more, []);
  });
}

Deno.test("cronjobs: their jobs' defaults are left to the jobs", () => {
  const { spec } = prepared<CronJob>(cronJobs, cronJob({ timeZone: "Europe/Berlin" }));
  assert.deepEqual(Object.keys(spec.jobTemplate.spec), ["template"]);
  assert.equal(spec.concurrencyPolicy, "Allow");
});

const TEMPLATE = {
  spec: { restartPolicy: "Never", containers: [{ name: "sum", image: "sum:1" }] },
};

function job(spec: Json): Json {
  return { metadata: { name: "sum" }, spec: { template: TEMPLATE, ...spec } };
}

function cronJob(spec: Json): Json {
  const jobTemplate = { spec: { template: TEMPLATE } };
  return { metadata: { name: "sum" }, spec: { schedule: "@daily", jobTemplate, ...spec } };
}
