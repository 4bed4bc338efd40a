import assert from "node:assert/strict";
import type { Service } from "../types/core_v1.ts";
import { DEFAULT_NETWORK } from "./kinds.ts";
import { prepared, refusals, rowOf, updateRefusals } from "./kinds_fixture.ts";
import { services } from "./services.ts";

const kind = services(DEFAULT_NETWORK);

Deno.test("row 21: a minimal service gets every default that Kubernetes gives", () => {
  const { spec, status } = prepared<Service>(kind, serviceOf({ selector: { app: "web" } }));
  assert.deepEqual(spec, {
    internalTrafficPolicy: "Cluster",
    ipFamilies: ["IPv4"],
    ipFamilyPolicy: "SingleStack",
    ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
    selector: { app: "web" },
    sessionAffinity: "None",
    type: "ClusterIP",
  });
  assert.deepEqual(status, { loadBalancer: {} });
});

Deno.test("services: what is reached from outside says how, and who stays says how long", () => {
  const { spec } = prepared<Service>(
    kind,
    serviceOf({ type: "LoadBalancer", sessionAffinity: "ClientIP" }),
  );
  assert.equal(spec.externalTrafficPolicy, "Cluster");
  assert.equal(spec.allocateLoadBalancerNodePorts, true);
  assert.equal(spec.sessionAffinityConfig?.clientIP?.timeoutSeconds, 10800);
});

const DNS_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start " +
  "with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or " +
  "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

