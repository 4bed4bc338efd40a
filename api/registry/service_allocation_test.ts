import assert from "node:assert/strict";
import type { Service, ServiceSpec } from "../types/core_v1.ts";
import { describe } from "../types/field_errors.ts";
import { StatusError } from "../types/status.ts";
import { MemoryMedium } from "../../store/memory_ledger.ts";
import { randomFrom } from "../../store/store_contract.ts";
import { type Cluster, openCluster, WRITE } from "./kinds_fixture.ts";
import { allocatorOf } from "./service_allocation.ts";

const SMALL = { serviceCidr: "10.0.0.0/28", nodePortRange: [30000, 30003] } as const;
/** Of 16 addresses the network's own, the broadcast one and the first are never picked. */
const IPS_IN_SMALL = 13;

Deno.test("row 81: every address of a /28 is given once, then none, until one is freed", async () => {
  const medium = new MemoryMedium();
  const cluster = await openCluster({ network: SMALL, medium, random: randomFrom(1) });
  const ips = await Promise.all(
    Array.from({ length: IPS_IN_SMALL }, (_, i) => create(cluster, `s${i}`).then(ipOf)),
  );
  const want = Array.from({ length: IPS_IN_SMALL }, (_, i) => `10.0.0.${i + 2}`);
  assert.deepEqual(ips.toSorted(byLastByte), want);

  const full = [
    "spec.clusterIPs: Invalid value: []: failed to allocate a serviceIP: range is full",
  ];
  assert.deepEqual(await refusalOf(create(cluster, "more")), full);

  await cluster.store.close();
  const restarted = await openCluster({ network: SMALL, medium });
  assert.deepEqual(await refusalOf(create(restarted, "more")), full);

  await remove(restarted, "s4");
  assert.equal(ipOf(await create(restarted, "more")), ips[4]);
  await restarted.store.close();
});

Deno.test("row 81: a range of fewer than 8 addresses is refused at start", () => {
  assert.throws(() => allocatorOf({ ...SMALL, serviceCidr: "10.0.0.0/30" }), RangeError);
  assert.doesNotThrow(() => allocatorOf({ ...SMALL, serviceCidr: "10.0.0.0/29" }));
});

const OUT_OF_RANGE = "is not in the valid range. The range of valid IPs is 10.0.0.0/28";
const OWN_IPS: readonly [name: string, ip: string, why: string | undefined][] = [
  ["free", "10.0.0.7", undefined],
  ["taken", "10.0.0.6", "provided IP is already allocated"],
  ["kept for the API", "10.0.0.1", "provided IP is already allocated"],
  ["outside", "10.0.1.7", `the provided IP (10.0.1.7) ${OUT_OF_RANGE}`],
  ["the network's own", "10.0.0.0", `the provided IP (10.0.0.0) ${OUT_OF_RANGE}`],
  ["the broadcast address", "10.0.0.15", `the provided IP (10.0.0.15) ${OUT_OF_RANGE}`],
];
for (const [name, clusterIP, why] of OWN_IPS) {
  Deno.test(`row 82: an own address that is ${name}`, async () => {
    const cluster = await openCluster({ network: SMALL });
    await create(cluster, "first", { clusterIP: "10.0.0.6" });
    const created = create(cluster, "second", { clusterIP });
    if (why === undefined) assert.equal(ipOf(await created), clusterIP);
    else {
      const text = `failed to allocate IP ${clusterIP}: ${why}`;
      assert.deepEqual(await refusalOf(created), [
        `spec.clusterIPs: Invalid value: ["${clusterIP}"]: ${text}`,
      ]);
    }
    await cluster.store.close();
  });
}

Deno.test("row 82: a refused create keeps no address", async () => {
  const cluster = await openCluster({ network: SMALL });
  await create(cluster, "first", { type: "NodePort", ports: [{ port: 80, nodePort: 30001 }] });
  const asked = { clusterIP: "10.0.0.9", type: "NodePort", ports: [{ port: 80, nodePort: 30001 }] };
  assert.deepEqual(await refusalOf(create(cluster, "second", asked as ServiceSpec)), [
    "spec.ports[0].nodePort: Invalid value: 30001: provided port is already allocated",
  ]);
  assert.equal(ipOf(await create(cluster, "third", { clusterIP: "10.0.0.9" })), "10.0.0.9");
  await cluster.store.close();
});

Deno.test("row 82: headless services and external names have no address", async () => {
  const cluster = await openCluster({ network: SMALL });
  const headless = await create(cluster, "headless", { clusterIP: "None" });
  assert.deepEqual(headless.spec.clusterIPs, ["None"]);
  const named = await create(cluster, "named", {
    type: "ExternalName",
    externalName: "example.com",
  });
  assert.equal(named.spec.clusterIP, undefined);
  assert.equal(cluster.store.list("wherry.dev/serviceips/").length, 0);
  await cluster.store.close();
});

