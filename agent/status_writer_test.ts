import assert from "node:assert/strict";
import type { Pod, PodStatus } from "../api/types/core_v1.ts";
import { PODS } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import { FakeApi } from "../client/fake_api.ts";
import { FakeClock } from "../client/fake_clock.ts";
import { podWith } from "./pod_fixtures.ts";
import { StatusWriter } from "./status_writer.ts";

Deno.test("StatusWriter: writes a status once, and the next only when it differs", async () => {
  const { api, writer, pod } = await setUp();
  await writer.write(pod, { phase: "Running" });
  await writer.write(pod, { phase: "Running" });
  assert.equal(api.count("updateStatus"), 1);
  await writer.write(pod, { phase: "Succeeded" });
  assert.equal((await read(api)).status?.phase, "Succeeded");
});

Deno.test("StatusWriter: what comes while it writes replaces what waits", async () => {
  const { api, writer, pod } = await setUp();
  const messages = ["one", "two", "three"];
  await Promise.all(messages.map((message) => writer.write(pod, { message })));
  assert.equal((await read(api)).status?.message, "three");
  assert.equal(api.count("updateStatus"), 2);
});

Deno.test("StatusWriter: takes a conflict for news and writes on top of it", async () => {
  const { api, writer, pod } = await setUp();
  const theirs = structuredClone(await read(api));
  await api.update(PODS, { ...theirs, metadata: { ...theirs.metadata, labels: { a: "b" } } });
  await writer.write(pod, { phase: "Running" });
  const { metadata, status } = await read(api);
  assert.deepEqual([metadata.labels, status?.phase], [{ a: "b" }, "Running"]);
});

Deno.test("StatusWriter: puts right what someone else has written over it", async () => {
  const { api, writer, pod } = await setUp();
  const status = conditions("True");
  await writer.write(pod, status);
  await api.updateStatus(PODS, { ...await read(api), status: conditions("False") });
  await writer.write(await read(api), status);
  assert.equal((await read(api)).status?.conditions?.[0]?.status, "True");
});

Deno.test("StatusWriter: an answer that comes after somebody's later change does not hide it", async () => {
  const { api, writer, pod } = await setUp();
  const status = conditions("True");
  const answer = Promise.withResolvers<void>();
  const update = api.updateStatus.bind(api);
  let isSlow = true;
  api.updateStatus = async (resource, object) => {
    const written = await update(resource, object);
    if (isSlow) await answer.promise;
    return written;
  };
  const written = writer.write(pod, status);
  while ((await read(api)).status?.conditions === undefined) await Promise.resolve();
  isSlow = false;
  await update(PODS, { ...await read(api), status: conditions("False") });
  void writer.write(await read(api), status);
  answer.resolve();
  await written;
  assert.equal((await read(api)).status?.conditions?.[0]?.status, "True");
});

Deno.test("StatusWriter: a pod that someone has called ended stays so", async () => {
  const { api, writer, pod } = await setUp();
  await writer.write(pod, { phase: "Running" });
  await api.updateStatus(PODS, { ...await read(api), status: { phase: "Failed" } });
  assert.equal(writer.latest(await read(api)).status?.phase, "Failed");
});

Deno.test("StatusWriter: of an ended pod too, the next status is computed from what is being written", async () => {
  const { writer, pod } = await setUp();
  await writer.write(pod, { phase: "Succeeded", ...conditions("True") });
  const ended: PodStatus = { phase: "Succeeded", ...conditions("False") };
  const written = writer.write(pod, ended);
  assert.deepEqual(writer.latest(pod).status, ended);
  await written;
});

Deno.test("StatusWriter: leaves a new pod of the same name alone", async () => {
  const { api, writer, pod } = await setUp();
  await api.delete(PODS, "default", "web", { gracePeriodSeconds: 0 });
  await api.create(PODS, podWith({}, { metadata: { name: "web", namespace: "default" } }));
  await writer.write(pod, { phase: "Running" });
  assert.equal((await read(api)).status?.phase, undefined);
});

Deno.test("StatusWriter: waits longer and longer while the API does not answer", async () => {
  const { api, clock, writer, pod } = await setUp();
  api.intercept = () => {
    throw new StatusError("ServiceUnavailable", "no answer");
  };
  const written = writer.write(pod, { phase: "Running" });
  await clock.advance(10_000);
  assert.equal(api.count("updateStatus"), 7);
  api.intercept = () => {};
  await clock.advance(20_000);
  await written;
  assert.equal((await read(api)).status?.phase, "Running");
});

function conditions(status: "True" | "False"): PodStatus {
  return { conditions: [{ type: "Ready", status }] };
}

const read = (api: FakeApi): Promise<Pod> => api.get(PODS, "default", "web");

async function setUp() {
  const clock = new FakeClock();
  const api = new FakeApi(clock);
  const pod = await api.create(
    PODS,
    podWith({}, { metadata: { name: "web", namespace: "default" } }),
  );
  const { signal } = new AbortController();
  return { api, clock, pod, writer: new StatusWriter({ api, clock, log: () => {}, signal }) };
}
