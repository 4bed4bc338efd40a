import assert from "node:assert/strict";
import {
  CRON_JOBS,
  type CronJob,
  type CronJobSpec,
  type Job,
  JOBS,
} from "../../api/types/batch_v1.ts";
import type { ConfigMap } from "../../api/types/core_v1.ts";
import { CONFIG_MAPS } from "../../api/types/resources.ts";
import { controllerReferenceTo } from "../../client/owners.ts";
import { refuseUntilDeleted, startCluster } from "../fake_cluster.ts";
import { cronJobController } from "./cron_job.ts";

type Cluster = Awaited<ReturnType<typeof startCluster>>;
const MINUTE = 60_000;

async function started(more: Partial<CronJobSpec> = {}): Promise<Cluster> {
  const cluster = await startCluster();
  const cron: CronJob = {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "tick", namespace: "default" },
    spec: {
      schedule: "* * * * *",
      concurrencyPolicy: "Allow",
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
      jobTemplate: {
        metadata: { name: "" },
        spec: {
          parallelism: 0,
          completions: 1,
          template: {
            metadata: { name: "", labels: { cron: "tick" } },
            spec: { restartPolicy: "Never", containers: [{ name: "main", image: "tick" }] },
          },
        },
      },
      ...more,
    },
  };
  await cluster.api.create(CRON_JOBS, cron);
  await cluster.clock.advance(1_000);
  return cluster;
}

const jobs = async (cluster: Cluster): Promise<Job[]> => (await cluster.api.list(JOBS)).items;
const cronOf = (cluster: Cluster) => cluster.api.get(CRON_JOBS, "default", "tick");

async function finish(cluster: Cluster, job: Job, type = "Complete"): Promise<void> {
  const time = new Date(cluster.clock.now()).toISOString();
  const now = await cluster.api.get(JOBS, "default", job.metadata.name);
  await cluster.api.updateStatus(JOBS, {
    ...now,
    status: {
      startTime: time,
      completionTime: time,
      conditions: [{ type, status: "True", lastTransitionTime: time }],
    },
  });
  await cluster.clock.advance(100);
}

Deno.test("cron job: starts one job each minute, named by its minute", async () => {
  const cluster = await started();
  await cluster.clock.advance(3 * MINUTE);
  const names = (await jobs(cluster)).map(({ metadata }) => metadata.name).sort();
  assert.equal(names.length, 3);
  const minutes = names.map((name) => Number(name.replace("tick-", "")));
  assert.deepEqual(minutes.map((minute) => minute - minutes[0]!), [0, 1, 2]);
  const { status } = await cronOf(cluster);
  assert.equal(status?.active?.length, 3);
  assert.equal(Date.parse(status?.lastScheduleTime ?? ""), minutes[2]! * MINUTE);
  cluster.stop();
});

Deno.test("cron job: Forbid leaves a start out while a job runs", async () => {
  const cluster = await started({ concurrencyPolicy: "Forbid" });
  await cluster.clock.advance(3 * MINUTE);
  const [only, ...others] = await jobs(cluster);
  assert.equal(others.length, 0);
  await finish(cluster, only!);
  await cluster.clock.advance(MINUTE);
  assert.equal((await jobs(cluster)).length, 2);
  cluster.stop();
});

Deno.test("cron job: Replace ends the job that still runs", async () => {
  const cluster = await started({ concurrencyPolicy: "Replace" });
  await cluster.clock.advance(MINUTE);
  const [first] = await jobs(cluster);
  await cluster.clock.advance(MINUTE);
  const [second, ...others] = await jobs(cluster);
  assert.equal(others.length, 0);
  assert.notEqual(second?.metadata.name, first?.metadata.name);
  cluster.stop();
});

Deno.test("cron job: suspended it starts nothing, and afterwards only what is not too late", async () => {
  const cluster = await started({ suspend: true, startingDeadlineSeconds: 10 });
  await cluster.clock.advance(5.5 * MINUTE);
  assert.equal((await jobs(cluster)).length, 0);
  const cron = await cronOf(cluster);
  await cluster.api.update(CRON_JOBS, { ...cron, spec: { ...cron.spec, suspend: false } });
  await cluster.clock.advance(MINUTE);
  assert.equal((await jobs(cluster)).length, 1);
  cluster.stop();
});

Deno.test("cron job: of many missed starts the latest is made up for", async () => {
  const cluster = await started({ suspend: true });
  await cluster.clock.advance(300 * MINUTE);
  const cron = await cronOf(cluster);
  await cluster.api.update(CRON_JOBS, { ...cron, spec: { ...cron.spec, suspend: false } });
  await cluster.clock.advance(1_000);
  const made = await jobs(cluster);
  assert.equal(made.length, 1);
  const minute = Number(made[0]!.metadata.name.replace("tick-", ""));
  assert.equal(minute, Math.floor(cluster.clock.now() / MINUTE));
  cluster.stop();
});