Deno.test("row 83: a thousand services on port 80, each with its own address", async () => {
  const cluster = await openCluster({ random: randomFrom(2) });
  const all = await Promise.all(Array.from({ length: 1000 }, (_, i) => create(cluster, `s${i}`)));
  assert.equal(new Set(all.map(ipOf)).size, 1000);
  await cluster.store.close();
});

Deno.test("node ports: chosen where none is named, refused outside of the range or when taken", async () => {
  const cluster = await openCluster({ network: SMALL });
  const type = "NodePort";
  const first = await create(cluster, "first", { type });
  assert.deepEqual(first.spec.ports?.map(({ nodePort }) => nodePort), [30000]);

  const outside = create(cluster, "outside", { type, ports: [{ port: 80, nodePort: 80 }] });
  assert.deepEqual(await refusalOf(outside), [
    "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The " +
    "range of valid ports is 30000-30003",
  ]);

  const both = await create(cluster, "both", {
    type,
    ports: [
      { name: "tcp", port: 53, protocol: "TCP" },
      { name: "udp", port: 53, protocol: "UDP" },
      { name: "http", port: 80 },
    ],
  });
  const [tcp, udp, http] = both.spec.ports?.map(({ nodePort }) => nodePort) ?? [];
  assert.equal(tcp, udp);
  assert.notEqual(tcp, http);

  await create(cluster, "last", { type });
  assert.deepEqual(await refusalOf(create(cluster, "more", { type })), [
    "spec.ports[0].nodePort: Invalid value: 0: failed to allocate a nodePort: range is full",
  ]);
  await remove(cluster, "both");
  await create(cluster, "more", { type });
  await cluster.store.close();
});

Deno.test("services: a change of type takes and frees what the type needs", async () => {
  const cluster = await openCluster({ network: SMALL });
  const made = await create(cluster, "web");
  const held = () => cluster.store.list("wherry.dev/").map(({ key }) => key);
  const ip = `wherry.dev/serviceips//${made.spec.clusterIP}`;
  assert.deepEqual(held(), [ip]);

  const open = await change(cluster, "web", { type: "NodePort" });
  assert.equal(open.spec.clusterIP, made.spec.clusterIP);
  assert.equal(open.spec.externalTrafficPolicy, "Cluster");
  assert.deepEqual(held(), ["wherry.dev/nodeports//30000", ip]);

  const closed = await change(cluster, "web", { type: "ClusterIP" });
  assert.equal(closed.spec.ports?.[0]?.nodePort, undefined);
  assert.equal(closed.spec.externalTrafficPolicy, undefined);
  assert.deepEqual(held(), [ip]);

  const named = await change(cluster, "web", { type: "ExternalName", externalName: "example.com" });
  assert.equal(named.spec.clusterIP, undefined);
  assert.equal(named.spec.ipFamilies, undefined);
  assert.deepEqual(held(), []);

  const back = await change(cluster, "web", { type: "ClusterIP" });
  assert.equal(back.spec.externalName, undefined);
  assert.deepEqual(held(), [`wherry.dev/serviceips//${back.spec.clusterIP}`]);
  await cluster.store.close();
});

Deno.test("services: a replacement that leaves out what was allocated keeps it, and writes nothing", async () => {
  const cluster = await openCluster({ network: SMALL });
  const made = await create(cluster, "web", { type: "NodePort" });
  const json = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web" },
    spec: { type: "NodePort", ports: [{ port: 80 }] },
  };
  const place = { namespace: "default", name: "web" };
  const { object } = await cluster.registry("services").update(place, json, WRITE);
  assert.deepEqual(object, made);
  await cluster.store.close();
});

const POOLED = { ...SMALL, loadBalancerPool: "192.0.2.1-192.0.2.2,198.51.100.0/31" } as const;
const BALANCED = { type: "LoadBalancer" } as const;

Deno.test("services: a load balancer gets an address of the pool while it is one", async () => {
  const cluster = await openCluster({ network: POOLED, random: randomFrom(1) });
  const taken = () => cluster.store.list("wherry.dev/balancerips").map(({ key }) => key);
  const made = await create(cluster, "a", { ...BALANCED, loadBalancerIP: "198.51.100.1" });
  assert.deepEqual(made.status?.loadBalancer?.ingress, [{ ip: "198.51.100.1", ipMode: "VIP" }]);
  const kept = await change(cluster, "a", { sessionAffinity: "ClientIP" } as ServiceSpec);
  assert.deepEqual(kept.status, made.status);
  const plain = await change(cluster, "a", { type: "ClusterIP" } as ServiceSpec);
  assert.deepEqual(plain.status?.loadBalancer, {});
  assert.deepEqual(taken(), []);

  await change(cluster, "a", { ...BALANCED } as ServiceSpec);
  assert.equal(taken().length, 1);
  await remove(cluster, "a");
  assert.deepEqual(taken(), []);
  await cluster.store.close();
});

