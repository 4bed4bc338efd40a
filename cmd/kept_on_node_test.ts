import assert from "node:assert/strict";
import type { Endpoints, Node, Service } from "../api/types/core_v1.ts";
import { ENDPOINTS, NODES, SERVICES } from "../api/types/resources.ts";
import { keptOnNode } from "./kept_on_node.ts";

const METADATA = { name: "web", namespace: "default", uid: "u", resourceVersion: "7" };
const ENDPOINT = { ip: "10.1.0.2", nodeName: "n1", hostname: "web-0" };
const PORTS = [{ name: "http", port: 80, protocol: "TCP" as const }];

Deno.test("an agent keeps of endpoints what services and names are made of", () => {
  const ready = { ...ENDPOINT, targetRef: { kind: "Pod", name: "web-0", uid: "p" } };
  const whole: Endpoints = {
    ...{ apiVersion: "v1", kind: "Endpoints" },
    metadata: { ...METADATA, annotations: { a: "b" }, creationTimestamp: "2026-01-01T00:00:00Z" },
    subsets: [{ addresses: [ready], notReadyAddresses: [{ ip: "10.1.0.3" }], ports: PORTS }],
  };
  const kept = keptOnNode()(whole, ENDPOINTS);
  assert.deepEqual([kept.apiVersion, kept.kind, kept.metadata], ["v1", "Endpoints", METADATA]);
  assert.deepEqual(kept.subsets, [{ addresses: [ENDPOINT], ports: PORTS }]);
});

Deno.test("an agent gets the addresses of endpoints back as they were, whatever they name", () => {
  const addresses = [
    { ip: "10.1.0.2" },
    { ip: "10.1.0.3", nodeName: "n1" },
    { ip: "10.1.0.4", nodeName: "n2" },
    { ip: "10.1.0.5", nodeName: "n1", hostname: "web-0" },
    { ip: "10.1.0.6", hostname: "web-1" },
  ];
  const transform = keptOnNode();
  const of = (subsets?: Endpoints["subsets"]) =>
    transform({
      ...{ apiVersion: "v1", kind: "Endpoints", metadata: METADATA },
      ...subsets && { subsets },
    }, ENDPOINTS).subsets;
  const subsets = [{ addresses, ports: PORTS }, { addresses: [], ports: [] }];
  assert.deepEqual(of(subsets), subsets);
  assert.deepEqual(of(), []);
  assert.deepEqual(of([{ notReadyAddresses: addresses }]), [{ addresses: [], ports: [] }]);
});

Deno.test("an agent keeps of services what is not said by all of them", () => {
  const spec: Service["spec"] = {
    ...{ type: "ClusterIP", clusterIP: "10.96.0.9", selector: { app: "web" } },
    ports: [{ name: "http", port: 80, protocol: "TCP", nodePort: 30_080 }],
  };
  const noise: Partial<Service["spec"]> = {
    ...{ clusterIPs: ["10.96.0.9"], ipFamilies: ["IPv4"], ipFamilyPolicy: "SingleStack" },
    ...{ sessionAffinity: "None", internalTrafficPolicy: "Cluster" },
  };
  const whole = (more: Partial<Service["spec"]>, annotations: Record<string, string>): Service => ({
    ...{ apiVersion: "v1", kind: "Service" },
    metadata: { ...METADATA, annotations, creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { ...spec, ...more, ports: spec.ports!.map((port) => ({ ...port, targetPort: "web" })) },
    status: { loadBalancer: {} },
  });
  const lastApplied = { "kubectl.kubernetes.io/last-applied-configuration": "{}" };
  assert.deepEqual(keptOnNode()(whole(noise, { ...lastApplied, a: "b" }), SERVICES), {
    ...{ apiVersion: "v1", kind: "Service", spec },
    metadata: { ...METADATA, annotations: { a: "b" } },
  });
  const said: Partial<Service["spec"]> = {
    ...{ clusterIPs: ["10.96.0.9", "fd00::9"], sessionAffinity: "ClientIP" },
    ...{ internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" },
    ...{ externalName: "a.example", trafficDistribution: "PreferClose" },
  };
  assert.deepEqual(keptOnNode()(whole(said, {}), SERVICES).spec, { ...spec, ...said });
  const status = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } };
  assert.deepEqual(keptOnNode()({ ...whole({}, {}), status }, SERVICES).status, status);
});

Deno.test("an agent keeps other objects as they are", () => {
  const node: Node = { apiVersion: "v1", kind: "Node", metadata: METADATA, spec: {} };
  assert.equal(keptOnNode()(node, NODES), node);
});
