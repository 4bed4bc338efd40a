import assert from "node:assert/strict";
import { KINDS } from "../../api/registry/kinds.ts";
import { leases } from "../../api/registry/leases.ts";
import { NodePace } from "../../api/registry/node_pace.ts";
import { type Lease, LEASES } from "../../api/types/coordination_v1.ts";
import { NODE_LEASE_NAMESPACE } from "../../api/types/drain_barrier.ts";
import { RENEW_ANNOTATION } from "../../api/types/node_lease.ts";
import { NODES } from "../../api/types/resources.ts";
import { LocalApi } from "../../cmd/local_api.ts";
import { ADMIN_TOKEN, startApi } from "./harness.ts";

Deno.test("leases: a renewal is told how often to come again, by how many nodes there are", async () => {
  const paces: NodePace[] = [];
  const paced = leases(() => paces[0]?.renewSeconds ?? 3);
  const kinds = KINDS.map((kind) => kind.resource === paced.resource ? paced : kind);
  await using server = await startApi({ kinds });
  paces.push(new NodePace(server.store, 1));
  const api = new LocalApi(server.api, ADMIN_TOKEN, "test");
  const addNodes = async (count: number, prefix: string) => {
    for (let i = 0; i < count; i += 1) {
      const metadata = { name: `${prefix}-${i}` };
      await api.create(NODES, { apiVersion: "v1", kind: "Node", metadata, spec: {} });
    }
  };
  const told = async (namespace = NODE_LEASE_NAMESPACE) => {
    const target = { namespace, name: "n1" };
    const spec = { holderIdentity: "n1" };
    const patch = { metadata: { annotations: { mine: String(Math.random()) } }, spec };
    const { metadata } = await api.patch(LEASES, target, "merge", patch);
    return metadata.annotations?.[RENEW_ANNOTATION];
  };
  for (const namespace of [NODE_LEASE_NAMESPACE, "default"]) {
    const metadata = { name: "n1", namespace };
    const lease: Lease = { apiVersion: LEASES.apiVersion, kind: LEASES.kind, metadata, spec: {} };
    await api.create(LEASES, lease);
  }
  await addNodes(3, "few");
  assert.equal(await told(), undefined);
  await addNodes(7, "more");
  assert.equal(await told(), "10");
  assert.equal(await told("default"), undefined, "other leases are nobody's heartbeat");
  for (let i = 0; i < 5; i += 1) await api.delete(NODES, "", `more-${i}`);
  assert.equal(await told(), "5");
  await addNodes(30, "many");
  assert.equal(await told(), "18");
  for (let i = 0; i < 30; i += 1) await api.delete(NODES, "", `many-${i}`);
  for (let i = 5; i < 7; i += 1) await api.delete(NODES, "", `more-${i}`);
  assert.equal(await told(), undefined);
});
