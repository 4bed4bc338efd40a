import assert from "node:assert/strict";
import type { ContainerStatus, Pod, PodCondition } from "../api/types/core_v1.ts";
import { containerAt, containerSpec, deadAt, podWith, sandboxAt, T0 } from "./pod_fixtures.ts";
import { phaseOf } from "./pod_phase.ts";
import { podStatus } from "./pod_status.ts";
import type { StatusSources } from "./status_sources.ts";

type Policy = NonNullable<Pod["spec"]["restartPolicy"]>;

/** r: runs, 0 or 1: has ended so and stays, w: has never run, 1→: has failed and waits for its restart. */
const STATES = {
  r: { state: { running: {} } },
  "0": { state: { terminated: { exitCode: 0 } } },
  "1": { state: { terminated: { exitCode: 1 } } },
  "oom": { state: { terminated: { exitCode: 137, reason: "OOMKilled" } } },
  w: { state: { waiting: {} } },
  "1→": { state: { waiting: {} }, lastState: { terminated: { exitCode: 1 } } },
  "0→": { state: { waiting: {} }, lastState: { terminated: { exitCode: 0 } } },
} as const;
type State = keyof typeof STATES;

// The worked examples of pod-states.md, then what lies between them.
// deno-fmt-ignore
const PHASES: readonly { name: string; is: State[]; always: string; onFailure: string; never: string }[] = [
  { name: "one container ends well",                      is: ["0"],        always: "Running", onFailure: "Succeeded", never: "Succeeded" },
  { name: "one container fails",                          is: ["1"],        always: "Running", onFailure: "Running",   never: "Failed" },
  { name: "one of two fails, the other runs",             is: ["1", "r"],   always: "Running", onFailure: "Running",   never: "Running" },
  { name: "one of two has failed, the other ends well",   is: ["1", "0"],   always: "Running", onFailure: "Running",   never: "Failed" },
  { name: "both end well",                                is: ["0", "0"],   always: "Running", onFailure: "Succeeded", never: "Succeeded" },
  { name: "one container is killed for its memory",       is: ["oom"],      always: "Running", onFailure: "Running",   never: "Failed" },
  { name: "one of two is killed for its memory",          is: ["oom", "r"], always: "Running", onFailure: "Running",   never: "Running" },
  { name: "none has started",                             is: ["w"],        always: "Pending", onFailure: "Pending",   never: "Pending" },
  { name: "one of two has not started yet",               is: ["r", "w"],   always: "Pending", onFailure: "Pending",   never: "Pending" },
  { name: "all run",                                      is: ["r", "r"],   always: "Running", onFailure: "Running",   never: "Running" },
  { name: "one waits for its restart",                    is: ["1→"],       always: "Running", onFailure: "Running",   never: "Failed" },
  { name: "one of two waits, the other runs",             is: ["0→", "r"],  always: "Running", onFailure: "Running",   never: "Running" },
];
for (const { name, is, always, onFailure, never } of PHASES) {
  Deno.test(`phaseOf: ${name}`, () => {
    const phase = (restartPolicy: Policy) =>
      phaseOf(podWith({ restartPolicy }), [], is.map(statusIn));
    assert.deepEqual(
      [phase("Always"), phase("OnFailure"), phase("Never")],
      [always, onFailure, never],
    );
  });
}

// deno-fmt-ignore
const INIT_PHASES: readonly { name: string; init: State; app: State; policy: Policy; want: string }[] = [
  { name: "an init container runs",                 init: "r", app: "w", policy: "Always", want: "Pending" },
  { name: "an init container fails and is retried", init: "1", app: "w", policy: "Always", want: "Pending" },
  { name: "an init container fails for good",       init: "1", app: "w", policy: "Never",  want: "Failed" },
  { name: "init is over and the app runs",          init: "0", app: "r", policy: "Always", want: "Running" },
  { name: "init was forgotten and the app runs",    init: "w", app: "r", policy: "Always", want: "Running" },
];
for (const { name, init, app, policy, want } of INIT_PHASES) {
  Deno.test(`phaseOf: ${name}`, () => {
    const pod = podWith({ restartPolicy: policy, initContainers: [containerSpec("i")] });
    assert.equal(phaseOf(pod, [statusIn(init)], [statusIn(app)]), want);
  });
}

Deno.test("podStatus: a running pod is ready and has its address", () => {
  const status = statusOf({ containers: [sandboxAt(), containerAt()] });
  assert.equal(status.phase, "Running");
  assert.deepEqual([status.podIP, status.hostIP, status.qosClass], [
    "10.0.0.9",
    "192.0.2.1",
    "BestEffort",
  ]);
  assert.deepEqual(conditions(status.conditions), [
    "PodReadyToStartContainers=True",
    "Initialized=True",
    "Ready=True",
    "ContainersReady=True",
    "PodScheduled=True",
  ]);
  assert.equal(status.containerStatuses?.[0]?.containerID, "docker://a-0");
  assert.equal(status.containerStatuses?.[0]?.imageID, "docker://sha256:i");
});

