import assert from "node:assert/strict";
import type { ContainerStatus, Pod } from "../types/core_v1.ts";
import { rowOf } from "./kinds_fixture.ts";
import { pods } from "./pods.ts";

type Given = Partial<NonNullable<Pod["status"]>>;

const CASES: readonly {
  name: string;
  status: Given;
  spec?: Partial<Pod["spec"]>;
  metadata?: Partial<Pod["metadata"]>;
  want: readonly [ready: string, status: string, restarts: string];
}[] = [
  { name: "fresh", status: { phase: "Pending" }, want: ["0/1", "Pending", "0"] },
  {
    name: "being made",
    status: { phase: "Pending", containerStatuses: [waiting("ContainerCreating")] },
    want: ["0/1", "ContainerCreating", "0"],
  },
  {
    name: "running",
    status: { phase: "Running", containerStatuses: [running(0)] },
    want: ["1/1", "Running", "0"],
  },
  {
    name: "restarted",
    status: { phase: "Running", containerStatuses: [running(2, "2026-01-01T11:55:00Z")] },
    want: ["1/1", "Running", "2 (5m ago)"],
  },
  {
    name: "crashing",
    status: {
      phase: "Running",
      containerStatuses: [{ ...waiting("CrashLoopBackOff"), restartCount: 3 }],
    },
    want: ["0/1", "CrashLoopBackOff", "3"],
  },
  {
    name: "completed",
    status: { phase: "Succeeded", containerStatuses: [terminated(0, "Completed")] },
    want: ["0/1", "Completed", "0"],
  },
  {
    name: "failed",
    status: { phase: "Failed", containerStatuses: [terminated(1, "Error")] },
    want: ["0/1", "Error", "0"],
  },
  {
    name: "failed without a reason",
    status: { phase: "Failed", containerStatuses: [terminated(3, "")] },
    want: ["0/1", "ExitCode:3", "0"],
  },
  {
    name: "one of two done, and ready",
    status: {
      phase: "Running",
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [terminated(0, "Completed"), running(0)],
    },
    spec: { containers: [{ name: "a" }, { name: "b" }] },
    want: ["1/2", "Running", "0"],
  },
  {
    name: "one of two done, and not ready",
    status: { phase: "Running", containerStatuses: [terminated(0, "Completed"), running(0)] },
    spec: { containers: [{ name: "a" }, { name: "b" }] },
    want: ["1/2", "NotReady", "0"],
  },
  {
    name: "terminating",
    status: { phase: "Running", containerStatuses: [running(0)] },
    metadata: { deletionTimestamp: "2026-01-01T12:00:30Z" },
    want: ["1/1", "Terminating", "0"],
  },
  {
    name: "on a lost node",
    status: { phase: "Running", reason: "NodeLost", containerStatuses: [running(0)] },
    metadata: { deletionTimestamp: "2026-01-01T12:00:30Z" },
    want: ["1/1", "Unknown", "0"],
  },
  {
    name: "evicted",
    status: { phase: "Failed", reason: "Evicted" },
    want: ["0/1", "Evicted", "0"],
  },
  {
    name: "first of two init containers",
    status: { phase: "Pending", initContainerStatuses: [running(0), waiting("PodInitializing")] },
    spec: { initContainers: [{ name: "i0" }, { name: "i1" }] },
    want: ["0/1", "Init:0/2", "0"],
  },
  {
    name: "second of two init containers",
    status: {
      phase: "Pending",
      initContainerStatuses: [terminated(0, "Completed"), waiting("PodInitializing")],
    },
    spec: { initContainers: [{ name: "i0" }, { name: "i1" }] },
    want: ["0/1", "Init:1/2", "0"],
  },
  {
    name: "a failing init container",
    status: {
      phase: "Pending",
      initContainerStatuses: [{ ...waiting("CrashLoopBackOff"), restartCount: 4 }],
    },
    spec: { initContainers: [{ name: "i0" }] },
    want: ["0/1", "Init:CrashLoopBackOff", "4"],
  },
  {
    name: "a failed init container",
    status: { phase: "Failed", initContainerStatuses: [terminated(1, "Error")] },
    spec: { initContainers: [{ name: "i0" }] },
    want: ["0/1", "Init:Error", "0"],
  },
  {
    name: "with a ready sidecar",
    status: {
      phase: "Running",
      initContainerStatuses: [{ ...running(1), name: "i0", started: true }],
      containerStatuses: [running(0)],
    },
    spec: { initContainers: [{ name: "i0", restartPolicy: "Always" }] },
    want: ["2/2", "Running", "1"],
  },
  {
    name: "gated",
    status: {
      phase: "Pending",
      conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }],
    },
    want: ["0/1", "SchedulingGated", "0"],
  },
];
for (const { name, status, spec, metadata, want } of CASES) {
  Deno.test(`pod columns: ${name} is ${want.join(" ")}`, () => {
    const row = rowOf(pods, podWith(status, spec, metadata));
    assert.deepEqual([row["Ready"], row["Status"], row["Restarts"]], want);
  });
}

Deno.test("pod columns: the whole row in kubectl's order", () => {
  const pod = podWith({
    phase: "Running",
    podIPs: [{ ip: "10.244.0.5" }],
    conditions: [{ type: "example.com/a", status: "True" }],
    containerStatuses: [running(0)],
  }, {
    nodeName: "n1",
    readinessGates: [{ conditionType: "example.com/a" }, { conditionType: "example.com/b" }],
  });
  assert.deepEqual(Object.entries(rowOf(pods, pod)), [
    ["Name", "x"],
    ["Ready", "1/1"],
    ["Status", "Running"],
    ["Restarts", "0"],
    ["Age", "2m30s"],
    ["IP", "10.244.0.5"],
    ["Node", "n1"],
    ["Nominated Node", "<none>"],
    ["Readiness Gates", "1/2"],
  ]);
});

function podWith(
  status: Given,
  spec: Partial<Pod["spec"]> = {},
  metadata: Partial<Pod["metadata"]> = {},
): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "x", creationTimestamp: "2026-01-01T11:57:30Z", ...metadata },
    spec: { containers: [{ name: "c" }], ...spec },
    status,
  };
}

function statusOf(fields: Partial<ContainerStatus>): ContainerStatus {
  return { name: "c", image: "i", imageID: "", ready: false, restartCount: 0, ...fields };
}

function waiting(reason: string): ContainerStatus {
  return statusOf({ state: { waiting: { reason } } });
}

function running(restartCount: number, finishedAt?: string): ContainerStatus {
  const lastState = finishedAt && { terminated: { exitCode: 1, finishedAt } };
  const state = { running: { startedAt: "2026-01-01T11:58:00Z" } };
  return statusOf({ ready: true, restartCount, state, ...(lastState && { lastState }) });
}

function terminated(exitCode: number, reason: string): ContainerStatus {
  return statusOf({ state: { terminated: { exitCode, reason } } });
}
