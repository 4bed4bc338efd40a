import assert from "node:assert/strict";
import type { ContainerPort, Pod, PodStatus } from "../api/types/core_v1.ts";
import { HostPorts, planHostPorts } from "./host_ports.ts";

const IP = "10.1.0.2";
const RUNNING: PodStatus = { phase: "Running", podIP: IP };
const WEB: ContainerPort = { containerPort: 80, hostPort: 8080, protocol: "TCP" };

// deno-fmt-ignore
const CASES = [
  { name: "every address of the node",        pod: podWith([WEB]),                                          want: ["TCP *:8080 → 10.1.0.2:80"] },
  { name: "0.0.0.0 is every address",         pod: podWith([{ ...WEB, hostIP: "0.0.0.0" }]),                want: ["TCP *:8080 → 10.1.0.2:80"] },
  { name: "one address",                      pod: podWith([{ ...WEB, hostIP: "192.0.2.7" }]),              want: ["TCP 192.0.2.7:8080 → 10.1.0.2:80"] },
  { name: "UDP",                              pod: podWith([{ ...WEB, protocol: "UDP" }]),                  want: ["UDP *:8080 → 10.1.0.2:80"] },
  { name: "nothing for SCTP",                 pod: podWith([{ ...WEB, protocol: "SCTP" }]),                 want: [] },
  { name: "nothing for IPv6",                 pod: podWith([{ ...WEB, hostIP: "::1" }]),                    want: [] },
  { name: "nothing without a host port",      pod: podWith([{ containerPort: 80 }]),                        want: [] },
  { name: "nothing in the host's network",    pod: podWith([WEB], { hostNetwork: true }),                   want: [] },
  { name: "nothing without an address",       pod: podWith([WEB], {}, { phase: "Pending" }),                want: [] },
  { name: "nothing for a pod that is over",   pod: podWith([WEB], {}, { ...RUNNING, phase: "Succeeded" }),  want: [] },
  { name: "a pod that has failed holds none", pod: podWith([WEB], {}, { ...RUNNING, phase: "Failed" }),     want: [] },
];
for (const { name, pod, want } of CASES) {
  Deno.test(`host ports: ${name}`, () => {
    const got = planHostPorts(pod).map(({ protocol, frontends: [front], backends: [to] }) =>
      `${protocol} ${front?.address ?? "*"}:${front?.port} → ${to?.ip}:${to?.port}`
    );
    assert.deepEqual(got, want);
  });
}

Deno.test("host ports: a sidecar has them too, an init container has not", () => {
  const container = { name: "b", image: "b", ports: [WEB] };
  const pod = podWith([], {
    initContainers: [container, { ...container, restartPolicy: "Always" }],
  });
  assert.equal(planHostPorts(pod).length, 1);
});

Deno.test("host ports: a pod that says the same again changes nothing, and gone it leaves nothing", () => {
  const ports = new HostPorts();
  const pod = podWith([WEB]);
  assert.equal(ports.see(undefined, pod), true);
  const [rules] = ports.rules;
  assert.equal(ports.see(pod, { ...pod, status: { ...RUNNING, message: "new" } }), false);
  assert.equal(ports.rules[0], rules);
  assert.equal(ports.see(pod, undefined), true);
  assert.deepEqual(ports.rules, []);
  assert.equal(ports.see(undefined, podWith([])), false);
});

function podWith(ports: ContainerPort[], spec: Partial<Pod["spec"]> = {}, status = RUNNING): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace: "default", uid: "u1" },
    spec: { containers: [{ name: "a", image: "a", ports }], ...spec },
    status,
  };
}