Deno.test("services: the pool's addresses are given once each, others' classes none", async () => {
  const network = { ...POOLED, nodePortRange: [30000, 30020] } as const;
  const cluster = await openCluster({ network, random: randomFrom(1) });
  const others = await create(cluster, "o", {
    ...BALANCED,
    loadBalancerClass: "example.com/other",
  });
  assert.deepEqual(others.status, { loadBalancer: {} });
  const made = await Promise.all(
    ["a", "b", "c", "d"].map((name) => create(cluster, name, BALANCED)),
  );
  const ips = made.flatMap(({ status }) => status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip);
  assert.deepEqual(ips.sort(), ["192.0.2.1", "192.0.2.2", "198.51.100.0", "198.51.100.1"]);
  const path = "spec.loadBalancerIP: Invalid value: ";
  assert.deepEqual(await refusalOf(create(cluster, "e", BALANCED)), [
    `${path}"": failed to allocate an address: the load balancer pool is full`,
  ]);
  const asked = (loadBalancerIP: string) => create(cluster, "e", { ...BALANCED, loadBalancerIP });
  assert.deepEqual(await refusalOf(asked("192.0.2.1")), [
    `${path}"192.0.2.1": it is already allocated`,
  ]);
  assert.deepEqual(await refusalOf(asked("192.0.2.9")), [
    `${path}"192.0.2.9": it is not in the load balancer pool`,
  ]);
  await cluster.store.close();
});

Deno.test("services: a pool that can't be read is refused at start", () => {
  for (const loadBalancerPool of ["192.0.2.9-192.0.2.1", "a", "192.0.2.0/40", "1.1.1.1-2-3"]) {
    assert.throws(() => allocatorOf({ ...SMALL, loadBalancerPool }), RangeError);
  }
});

Deno.test("services: a local load balancer has a health port, which stays and goes with it", async () => {
  const network = { ...SMALL, nodePortRange: [30000, 30001] } as const;
  const cluster = await openCluster({ network });
  const local = { ...BALANCED, externalTrafficPolicy: "Local" } as const;
  const made = await create(cluster, "a", { ...local, healthCheckNodePort: 30001 });
  assert.equal(made.spec.healthCheckNodePort, 30001);
  assert.equal(made.spec.ports?.[0]?.nodePort, 30000);
  const same = await change(cluster, "a", { sessionAffinity: "ClientIP" } as ServiceSpec);
  assert.equal(same.spec.healthCheckNodePort, 30001);
  const whole = await change(cluster, "a", { externalTrafficPolicy: "Cluster" } as ServiceSpec);
  assert.equal(whole.spec.healthCheckNodePort, undefined);
  const again = await change(cluster, "a", { externalTrafficPolicy: "Local" } as ServiceSpec);
  assert.equal(again.spec.healthCheckNodePort, 30001);
  assert.deepEqual(
    await refusalOf(create(cluster, "b", { ...local, healthCheckNodePort: 30001 })),
    [
      "spec.healthCheckNodePort: Invalid value: 30001: provided port is already allocated",
    ],
  );
  await remove(cluster, "a");
  await create(cluster, "b", local);
  await cluster.store.close();
});

async function create(
  cluster: Cluster,
  name: string,
  spec: Partial<ServiceSpec> = {},
): Promise<Service> {
  const json = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { ports: spec.type === "ExternalName" ? [] : [{ port: 80 }], ...spec },
  };
  const { object } = await cluster.registry("services").create("default", json, WRITE);
  return object as Service;
}

async function change(cluster: Cluster, name: string, spec: ServiceSpec): Promise<Service> {
  const place = { namespace: "default", name };
  const patch = { type: "merge", body: { spec } } as const;
  const { object } = await cluster.registry("services").patch(place, patch, WRITE);
  return object as Service;
}

async function remove(cluster: Cluster, name: string): Promise<void> {
  await cluster.registry("services").delete({ namespace: "default", name }, {}, WRITE);
}

async function refusalOf(attempt: Promise<unknown>): Promise<string[]> {
  const error: unknown = await attempt.then(() => undefined, (error) => error);
  assert.ok(error instanceof StatusError, "nothing was refused");
  assert.equal(error.code, 422);
  return error.causes.map(describe);
}

const ipOf = ({ spec }: Service) => spec.clusterIP ?? "";
const byLastByte = (a: string, b: string) => Number(a.split(".")[3]) - Number(b.split(".")[3]);
