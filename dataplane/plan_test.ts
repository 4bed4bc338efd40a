import assert from "node:assert/strict";
import type { Endpoints, Service, ServiceSpec } from "../api/types/core_v1.ts";
import type { EndpointSlice } from "../api/types/discovery_v1.ts";
import { joinRules, planRules, planService } from "./plan.ts";
import type { ServiceRule } from "./rules.ts";

const NODE = {
  name: "node-1",
  addresses: ["192.0.2.2"],
  zones: new Map([["node-1", "a"], ["node-2", "b"]]),
};
const NO_BACKING = { endpoints: undefined };
const VIP = "10.96.0.10";
const PODS = ["10.1.0.2:8080", "10.1.0.3:8080"];

// deno-fmt-ignore
const CASES: { name: string; spec: Partial<ServiceSpec>; want: string[] }[] = [
  { name: "a cluster IP leads to the ready pods",      spec: {},                                        want: [`TCP ${VIP}:80 → ${PODS}`] },
  { name: "a headless service has no virtual address", spec: { clusterIP: "None" },                     want: [] },
  { name: "an external name has none either",          spec: { type: "ExternalName", clusterIP: "" },   want: [] },
  { name: "without an address yet, nothing",           spec: { clusterIP: "" },                         want: [] },
  { name: "a port of SCTP is not ours",                spec: ports({ protocol: "SCTP" }),               want: [] },
  { name: "the protocol must match the endpoints'",    spec: ports({ protocol: "UDP" }),                want: [`UDP ${VIP}:80 → refused`] },
  { name: "the port's name must match too",            spec: ports({ name: "http" }),                   want: [`TCP ${VIP}:80 → refused`] },
  { name: "a node port answers on the node",           spec: { type: "NodePort", ...ports({ nodePort: 30080 }) }, want: [`TCP ${VIP}:80 *:30080 → ${PODS}`] },
  { name: "a cluster IP service has no node port",     spec: ports({ nodePort: 30080 }),                want: [`TCP ${VIP}:80 → ${PODS}`] },
  { name: "an external IP is one more address",        spec: { externalIPs: ["203.0.113.9", "nonsense", VIP] }, want: [`TCP ${VIP}:80 203.0.113.9:80 → ${PODS}`] },
  { name: "affinity lasts three hours",                spec: { sessionAffinity: "ClientIP" },           want: [`TCP ${VIP}:80 → ${PODS} for 10800 s`] },
  { name: "or as long as it says",                     spec: { sessionAffinity: "ClientIP", sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } }, want: [`TCP ${VIP}:80 → ${PODS} for 5 s`] },
  { name: "a local policy takes pods of the node",     spec: { internalTrafficPolicy: "Local" },        want: [`TCP ${VIP}:80 → 10.1.0.2:8080`] },
  { name: "outside clients may get others",            spec: { type: "NodePort", externalTrafficPolicy: "Local", ...ports({ nodePort: 30080 }) }, want: [`TCP ${VIP}:80 → ${PODS}`, "TCP *:30080 → 10.1.0.2:8080"] },
  { name: "a balancer's address leads there too",      spec: { type: "LoadBalancer" },                  want: [`TCP ${VIP}:80 198.51.100.9:80 → ${PODS}`] },
  { name: "for some clients only, where it says so",   spec: { type: "LoadBalancer", loadBalancerSourceRanges: ["192.0.2.0/24"] }, want: [`TCP ${VIP}:80 198.51.100.9:80<192.0.2.0/24 → ${PODS}`] },
  { name: "who balances no more has no such address",  spec: { type: "ClusterIP" },                     want: [`TCP ${VIP}:80 → ${PODS}`] },
  { name: "a near pod is preferred where there is one", spec: { trafficDistribution: "PreferClose" },   want: [`TCP ${VIP}:80 → 10.1.0.2:8080`] },
  { name: "a wrong port is passed over",               spec: ports({ port: 70_000 }),                   want: [] },
];
for (const { name, spec, want } of CASES) {
  Deno.test(`planRules: ${name}`, () => {
    const { services, nodeAddresses } = planRules([service("web", spec)], [endpoints("web")], NODE);
    assert.deepEqual(services.map(textOf), want);
    assert.deepEqual(nodeAddresses, NODE.addresses);
  });
}

Deno.test("planRules: a service without endpoints refuses", () => {
  const { services } = planRules([service("web")], [], NODE);
  assert.deepEqual(services.map(textOf), [`TCP ${VIP}:80 → refused`]);
});

Deno.test("planRules: a service that others answer for has no rules", () => {
  const web = service("web");
  const labels = { "service.kubernetes.io/service-proxy-name": "wherry-dns" };
  const others = { ...web, metadata: { ...web.metadata, labels } };
  assert.deepEqual(planRules([others], [endpoints("web")], NODE).services, []);
});

