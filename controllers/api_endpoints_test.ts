import assert from "node:assert/strict";
import type { Lease } from "../api/types/coordination_v1.ts";
import type { Endpoints } from "../api/types/core_v1.ts";
import { ADDRESS_ANNOTATION, liveAddresses, type SeenLease, withServers } from "./api_endpoints.ts";

const NOW = 100_000;

const CASES: { name: string; seen: SeenLease[]; want: string[] }[] = [
  { name: "one that renews", seen: [leaseOf("10.0.0.1", NOW - 1_000)], want: ["10.0.0.1"] },
  { name: "one that is silent", seen: [leaseOf("10.0.0.1", NOW - 30_000)], want: [] },
  {
    name: "two, in order",
    seen: [leaseOf("10.0.0.2", NOW), leaseOf("10.0.0.1", NOW)],
    want: ["10.0.0.1", "10.0.0.2"],
  },
  {
    name: "a restart of one: two leases, one address",
    seen: [leaseOf("10.0.0.1", NOW), leaseOf("10.0.0.1", NOW - 9_000)],
    want: ["10.0.0.1"],
  },
];

for (const { name, seen, want } of CASES) {
  Deno.test(`api endpoints: ${name}`, () => assert.deepEqual(liveAddresses(seen, NOW), want));
}

Deno.test("api endpoints: written when they differ, and at no other time", () => {
  const before: Endpoints = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "kubernetes", namespace: "default" },
    subsets: [{
      addresses: [{ ip: "10.0.0.1" }],
      ports: [{ name: "https", port: 6443, protocol: "TCP" }],
    }],
  };
  assert.equal(withServers(before, ["10.0.0.1"], 6443), undefined);
  const after = withServers(before, ["10.0.0.1", "10.0.0.2"], 6443);
  assert.deepEqual(after?.subsets?.[0]?.addresses, [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }]);
});

function leaseOf(address: string, changedAt: number): SeenLease {
  const lease: Lease = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: `apiserver-${address}`, annotations: { [ADDRESS_ANNOTATION]: address } },
    spec: { leaseDurationSeconds: 30 },
  };
  return { lease, changedAt };
}