Deno.test("cron job: what belongs to jobs that the history leaves out goes with them", async () => {
  const cluster = await started({ successfulJobsHistoryLimit: 1 });
  for (let i = 0; i < 3; i += 1) {
    await cluster.clock.advance(MINUTE);
    for (const job of await jobs(cluster)) {
      if (job.status?.conditions !== undefined) continue;
      await cluster.api.create(CONFIG_MAPS, belongingTo(job));
      await finish(cluster, job);
    }
  }
  await cluster.clock.advance(1_000);
  const owners = (await jobs(cluster)).map(({ metadata }) => metadata.name);
  assert.equal(owners.length, 1);
  const { items } = await cluster.api.list(CONFIG_MAPS, { namespace: "default" });
  assert.deepEqual(items.map(({ metadata }) => metadata.name), owners);
  cluster.stop();
});

function belongingTo(job: Job): ConfigMap {
  const { name, namespace = "" } = job.metadata;
  const metadata = { name, namespace, ownerReferences: [controllerReferenceTo(job)] };
  return { apiVersion: "v1", kind: "ConfigMap", metadata };
}

Deno.test("cron job: ended jobs are kept as far as the history goes", async () => {
  const cluster = await started({ successfulJobsHistoryLimit: 2 });
  for (let i = 0; i < 5; i += 1) {
    await cluster.clock.advance(MINUTE);
    for (const job of await jobs(cluster)) {
      if (job.status?.conditions === undefined) await finish(cluster, job);
    }
  }
  assert.equal((await jobs(cluster)).length, 2);
  assert.ok((await cronOf(cluster)).status?.lastSuccessfulTime);
  cluster.stop();
});

Deno.test("cron job: jobs that make room go before the next is asked for", async () => {
  const cluster = await started();
  for (let i = 0; i < 3; i += 1) {
    await cluster.clock.advance(MINUTE);
    for (const job of await jobs(cluster)) {
      if (job.status?.conditions === undefined) await finish(cluster, job);
    }
  }
  const cron = await cronOf(cluster);
  await cluster.api.update(CRON_JOBS, { ...cron, spec: { ...cron.spec, suspend: true } });
  await cluster.clock.advance(2 * MINUTE);
  const before = await jobs(cluster);
  refuseUntilDeleted(cluster, "jobs");
  const now = await cronOf(cluster);
  const spec = { ...now.spec, suspend: false, successfulJobsHistoryLimit: 1 };
  await cluster.api.update(CRON_JOBS, { ...now, spec });
  await cluster.clock.advance(2_000);
  const names = new Set(before.map(({ metadata }) => metadata.name));
  const after = await jobs(cluster);
  assert.ok(after.some(({ metadata }) => !names.has(metadata.name)), "the next one is there");
  cluster.stop();
});

for (
  const { policy, want } of [
    { policy: "Forbid", want: [] },
    { policy: "Replace", want: ["delete tick-before", "create"] },
  ] as const
) {
  Deno.test(`cron job: ${policy} asks the API before a start, for a job whose creation nobody heard of`, async () => {
    const cluster = await started({ concurrencyPolicy: policy });
    const cron = await cronOf(cluster);
    cluster.stop();
    const now = cluster.clock.now() + MINUTE;
    const unheard: Job = {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        ...{ name: "tick-before", namespace: "default", uid: "unheard" },
        ownerReferences: [controllerReferenceTo(cron)],
      },
      spec: cron.spec.jobTemplate.spec,
    };
    const key = { namespace: "default", name: "tick" };
    const asked = cronJobController.reads!(key, cron, cluster.cache, { now, heldSince: () => now });
    assert.deepEqual(asked.map(({ resource }) => resource), [JOBS]);
    const read = () => [unheard] as never;
    const world = { cache: cluster.cache, now, heardAt: undefined, since: () => now, read };
    const { writes } = cronJobController.plan(cron, world);
    const done = writes.filter((write) => "object" in write && write.object.kind === "Job")
      .map((write) =>
        write.verb === "delete" ? `delete ${write.object.metadata.name}` : write.verb
      );
    assert.deepEqual(done, want);
  });
}

Deno.test("cron job: one that allows jobs beside each other asks the API for none", async () => {
  const cluster = await started();
  await cluster.clock.advance(3 * MINUTE);
  assert.equal(
    cluster.api.calls.filter(({ verb, resource }) => verb === "list" && resource === "jobs").length,
    1,
  );
  cluster.stop();
});