Deno.test("planRules: several ports find their own pods by name", () => {
  const spec = { ports: [{ name: "http", port: 80 }, { name: "admin", port: 90 }] };
  const subsets = [{
    addresses: [{ ip: "10.1.0.3" }, { ip: "10.1.0.2" }, { ip: "10.1.0.3" }, { ip: "fe80::1" }],
    notReadyAddresses: [{ ip: "10.1.0.4" }],
    ports: [{ name: "admin", port: 9090 }, { name: "http", port: 8080 }],
  }];
  const { services } = planRules([service("web", spec)], [endpoints("web", subsets)], NODE);
  assert.deepEqual(services.map(textOf), [
    `TCP ${VIP}:80 → 10.1.0.2:8080,10.1.0.3:8080`,
    `TCP ${VIP}:90 → 10.1.0.2:9090,10.1.0.3:9090`,
  ]);
  assert.deepEqual(services.map(({ name }) => name), ["default/web:http", "default/web:admin"]);
});

Deno.test("planService: slices that were written by hand count too, but for what is not ready", () => {
  const slice = (ready: boolean | undefined, ip: string): EndpointSlice => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: ip },
    addressType: "IPv4",
    endpoints: [{ addresses: [ip], conditions: ready === undefined ? {} : { ready } }],
    ports: [{ name: "", port: 9000, protocol: "TCP" }],
  });
  const slices = [slice(undefined, "10.1.0.8"), slice(true, "10.1.0.7"), slice(false, "10.1.0.9")];
  const rules = planService(service("web"), { endpoints: endpoints("web"), slices }, NODE);
  assert.deepEqual(rules.map(textOf), [`TCP ${VIP}:80 → ${PODS},10.1.0.7:9000,10.1.0.8:9000`]);
});

const ZONES: readonly [name: string, zones: Record<string, string>, want: string][] = [
  ["no pod in the node's own", { "node-1": "c", "node-3": "a", "node-2": "b" }, "10.1.0.3:8080"],
  ["pods of unknown ones", { "node-1": "a" }, PODS.join()],
  ["an unknown one of its own", { "node-2": "b" }, PODS.join()],
];
for (const [name, zones, want] of ZONES) {
  Deno.test(`planService: with ${name} there is no near zone`, () => {
    const near = { ...NODE, zones: new Map(Object.entries(zones)) };
    const far = { addresses: [{ ip: "10.1.0.3", nodeName: "node-2" }], ports: [{ port: 8080 }] };
    const own = name.startsWith("no pod") ? endpoints("web", [far]) : endpoints("web");
    const spec = { trafficDistribution: "PreferClose" };
    const rules = planService(service("web", spec), { endpoints: own }, near);
    assert.deepEqual(rules.map(textOf), [`TCP ${VIP}:80 → ${want}`]);
  });
}

Deno.test("joinRules: nobody takes another's cluster IP as an external IP", () => {
  const thief = planService(
    service("a", { externalIPs: [VIP], clusterIP: "10.96.0.9" }),
    NO_BACKING,
    NODE,
  );
  const owner = planService(service("web"), NO_BACKING, NODE);
  const { services } = joinRules([thief, owner], NODE);
  assert.deepEqual(services.map(textOf), ["TCP 10.96.0.9:80 → refused", `TCP ${VIP}:80 → refused`]);
});

Deno.test("joinRules: of two claims of one external IP the first stands", () => {
  const claim = (name: string, clusterIP: string) =>
    planService(service(name, { clusterIP, externalIPs: ["203.0.113.9"] }), NO_BACKING, NODE);
  const { services } = joinRules([claim("a", "10.96.0.1"), claim("b", "10.96.0.2")], NODE);
  assert.deepEqual(services.map(textOf), [
    "TCP 10.96.0.1:80 203.0.113.9:80 → refused",
    "TCP 10.96.0.2:80 → refused",
  ]);
});

function textOf({ protocol, frontends, backends, affinitySeconds }: ServiceRule): string {
  const from = frontends.map(({ address = "*", port, sources }) =>
    `${address}:${port}${sources === undefined ? "" : `<${sources}`}`
  ).join(" ");
  const to = Array.from(backends, ({ ip, port }) => `${ip}:${port}`).join(",") || "refused";
  return `${protocol} ${from} → ${to}${affinitySeconds === 0 ? "" : ` for ${affinitySeconds} s`}`;
}

function ports(port: Record<string, unknown>): Partial<ServiceSpec> {
  return { ports: [{ port: 80, ...port }] };
}

function service(name: string, spec: Partial<ServiceSpec> = {}): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: { clusterIP: VIP, ports: [{ port: 80 }], ...spec },
    status: {
      loadBalancer: { ingress: [{ ip: "198.51.100.9" }, { ip: "9.9.9.9", ipMode: "Proxy" }] },
    },
  };
}

function endpoints(name: string, subsets?: Endpoints["subsets"]): Endpoints {
  const addresses = [{ ip: "10.1.0.3", nodeName: "node-2" }, {
    ip: "10.1.0.2",
    nodeName: "node-1",
  }];
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name, namespace: "default" },
    subsets: subsets ?? [{ addresses, ports: [{ port: 8080 }] }],
  };
}