Deno.test("podStatus: made again from what it made, it is the same", () => {
  const containers = [sandboxAt(), containerAt()];
  const first = statusOf({ containers });
  const again = statusOf({
    containers,
    pod: podWith({}, { status: first }),
    now: T0 + 60_000,
  });
  assert.deepEqual(again, first);
});

Deno.test("podStatus: only what changed gets a new time", () => {
  const first = statusOf({ containers: [sandboxAt(), containerAt()] });
  const pod = podWith({}, { status: first });
  const then = statusOf({ pod, containers: [sandboxAt(), deadAt(1)], now: T0 + 60_000 });
  const times = (type: string) => then.conditions?.find((c) => c.type === type)?.lastTransitionTime;
  assert.equal(times("Ready"), "2026-01-01T00:01:00Z");
  assert.equal(times("PodScheduled"), "2026-01-01T00:00:00Z");
});

Deno.test("podStatus: a crash shows its last end while it waits", () => {
  const waiting = new Map([["a", { reason: "CrashLoopBackOff", message: "back-off 10s" }]]);
  const [a] = statusOf({ containers: [sandboxAt(), deadAt(2, { attempt: 1 })], waiting })
    .containerStatuses ?? [];
  assert.deepEqual(a?.state, { waiting: waiting.get("a") });
  assert.equal(a?.lastState?.terminated?.exitCode, 2);
  assert.equal(a?.restartCount, 1);
  assert.equal(a?.ready, false);
});

Deno.test("podStatus: a restart shows the end before it", () => {
  const containers = [sandboxAt(), deadAt(137), containerAt({ attempt: 1 })];
  const [a] = statusOf({ containers }).containerStatuses ?? [];
  assert.ok(a?.state?.running);
  assert.equal(a?.lastState?.terminated?.containerID, "docker://a-0");
});

// deno-fmt-ignore
const ENDINGS = [
  { name: "ended well",          container: deadAt(0),                                want: [0, "Completed"] },
  { name: "failed",              container: deadAt(3),                                want: [3, "Error"] },
  { name: "ran out of memory",   container: deadAt(137, { isOomKilled: true }),       want: [137, "OOMKilled"] },
  { name: "could not start",     container: deadAt(127, { state: "created", startedAt: 0, finishedAt: 0, error: "no such file" }), want: [128, "StartError"] },
] as const;
for (const { name, container, want } of ENDINGS) {
  Deno.test(`podStatus: says of a container that ${name}`, () => {
    const pod = podWith({ restartPolicy: "Never" });
    const [a] = statusOf({ pod, containers: [sandboxAt(), container] }).containerStatuses ?? [];
    const { exitCode, reason } = a?.state?.terminated ?? {};
    assert.deepEqual([exitCode, reason], want);
  });
}

Deno.test("podStatus: a pod that was refused has failed, with the reason", () => {
  const failure = { reason: "hostPortConflict", message: "Pod cannot be started" };
  const status = statusOf({ failure });
  assert.deepEqual([status.phase, status.reason, status.message], [
    "Failed",
    failure.reason,
    failure.message,
  ]);
});

Deno.test("podStatus: what has ended does not come back when its containers are forgotten", () => {
  const pod = podWith({ restartPolicy: "Never" });
  const ended = statusOf({ pod, containers: [deadAt(1)] });
  assert.equal(ended.phase, "Failed");
  const later = statusOf({ pod: { ...pod, status: ended }, containers: [], now: T0 + 9_000 });
  assert.deepEqual(later, ended);
});

Deno.test("podStatus: conditions of others stay, and a readiness gate holds the pod back", () => {
  const gate = { type: "lb/ready", status: "False" as const };
  const pod = podWith({ readinessGates: [{ conditionType: "lb/ready" }] }, {
    status: { conditions: [gate] },
  });
  const { conditions: all = [] } = statusOf({ pod, containers: [sandboxAt(), containerAt()] });
  assert.equal(all.find(({ type }) => type === "Ready")?.reason, "ReadinessGatesNotReady");
  assert.equal(all.find(({ type }) => type === "ContainersReady")?.status, "True");
  assert.deepEqual(all.find(({ type }) => type === "lb/ready"), gate);
});

function statusIn(state: State): ContainerStatus {
  const base = { name: "a", image: "a:1", imageID: "", ready: false, restartCount: 0 };
  return { ...base, ...STATES[state] };
}

function statusOf(change: Partial<StatusSources>) {
  const { containers = [] } = change;
  const running = new Set(containers.filter(({ state }) => state === "running").map((c) => c.id));
  return podStatus({
    pod: podWith({}),
    containers,
    waiting: new Map(),
    messages: new Map(),
    ready: running,
    started: running,
    podIp: "10.0.0.9",
    hostIp: "192.0.2.1",
    failure: undefined,
    now: T0,
    ...change,
  });
}

function conditions(all: PodCondition[] = []): string[] {
  return all.map(({ type, status }) => `${type}=${status}`);
}
