import assert from "node:assert/strict";
import type { Pod, PodSpec } from "../api/types/core_v1.ts";
import { misfitOf } from "./fitness.ts";
import { containerSpec, podWith } from "./pod_fixtures.ts";

const PLACE = {
  labels: { disk: "ssd" },
  allocatable: { cpu: "1", memory: "1Gi", pods: "3" },
};
const port = (hostPort: number, protocol: "TCP" | "UDP" = "TCP") => ({
  containers: [containerSpec("a", { ports: [{ containerPort: 80, hostPort, protocol }] })],
});
const asking = (cpu: string, memory = "0") => ({
  containers: [containerSpec("a", { resources: { requests: { cpu, memory } } })],
});
const OLD = "2026-01-01T00:00:00Z";
const NEW = "2026-01-02T00:00:00Z";

// deno-fmt-ignore
const CASES: readonly { name: string; pod: Pod; others: Pod[]; want: string | undefined }[] = [
  { name: "an empty node takes it",                pod: made("x", {}, NEW),           others: [],                                       want: undefined },
  { name: "the newer of two with one port goes",   pod: made("x", port(80), NEW),     others: [made("y", port(80), OLD)],               want: "hostPortConflict" },
  { name: "the older of two with one port stays",  pod: made("x", port(80), OLD),     others: [made("y", port(80), NEW)],               want: undefined },
  { name: "TCP and UDP do not clash",              pod: made("x", port(80), NEW),     others: [made("y", port(80, "UDP"), OLD)],        want: undefined },
  { name: "a pod that has ended holds no port",    pod: made("x", port(80), NEW),     others: [made("y", port(80), OLD, "Failed")],     want: undefined },
  { name: "a pod that runs goes before age",       pod: made("x", port(80), OLD),     others: [made("y", port(80), NEW, "Running")],    want: "hostPortConflict" },
  { name: "the host's network takes every port",   pod: made("x", port(80), NEW),     others: [made("y", { hostNetwork: true, ...port(80) }, OLD)], want: "hostPortConflict" },
  { name: "a label that the node lacks",           pod: made("x", { nodeSelector: { disk: "hdd" } }, NEW), others: [],                  want: "nodeSelectorMismatching" },
  { name: "the last of the CPU fits",              pod: made("x", asking("600m"), NEW), others: [made("y", asking("400m"), OLD)],       want: undefined },
  { name: "one thousandth more does not",          pod: made("x", asking("601m"), NEW), others: [made("y", asking("400m"), OLD)],       want: "capacityExceeded" },
  { name: "too much memory",                       pod: made("x", asking("0", "2Gi"), NEW), others: [],                                 want: "capacityExceeded" },
  { name: "one pod too many",                      pod: made("x", {}, NEW),           others: ["a", "b", "c"].map((n) => made(n, {}, OLD)), want: "capacityExceeded" },
];
for (const { name, pod, others, want } of CASES) {
  Deno.test(`misfitOf: ${name}`, () => {
    assert.equal(misfitOf(pod, [pod, ...others], PLACE)?.reason, want);
  });
}

function made(
  name: string,
  spec: Partial<PodSpec>,
  creationTimestamp: string,
  phase?: "Failed" | "Running",
): Pod {
  const startTime = creationTimestamp;
  return podWith(spec, {
    metadata: { name, namespace: "default", uid: `uid-${name}`, creationTimestamp },
    ...(phase === undefined ? {} : { status: { phase, startTime } }),
  });
}
