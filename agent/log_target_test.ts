import assert from "node:assert/strict";
import type { ContainerStatus } from "../api/types/core_v1.ts";
import { StatusError } from "../api/types/status.ts";
import { execTarget, logTarget } from "./log_target.ts";
import { podWith } from "./pod_fixtures.ts";

const end = (id: string) => ({ terminated: { exitCode: 1, containerID: `docker://${id}` } });
const run = { running: {} };
const wait = (reason: string) => ({ waiting: { reason } });

// deno-fmt-ignore
const CASES: readonly { name: string; is: Partial<ContainerStatus>; previous?: boolean; want: string }[] = [
  { name: "the running one",             is: { state: run, containerID: "docker://now" },            want: "now" },
  { name: "the ended one",               is: { state: end("now") },                                  want: "now" },
  { name: "the last before a restart",   is: { state: wait("CrashLoopBackOff"), lastState: end("last") }, want: "last" },
  { name: "the previous of a running",   is: { state: run, lastState: end("last") }, previous: true, want: "last" },
  { name: "no previous",                 is: { state: run }, previous: true,                         want: 'previous terminated container "a" in pod "web" not found' },
  { name: "not started",                 is: { state: wait("ContainerCreating") },                   want: 'container "a" in pod "web" is waiting to start: ContainerCreating' },
  { name: "an image that is nowhere",    is: { state: wait("ImagePullBackOff") },                    want: 'container "a" in pod "web" is waiting to start: trying and failing to pull image' },
  { name: "an image error",              is: { state: wait("ErrImagePull") },                        want: 'container "a" in pod "web" is waiting to start: image can\'t be pulled' },
];
for (const { name, is, previous = false, want } of CASES) {
  Deno.test(`logTarget: ${name}`, () => {
    assert.equal(answerOf(() => logTarget(podIn(is), "a", previous)), want);
  });
}

Deno.test("logTarget: names a container that the pod lacks", () => {
  const why = 'container "b" in pod "web" is not available';
  assert.equal(answerOf(() => logTarget(podIn({}), "b", false)), why);
});

Deno.test("execTarget: only a running container takes a command", () => {
  assert.equal(execTarget(podIn({ state: run, containerID: "docker://now" }), "a"), "now");
  assert.equal(
    answerOf(() => execTarget(podIn({ state: end("x") }), "a")),
    'container not found ("a")',
  );
});

function podIn(status: Partial<ContainerStatus>) {
  const base = { name: "a", image: "a:1", imageID: "", ready: false, restartCount: 0 };
  return podWith({}, { status: { containerStatuses: [{ ...base, ...status }] } });
}

function answerOf(ask: () => string): string {
  try {
    return ask();
  } catch (error) {
    assert.ok(error instanceof StatusError);
    return error.message;
  }
}