const REFUSALS: readonly { name: string; service: Json; want: readonly string[] }[] = [
  {
    name: "row 17: a name that begins with a digit",
    service: { ...serviceOf({}), metadata: { name: "1web" } },
    want: [`metadata.name: Invalid value: "1web": ${DNS_1035}`],
  },
  {
    name: "a time to sleep after that is no time",
    service: {
      ...serviceOf({}),
      metadata: { name: "web", annotations: { "wherry.dev/scale-to-zero-after": "soon" } },
    },
    want: [
      'metadata.annotations[wherry.dev/scale-to-zero-after]: Invalid value: "soon": must be ' +
      "whole hours, minutes and seconds, at least 1s, such as 1h30m",
    ],
  },
  {
    name: "no ports",
    service: serviceOf({ ports: [] }),
    want: ["spec.ports: Required value"],
  },
  {
    name: "a port of SCTP, which the data path does not translate",
    service: serviceOf({ ports: [{ port: 80, protocol: "SCTP" }] }),
    want: ['spec.ports[0].protocol: Unsupported value: "SCTP": supported values: "TCP", "UDP"'],
  },
  {
    name: "sources that are no range",
    service: serviceOf({ type: "LoadBalancer", loadBalancerSourceRanges: ["10.0.0.1"] }),
    want: [
      'spec.loadBalancerSourceRanges[0]: Invalid value: "10.0.0.1": must be a valid CIDR value, ' +
      "(e.g. 10.9.8.0/24 or 2001:db8::/64)",
    ],
  },
  {
    name: "row 94: several ports without names",
    service: serviceOf({ ports: [{ port: 80 }, { port: 443 }] }),
    want: ["spec.ports[0].name: Required value", "spec.ports[1].name: Required value"],
  },
  {
    name: "row 94: ports that share a name",
    service: serviceOf({ ports: [{ name: "a", port: 80 }, { name: "a", port: 443 }] }),
    want: ['spec.ports[1].name: Duplicate value: "a"'],
  },
  {
    name: "two ports that are one",
    service: serviceOf({ ports: [{ name: "a", port: 80 }, { name: "b", port: 80 }] }),
    want: ['spec.ports[1]: Duplicate value: {"port":80,"protocol":"TCP"}'],
  },
  {
    name: "ports out of range",
    service: serviceOf({ ports: [{ port: 0, targetPort: 70000 }] }),
    want: [
      "spec.ports[0].port: Required value",
      "spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
    ],
  },
  {
    name: "a node port where the type has none",
    service: serviceOf({ ports: [{ port: 80, nodePort: 30080 }] }),
    want: ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  },
  {
    name: "a headless service with node ports",
    service: serviceOf({ type: "NodePort", clusterIP: "None" }),
    want: [
      "spec.clusterIPs[0]: Invalid value: [\"None\"]: may not be set to 'None' for NodePort services",
    ],
  },
  {
    name: "an address that is none",
    service: serviceOf({ clusterIP: "10.0.0.256" }),
    want: [
      'spec.clusterIPs[0]: Invalid value: "10.0.0.256": must be a valid IP address, (e.g. 10.9.8.7 ' +
      "or 2001:db8::ffff)",
    ],
  },
  {
    name: "an external name that is missing, and an address for it",
    service: { metadata: { name: "x" }, spec: { type: "ExternalName", clusterIP: "10.96.0.5" } },
    want: [
      "spec.externalName: Required value",
      "spec.clusterIP: Forbidden: may not be set for ExternalName services",
    ],
  },
  {
    name: "addresses of another family",
    service: serviceOf({ ipFamilies: ["IPv6"], ipFamilyPolicy: "RequireDualStack" }),
    want: [
      'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for ' +
      "dual-stack services",
    ],
  },
  {
    name: "a policy for traffic that can't come",
    service: serviceOf({ externalTrafficPolicy: "Local" }),
    want: [
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for ' +
      "externally-accessible services",
    ],
  },
  {
    name: "a wrong selector",
    service: serviceOf({ selector: { "a b": "c" } }),
    want: [
      'spec.selector: Invalid value: "a b": name part must consist of alphanumeric characters, ' +
      "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or " +
      "'my.name',  or '123-abc', regex used for validation is " +
      "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  },
];
for (const { name, service, want } of REFUSALS) {
  Deno.test(`services: refuses ${name}`, () => assert.deepEqual(refusals(kind, service), want));
}

Deno.test("services: headless ones need no ports, and external names no address", () => {
  assert.deepEqual(refusals(kind, serviceOf({ clusterIP: "None", ports: [] })), []);
  const named = { metadata: { name: "x" }, spec: { type: "ExternalName", externalName: "a.b." } };
  assert.deepEqual(refusals(kind, named), []);
});

Deno.test("row 23: the address of a service may not change", () => {
  const moved = (service: Service) => ({
    ...service,
    spec: { ...service.spec, clusterIP: "10.96.0.9" },
  });
  assert.deepEqual(updateRefusals<Service>(kind, serviceOf({ clusterIP: "10.96.0.5" }), moved), [
    'spec.clusterIPs[0]: Invalid value: ["10.96.0.9"]: may not change once set',
  ]);
});

const ROWS: readonly { name: string; spec: Json; status?: Json; want: Json }[] = [
  {
    name: "a virtual IP",
    spec: { clusterIP: "10.96.0.5", selector: { b: "2", a: "1" } },
    want: {
      "Type": "ClusterIP",
      "Cluster-IP": "10.96.0.5",
      "External-IP": "<none>",
      "Port(s)": "80/TCP",
      "Selector": "a=1,b=2",
    },
  },
  {
    name: "node ports",
    spec: {
      type: "NodePort",
      ports: [
        { name: "a", port: 80, nodePort: 30080 },
        { name: "b", port: 53, nodePort: 30053, protocol: "UDP" },
      ],
    },
    want: { "Type": "NodePort", "Port(s)": "80:30080/TCP,53:30053/UDP" },
  },
  {
    name: "no virtual IP",
    spec: { clusterIP: "None", ports: [] },
    want: { "Cluster-IP": "None", "Port(s)": "<none>", "Selector": "<none>" },
  },
  {
    name: "an external name",
    spec: { type: "ExternalName", externalName: "example.com", ports: [] },
    want: { "Cluster-IP": "<none>", "External-IP": "example.com" },
  },
  {
    name: "a balancer that is not there yet",
    spec: { type: "LoadBalancer" },
    want: { "External-IP": "<pending>" },
  },
  {
    name: "a balancer",
    spec: { type: "LoadBalancer", externalIPs: ["192.0.2.9"] },
    status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }, { hostname: "lb.example.com" }] } },
    want: { "External-IP": "192.0.2.1,lb.example.com,192.0.2.9" },
  },
];
for (const { name, spec, status, want } of ROWS) {
  Deno.test(`service columns: ${name}`, () => {
    const service = prepared<Service>(kind, serviceOf(spec));
    const row = rowOf(kind, { ...service, ...(status && { status }) });
    for (const [column, cell] of Object.entries(want)) assert.equal(row[column], cell);
  });
}

type Json = Readonly<Record<string, unknown>>;

function serviceOf(spec: Json): Json {
  return { metadata: { name: "web" }, spec: { ports: [{ port: 80 }], ...spec } };
}
