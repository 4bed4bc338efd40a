import assert from "node:assert/strict";
import type { Node } from "../types/core_v1.ts";
import { addressOf } from "./agent_transport.ts";

function nodeWith(status: Node["status"]): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "n1" },
    spec: {},
    ...(status && { status }),
  };
}

Deno.test("agent: is found at the internal address, on the port that its node tells", () => {
  const addresses = [
    { type: "Hostname", address: "n1" },
    { type: "InternalIP", address: "192.0.2.7" },
  ];
  assert.deepEqual(addressOf(nodeWith({ addresses })), { host: "192.0.2.7", port: 10250 });
  const daemonEndpoints = { kubeletEndpoint: { Port: 12345 } };
  assert.equal(addressOf(nodeWith({ addresses, daemonEndpoints })).port, 12345);
});

Deno.test("agent: a node without an address can't be reached", () => {
  assert.throws(() => addressOf(nodeWith(undefined)), { reason: "ServiceUnavailable" });
});
