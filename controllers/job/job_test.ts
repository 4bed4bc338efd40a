import assert from "node:assert/strict";
import { type Job, JOBS, type JobSpec } from "../../api/types/batch_v1.ts";
import type { Pod } from "../../api/types/core_v1.ts";
import { PODS } from "../../api/types/resources.ts";
import { StatusError } from "../../api/types/status.ts";
import { startCluster } from "../fake_cluster.ts";
import { isActive } from "../pods.ts";
import { indexOf } from "./indexes.ts";
import { TRACKING } from "./tally.ts";

type Cluster = Awaited<ReturnType<typeof startCluster>>;

function jobOf(more: Partial<JobSpec> = {}): Job {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "sum", namespace: "default" },
    spec: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 6,
      selector: { matchLabels: { job: "sum" } },
      template: {
        metadata: { name: "", labels: { job: "sum" } },
        spec: { restartPolicy: "Never", containers: [{ name: "main", image: "sum:1" }] },
      },
      ...more,
    },
  };
}

async function started(more: Partial<JobSpec> = {}): Promise<Cluster> {
  const cluster = await startCluster();
  await cluster.api.create(JOBS, jobOf(more));
  await cluster.clock.advance(100);
  return cluster;
}

const active = async (cluster: Cluster) => (await cluster.pods()).filter(isActive);

async function end(cluster: Cluster, pod: Pod, exitCode: number): Promise<void> {
  const current = await cluster.api.get(PODS, "default", pod.metadata.name);
  const finishedAt = new Date(cluster.clock.now()).toISOString();
  const state = { terminated: { exitCode, finishedAt } };
  const container = { name: "main", state, restartCount: 0, ready: false, image: "", imageID: "" };
  await cluster.api.updateStatus(PODS, {
    ...current,
    status: { phase: exitCode === 0 ? "Succeeded" : "Failed", containerStatuses: [container] },
  });
  await cluster.clock.advance(100);
}

const status = async (cluster: Cluster) => (await cluster.api.get(JOBS, "default", "sum")).status;
const conditions = async (cluster: Cluster) =>
  (await status(cluster))?.conditions?.filter((one) => one.status === "True")
    .map(({ type, reason }) => `${type} ${reason}`) ?? [];

Deno.test("job: runs as many at one time as it may, until enough have succeeded", async () => {
  const cluster = await started({ parallelism: 2, completions: 3 });
  for (const want of [2, 2, 1]) {
    const pods = await active(cluster);
    assert.equal(pods.length, want);
    await end(cluster, pods[0]!, 0);
  }
  assert.equal((await active(cluster)).length, 0);
  assert.deepEqual(await conditions(cluster), [
    "SuccessCriteriaMet CompletionsReached",
    "Complete CompletionsReached",
  ]);
  const { succeeded, active: running, failed, completionTime } = (await status(cluster))!;
  assert.deepEqual([succeeded, running, failed], [3, undefined, undefined]);
  assert.ok(completionTime);
  for (const { metadata } of await cluster.pods()) {
    assert.ok(!metadata.finalizers?.includes(TRACKING), "an ended pod is let go of");
  }
  cluster.stop();
});

Deno.test("job: a pod that is deleted as soon as it has ended is counted all the same", async () => {
  const cluster = await started({ completions: 2 });
  const [pod] = await active(cluster);
  cluster.api.watchDelayMs = 1_000;
  await end(cluster, pod!, 0);
  await cluster.api.delete(PODS, "default", pod!.metadata.name);
  await cluster.clock.advance(20_000);
  assert.equal((await status(cluster))?.succeeded, 1);
  assert.equal((await active(cluster)).length, 1);
  cluster.stop();
});

Deno.test("job: a lost pod whose room the next one needs is let go of first", async () => {
  const cluster = await started();
  const [lost] = await active(cluster);
  // as a quota of one pod, which a lost one counts against for as long as it is held
  cluster.api.intercept = ({ verb, resource }) => {
    if (verb !== "create" || resource !== "pods" || isGone) return;
    throw new StatusError("Forbidden", "exceeded quota");
  };
  let isGone = false;
  await cluster.api.delete(PODS, "default", lost!.metadata.name, { gracePeriodSeconds: 0 });
  await cluster.clock.advance(2_000);
  isGone = (await cluster.pods()).length === 0;
  assert.ok(isGone, "the lost pod is held no longer");
  assert.equal((await status(cluster))?.failed, 1);
  assert.equal((await status(cluster))?.active ?? 0, 0);
  await cluster.clock.advance(60_000);
  assert.equal((await active(cluster)).length, 1);
  cluster.stop();
});

Deno.test("job: failed pods are replaced ever more slowly, up to the limit", async () => {
  const cluster = await started({ backoffLimit: 2 });
  for (const waitMs of [10_000, 20_000]) {
    await end(cluster, (await active(cluster))[0]!, 1);
    await cluster.clock.advance(waitMs - 1_000);
    assert.equal((await active(cluster)).length, 0, `waits ${waitMs} ms`);
    await cluster.clock.advance(2_000);
    assert.equal((await active(cluster)).length, 1, `has waited ${waitMs} ms`);
  }
  await end(cluster, (await active(cluster))[0]!, 1);
  assert.deepEqual(await conditions(cluster), [
    "FailureTarget BackoffLimitExceeded",
    "Failed BackoffLimitExceeded",
  ]);
  assert.equal((await status(cluster))?.failed, 3);
  cluster.stop();
});

