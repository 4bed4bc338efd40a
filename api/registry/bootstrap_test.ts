import assert from "node:assert/strict";
import type { Service } from "../types/core_v1.ts";
import { bootstrapObjects } from "./bootstrap.ts";
import { DEFAULT_NETWORK, KINDS } from "./kinds.ts";
import { openCluster, WRITE } from "./kinds_fixture.ts";

const API = { serviceCidr: DEFAULT_NETWORK.serviceCidr, address: "192.0.2.1", port: 6443 };

Deno.test("bootstrap: everything is accepted in its order, and the API has the first address", async () => {
  const { registry, store } = await openCluster();
  const made = [];
  for (const object of bootstrapObjects(API)) {
    const resource = KINDS.find(({ resource }) => resource.kind === object.kind)!.resource.resource;
    made.push(await registry(resource).create(object.metadata.namespace ?? "", object, WRITE));
  }
  assert.deepEqual(made.map(({ object: { kind, metadata } }) => `${kind} ${metadata.name}`), [
    "Namespace default",
    "Namespace kube-system",
    "Namespace kube-public",
    "Namespace kube-node-lease",
    "PriorityClass system-node-critical",
    "PriorityClass system-cluster-critical",
    "Service kubernetes",
    "Endpoints kubernetes",
    "EndpointSlice kubernetes",
  ]);
  const service = made[6]?.object as Service;
  assert.equal(service.spec.clusterIP, "10.96.0.1");
  assert.deepEqual(service.spec.ports, [
    { name: "https", port: 443, protocol: "TCP", targetPort: 6443 },
  ]);
  await store.close();
});
