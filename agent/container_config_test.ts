import assert from "node:assert/strict";
import type { Container, PodSpec } from "../api/types/core_v1.ts";
import { containerConfig, limitsOf } from "./container_config.ts";
import { containerSpec, podWith } from "./pod_fixtures.ts";
import { qosClassOf } from "./quality_of_service.ts";
import { PLAIN_SECURITY } from "./runtime_fixtures.ts";

// deno-fmt-ignore
const COMMANDS: readonly { name: string; change: Partial<Container>; want: unknown[] }[] = [
  { name: "nothing leaves the image's own",        change: {},                                           want: [undefined, undefined] },
  { name: "a command drops the image's arguments", change: { command: ["sh"] },                          want: [["sh"], []] },
  { name: "arguments keep the image's command",    change: { args: ["-v"] },                             want: [undefined, ["-v"]] },
  { name: "variables stand in both",               change: { command: ["$(BIN)"], args: ["$$(BIN)"] },   want: [["/bin/x"], ["$(BIN)"]] },
];
for (const { name, change, want } of COMMANDS) {
  Deno.test(`containerConfig: ${name}`, () => {
    const { entrypoint, args } = configOf(change);
    assert.deepEqual([entrypoint, args], want);
  });
}

// deno-fmt-ignore
const LIMITS = [
  { name: "nothing asked",            requests: {},              limits: {},                                want: [2, 0, 0, 1000] },
  { name: "a request is a weight",    requests: { cpu: "500m" }, limits: {},                                want: [512, 0, 0, 999] },
  { name: "a limit is both",          requests: {},              limits: { cpu: "250m", memory: "64Mi" },   want: [256, 25_000, 64 << 20, -997] },
  { name: "a tiny limit is a quota",  requests: {},              limits: { cpu: "1m" },                     want: [2, 1000, 0, 999] },
  { name: "half the memory asked",    requests: { memory: "512Mi" }, limits: {},                            want: [2, 0, 0, 500] },
];
for (const { name, requests, limits, want } of LIMITS) {
  Deno.test(`limitsOf: ${name}`, () => {
    const container = containerSpec("a", { resources: { requests, limits } as never });
    const pod = podWith({ containers: [container] });
    const got = limitsOf(pod, container, 1 << 30);
    assert.deepEqual(
      [got.cpuShares, got.cpuQuotaMicros, got.memoryBytes, got.oomScoreAdj],
      want,
    );
  });
}

// deno-fmt-ignore
const QOS = [
  { name: "nothing asked",           resources: [{}],                                                                     want: "BestEffort" },
  { name: "limits alone",            resources: [{ limits: { cpu: "1", memory: "1Gi" } }],                                want: "Guaranteed" },
  { name: "as much as the limit",    resources: [{ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1000m" } }],    want: "Guaranteed" },
  { name: "less than the limit",     resources: [{ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } }],     want: "Burstable" },
  { name: "one of two without",      resources: [{ limits: { cpu: "1", memory: "1Gi" } }, {}],                            want: "Burstable" },
];
for (const { name, resources, want } of QOS) {
  Deno.test(`qosClassOf: ${name} is ${want}`, () => {
    const containers = resources.map((one, i) =>
      containerSpec(`c${i}`, { resources: one as never })
    );
    assert.equal(qosClassOf(podWith({ containers })), want);
  });
}

function configOf(change: Partial<Container>, spec: Partial<PodSpec> = {}) {
  const container = containerSpec("a", change);
  const start = { container, attempt: 0, role: "app" as const, backOffSeconds: 0 };
  return containerConfig(podWith({ ...spec, containers: [container] }), start, {
    sandboxId: "s",
    environment: new Map([["BIN", "/bin/x"]]),
    mounts: [],
    pidsMax: 0,
    runtimeHandler: undefined,
    security: PLAIN_SECURITY,
    memoryCapacityBytes: 1 << 30,
  });
}
