import assert from "node:assert/strict";
import type { Node } from "../types/core_v1.ts";
import { MemoryMedium } from "../../store/memory_ledger.ts";
import { type Cluster, openCluster, prepared, refusals, rowOf, WRITE } from "./kinds_fixture.ts";
import { DEFAULT_NETWORK } from "./kinds.ts";
import { nodes } from "./nodes.ts";

const kind = nodes(DEFAULT_NETWORK);
const SMALL = { clusterCidr: "10.244.0.0/22", nodePrefixBits: 24 };

Deno.test("nodes: each gets the first pod range that is free, and keeps it over a restart", async () => {
  const medium = new MemoryMedium();
  const cluster = await openCluster({ network: SMALL, medium });
  for (const i of [0, 1, 2, 3]) {
    const { spec } = await create(cluster, `n${i}`);
    assert.equal(spec.podCIDR, `10.244.${i}.0/24`);
    assert.deepEqual(spec.podCIDRs, [spec.podCIDR]);
  }
  const full = /spec.podCIDR: Invalid value: "": no range of \/24 is free in 10.244.0.0\/22/;
  await assert.rejects(create(cluster, "more"), full);
  await cluster.store.close();

  const restarted = await openCluster({ network: SMALL, medium });
  await assert.rejects(create(restarted, "more"), full);
  await restarted.registry("nodes").delete({ namespace: "", name: "n2" }, {}, WRITE);
  assert.equal((await create(restarted, "more")).spec.podCIDR, "10.244.2.0/24");
  await restarted.store.close();
});

Deno.test("nodes: an own pod range is taken when no other node has it", async () => {
  const cluster = await openCluster({ network: SMALL });
  await create(cluster, "n0", { podCIDR: "10.244.1.0/24" });
  assert.equal((await create(cluster, "n1")).spec.podCIDR, "10.244.0.0/24");
  assert.equal((await create(cluster, "n2")).spec.podCIDR, "10.244.2.0/24");
  await assert.rejects(
    create(cluster, "n3", { podCIDR: "10.244.1.0/24" }),
    /another node has this range/,
  );
  await assert.rejects(
    create(cluster, "n3", { podCIDR: "10.244.2.0/23" }),
    /must be a range of \/24 of 10.244.0.0\/22/,
  );
  await cluster.store.close();
});

Deno.test("nodes: among hundreds each gets a range of its own, to the last", async () => {
  const network = { clusterCidr: "10.0.0.0/21", nodePrefixBits: 30 };
  const cluster = await openCluster({ network });
  for (let i = 0; i < 300; i += 1) await create(cluster, `n${i}`);
  for (const name of ["n7", "n100"]) {
    await cluster.registry("nodes").delete({ namespace: "", name }, {}, WRITE);
  }
  for (let i = 300; i < 514; i += 1) await create(cluster, `n${i}`);
  const ranges = cluster.store.list("nodes/").map(({ object }) => (object as Node).spec.podCIDR);
  assert.deepEqual([ranges.length, new Set(ranges).size], [512, 512]);
  await assert.rejects(create(cluster, "more"), /no range of \/30 is free/);
  await cluster.store.close();
});

Deno.test("nodes: the pod range does not change, and labels do", async () => {
  const cluster = await openCluster({ network: SMALL });
  await create(cluster, "n0");
  const place = { namespace: "", name: "n0" };
  const patch = (body: unknown) =>
    cluster.registry("nodes").patch(place, { type: "merge", body }, WRITE);
  await patch({ metadata: { labels: { a: "b" } }, spec: { unschedulable: true } });
  await assert.rejects(
    patch({ spec: { podCIDR: "10.244.3.0/24", podCIDRs: ["10.244.3.0/24"] } }),
    /spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid/,
  );
  await cluster.store.close();
});

Deno.test("nodes: a range that can't be cut is refused at start", () => {
  assert.throws(() => nodes({ clusterCidr: "10.244.0.0/16", nodePrefixBits: 8 }), RangeError);
  assert.throws(() => nodes({ clusterCidr: "10.244.0/16", nodePrefixBits: 24 }), RangeError);
});

Deno.test("nodes: refuses two taints of one key and effect, and ranges that are none", () => {
  const taint = { key: "a", effect: "NoSchedule" };
  const spec = { taints: [taint, { ...taint, value: "x" }], podCIDR: "10.0.0.0" };
  assert.deepEqual(refusals(kind, { metadata: { name: "n" }, spec }), [
    'spec.taints[1]: Duplicate value: "a:NoSchedule"',
    'spec.podCIDRs[0]: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or ' +
    "2001:db8::/64)",
  ]);
});

Deno.test("node columns: the whole row in kubectl's order", () => {
  const node: Node = {
    ...prepared<Node>(kind, {
      metadata: {
        name: "n",
        labels: { "node-role.kubernetes.io/worker": "", "kubernetes.io/role": "edge" },
      },
      spec: { unschedulable: true },
    }),
    status: {
      conditions: [{ type: "Ready", status: "True" }],
      addresses: [{ type: "InternalIP", address: "192.0.2.1" }],
      nodeInfo: {
        architecture: "amd64",
        bootID: "",
        containerRuntimeVersion: "docker://20.10",
        kernelVersion: "6.1.0",
        kubeProxyVersion: "v1.0.0",
        kubeletVersion: "v1.0.0",
        machineID: "",
        operatingSystem: "linux",
        osImage: "Debian GNU/Linux 12 (bookworm)",
        systemUUID: "",
      },
    },
  };
  assert.deepEqual(Object.entries(rowOf(kind, node)), [
    ["Name", "n"],
    ["Status", "Ready,SchedulingDisabled"],
    ["Roles", "edge,worker"],
    ["Age", "0s"],
    ["Version", "v1.0.0"],
    ["Internal-IP", "192.0.2.1"],
    ["External-IP", "<none>"],
    ["OS-Image", "Debian GNU/Linux 12 (bookworm)"],
    ["Kernel-Version", "6.1.0"],
    ["Container-Runtime", "docker://20.10"],
  ]);
});

const CONDITIONS: readonly [status: "True" | "False" | "Unknown" | undefined, want: string][] = [
  ["True", "Ready"],
  ["False", "NotReady"],
  ["Unknown", "NotReady"],
  [undefined, "Unknown"],
];
for (const [status, want] of CONDITIONS) {
  Deno.test(`node columns: the condition Ready=${status} is ${want}`, () => {
    const conditions = status === undefined ? [] : [{ type: "Ready", status }];
    const node: Node = {
      ...prepared<Node>(kind, { metadata: { name: "n" } }),
      status: { conditions },
    };
    assert.equal(rowOf(kind, node)["Status"], want);
  });
}

async function create(cluster: Cluster, name: string, spec: object = {}): Promise<Node> {
  const json = { apiVersion: "v1", kind: "Node", metadata: { name }, spec };
  const { object } = await cluster.registry("nodes").create("", json, WRITE);
  return object as Node;
}