Deno.test("job: without completions it is done when one has succeeded and all have ended", async () => {
  const { completions: _none, ...spec } = jobOf({ parallelism: 3 }).spec;
  const cluster = await startCluster();
  await cluster.api.create(JOBS, { ...jobOf(), spec });
  await cluster.clock.advance(100);
  const pods = await active(cluster);
  assert.equal(pods.length, 3);
  await end(cluster, pods[0]!, 0);
  assert.equal((await active(cluster)).length, 2);
  assert.deepEqual(await conditions(cluster), []);
  for (const pod of pods.slice(1)) await end(cluster, pod, 0);
  assert.ok((await conditions(cluster)).includes("Complete CompletionsReached"));
  cluster.stop();
});

Deno.test("job: each index is done once", async () => {
  const cluster = await started({ completionMode: "Indexed", parallelism: 2, completions: 4 });
  const first = await active(cluster);
  assert.deepEqual(first.map(indexOf).sort(), [0, 1]);
  assert.match(first[0]!.metadata.name, /^sum-[01]-/);
  const env = first[0]!.spec.containers[0]?.env?.map(({ name }) => name);
  assert.deepEqual(env, ["JOB_COMPLETION_INDEX"]);
  await end(cluster, first.find((pod) => indexOf(pod) === 1)!, 0);
  assert.deepEqual((await active(cluster)).map(indexOf).sort(), [0, 2]);
  for (let i = 0; i < 3; i += 1) await end(cluster, (await active(cluster))[0]!, 0);
  const { completedIndexes, succeeded } = (await status(cluster))!;
  assert.deepEqual([completedIndexes, succeeded], ["0-3", 4]);
  assert.ok((await conditions(cluster)).includes("Complete CompletionsReached"));
  cluster.stop();
});

Deno.test("job: an index that fails too often fails alone, and the job at the end", async () => {
  const { backoffLimit: _none, ...spec } = jobOf({
    completionMode: "Indexed",
    parallelism: 2,
    completions: 2,
    backoffLimitPerIndex: 0,
  }).spec;
  const cluster = await startCluster();
  await cluster.api.create(JOBS, { ...jobOf(), spec });
  await cluster.clock.advance(100);
  const pods = await active(cluster);
  await end(cluster, pods.find((pod) => indexOf(pod) === 0)!, 1);
  assert.deepEqual(await conditions(cluster), []);
  await end(cluster, pods.find((pod) => indexOf(pod) === 1)!, 0);
  assert.ok((await conditions(cluster)).includes("Failed FailedIndexes"));
  assert.equal((await status(cluster))?.failedIndexes, "0");
  cluster.stop();
});

Deno.test("job: fails at its deadline and ends what runs", async () => {
  const cluster = await started({ activeDeadlineSeconds: 30 });
  await cluster.clock.advance(29_000);
  assert.equal((await active(cluster)).length, 1);
  await cluster.clock.advance(2_000);
  assert.equal((await active(cluster)).length, 0);
  assert.ok((await conditions(cluster)).includes("Failed DeadlineExceeded"));
  cluster.stop();
});

Deno.test("job: suspended it runs nothing, resumed it begins anew", async () => {
  const cluster = await started({ suspend: true });
  assert.equal((await cluster.pods()).length, 0);
  assert.deepEqual(await conditions(cluster), ["Suspended JobSuspended"]);
  const job = await cluster.api.get(JOBS, "default", "sum");
  await cluster.api.update(JOBS, { ...job, spec: { ...job.spec, suspend: false } });
  await cluster.clock.advance(100);
  assert.equal((await active(cluster)).length, 1);
  assert.deepEqual(await conditions(cluster), []);
  cluster.stop();
});

Deno.test("job: a rule for an exit code fails it at once, another lets it go on", async () => {
  const rule = (action: "FailJob" | "Ignore", code: number) => ({
    action,
    onExitCodes: { operator: "In" as const, values: [code] },
  });
  const rules = [rule("Ignore", 7), rule("FailJob", 42)];
  const cluster = await started({ podFailurePolicy: { rules } });
  await end(cluster, (await active(cluster))[0]!, 7);
  await cluster.clock.advance(60_000);
  assert.equal((await status(cluster))?.failed, undefined);
  await end(cluster, (await active(cluster))[0]!, 42);
  assert.ok((await conditions(cluster)).includes("Failed PodFailurePolicy"));
  cluster.stop();
});

Deno.test("job: goes so long after its end as it says, with its pods", async () => {
  const cluster = await started({ ttlSecondsAfterFinished: 60 });
  await end(cluster, (await active(cluster))[0]!, 0);
  await cluster.clock.advance(58_000);
  assert.equal((await cluster.api.list(JOBS)).items.length, 1);
  await cluster.clock.advance(5_000);
  assert.equal((await cluster.api.list(JOBS)).items.length, 0);
  assert.deepEqual(await cluster.pods(), []);
  cluster.stop();
});

Deno.test("job: deleted, it lets go of its pods, and they go too", async () => {
  const cluster = await started({ parallelism: 2, completions: 4 });
  await end(cluster, (await active(cluster))[0]!, 0);
  await cluster.api.delete(JOBS, "default", "sum", { propagationPolicy: "Background" });
  await cluster.clock.advance(60_000);
  assert.deepEqual(await cluster.pods(), []);
  cluster.stop();
});
