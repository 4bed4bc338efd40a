import assert from "node:assert/strict";
import type { Endpoints, Node, Service, ServiceSpec } from "../api/types/core_v1.ts";
import {
  type AnnouncementFacts,
  ownerOf,
  planAnnouncements,
  planHealthChecks,
} from "./announcements.ts";

const IPS = Array.from({ length: 60 }, (_, i) => `192.0.2.${i + 1}`);
const NAMES = ["a", "b", "c"];

Deno.test("planAnnouncements: each address has one node, and all nodes have some", () => {
  const facts = factsOf(NAMES.map((name) => node(name)), IPS.map((ip) => service(ip)));
  const shares = NAMES.map((name) => planAnnouncements(facts, name));
  assert.deepEqual(shares.flat().sort(), [...IPS].sort());
  for (const share of shares) assert(share.length > 5);
});

Deno.test("planAnnouncements: a node that goes moves its own addresses alone", () => {
  const all = factsOf(NAMES.map((name) => node(name)), IPS.map((ip) => service(ip)));
  const left = factsOf([node("a"), node("b"), node("c", "False")], IPS.map((ip) => service(ip)));
  for (const name of ["a", "b"]) {
    const after = new Set(planAnnouncements(left, name));
    for (const ip of planAnnouncements(all, name)) assert(after.has(ip));
  }
  assert.deepEqual(planAnnouncements(left, "c"), []);
});

// deno-fmt-ignore
const CASES: { name: string; spec: Partial<ServiceSpec>; pods: string[]; want: string[] }[] = [
  { name: "goes to a node with pods, where others refuse", spec: { externalTrafficPolicy: "Local" }, pods: ["b"], want: ["b"] },
  { name: "is nobody's without a pod anywhere",            spec: { externalTrafficPolicy: "Local" }, pods: [],    want: [] },
  { name: "is nobody's when the type has changed",         spec: { type: "NodePort" },               pods: ["b"], want: [] },
];
for (const { name, spec, pods, want } of CASES) {
  Deno.test(`planAnnouncements: an address ${name}`, () => {
    const facts = factsOf(NAMES.map((each) => node(each)), [service("192.0.2.1", spec)], pods);
    const owners = NAMES.filter((each) => planAnnouncements(facts, each).length > 0);
    assert.deepEqual(owners, want);
  });
}

Deno.test("ownerOf: without candidates nobody", () =>
  assert.equal(ownerOf("192.0.2.1", []), undefined));

Deno.test("planHealthChecks: tells the pods of the node, for local balancers alone", () => {
  const local = service("192.0.2.1", {
    externalTrafficPolicy: "Local",
    healthCheckNodePort: 30_001,
  });
  const facts = factsOf([], [local, service("192.0.2.2")], ["a", "a", "b"]);
  const check = { port: 30_001, namespace: "default", name: "s1" };
  assert.deepEqual(planHealthChecks(facts, "a"), [{ ...check, localEndpoints: 2 }]);
  assert.deepEqual(planHealthChecks(facts, "c"), [{ ...check, localEndpoints: 0 }]);
});

function factsOf(nodes: Node[], services: Service[], pods: string[] = []): AnnouncementFacts {
  const addresses = pods.map((nodeName, i) => ({ ip: `10.1.0.${i + 2}`, nodeName }));
  const endpoints: Endpoints = {
    ...{ apiVersion: "v1", kind: "Endpoints", metadata: { name: "s" } },
    subsets: [{ addresses, ports: [{ port: 80 }] }],
  };
  return { nodes, services, endpointsOf: () => endpoints };
}

function node(name: string, ready: "True" | "False" = "True"): Node {
  return {
    ...{ apiVersion: "v1", kind: "Node", metadata: { name }, spec: {} },
    status: { conditions: [{ type: "Ready", status: ready }] },
  };
}

function service(ip: string, spec: Partial<ServiceSpec> = {}): Service {
  const name = `s${ip.split(".")[3]}`;
  return {
    ...{ apiVersion: "v1", kind: "Service", metadata: { name, namespace: "default" } },
    spec: { type: "LoadBalancer", ports: [{ port: 80 }], ...spec },
    status: { loadBalancer: { ingress: [{ ip }] } },
  };
}
