import assert from "node:assert/strict";
import type { Endpoints, Service } from "../api/types/core_v1.ts";
import { ENDPOINTS, SERVICES } from "../api/types/resources.ts";
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
  assert.deepEqual(keptOnNode()(whole, ENDPOINTS), {
    ...{ apiVersion: "v1", kind: "Endpoints" },
    metadata: METADATA,
    subsets: [{ addresses: [ENDPOINT], ports: PORTS }],
  });
});

Deno.test("an agent keeps other objects as they are", () => {
  const service: Service = {
    ...{ apiVersion: "v1", kind: "Service" },
    metadata: { ...METADATA, annotations: { a: "b" } },
    spec: { ports: [{ port: 80 }] },
  };
  assert.equal(keptOnNode()(service, SERVICES), service);
});
