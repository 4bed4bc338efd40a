import assert from "node:assert/strict";
import type { Endpoint, EndpointSlice } from "../../api/types/discovery_v1.ts";
import { ENDPOINT_SLICES } from "../../api/types/discovery_v1.ts";
import { ENDPOINTS, NODES, PODS, SERVICES } from "../../api/types/resources.ts";
import { podNamed, serviceNamed, startCluster } from "../fake_cluster.ts";
import { planSlices, type Wanted } from "./fill.ts";

const SERVICE = { ...serviceNamed("web"), metadata: { ...serviceNamed("web").metadata, uid: "u" } };
const endpoint = (i: number): Endpoint => ({ addresses: [`10.0.${i >> 8}.${i & 255}`] });
const PORTS = [{ name: "", port: 80, protocol: "TCP" as const }];

function sliceWith(name: string, endpoints: Endpoint[]): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, labels: {} },
    addressType: "IPv4",
    ports: PORTS,
    endpoints,
  };
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => endpoint(from + i));

// deno-fmt-ignore
const CASES: readonly { name: string; have: EndpointSlice[]; want: Endpoint[]; writes: string[] }[] = [
  { name: "a new service gets one empty slice",   have: [],                                     want: [],              writes: ["create 0"] },
  { name: "100 fit into one",                     have: [],                                     want: range(0, 100),   writes: ["create 100"] },
  { name: "101 need two",                         have: [],                                     want: range(0, 101),   writes: ["create 100", "create 1"] },
  { name: "one more goes where there is room",    have: [sliceWith("a", range(0, 100)), sliceWith("b", range(100, 150))], want: range(0, 151), writes: ["update b 51"] },
  { name: "one that goes changes one slice",      have: [sliceWith("a", range(0, 100)), sliceWith("b", range(100, 150))], want: range(1, 150), writes: ["update a 99"] },
  { name: "an emptied slice goes",                have: [sliceWith("a", range(0, 2)), sliceWith("b", range(2, 4))],       want: range(0, 2),   writes: ["delete b"] },
  { name: "the last one stays, empty",            have: [sliceWith("a", range(0, 2))],          want: [],              writes: ["update a 0"] },
  { name: "nothing is written where all is right", have: [sliceWith("a", range(0, 2))],         want: range(0, 2),     writes: [] },
];

for (const { name, have, want, writes } of CASES) {
  Deno.test(`endpoint slices: ${name}`, () => {
    const wanted: Wanted[] = [{ ports: PORTS, endpoints: want }];
    const plan = planSlices({ owner: SERVICE, labels: {}, wanted, have });
    const seen = plan.map((write) => {
      if (write.verb === "deleteCollection") return write.verb;
      const { metadata, endpoints } = write.object as EndpointSlice;
      const size = write.verb === "delete" ? "" : String(endpoints.length);
      return [write.verb, metadata.name, size].filter(Boolean).join(" ");
    });
    assert.deepEqual(seen, writes);
  });
}

Deno.test("endpoint slices: show each pod as it is, and what ends as ending", async () => {
  const cluster = await startCluster();
  await cluster.api.create(SERVICES, serviceNamed("web"));
  const pod = podNamed("a", { labels: { app: "web" } });
  const created = await cluster.api.create(PODS, { ...pod, spec: { ...pod.spec, nodeName: "n1" } });
  await cluster.run(created, "10.0.0.1");
  await cluster.clock.advance(100);
  const shown = async () =>
    (await cluster.api.list(ENDPOINT_SLICES)).items.flatMap(({ endpoints }) =>
      endpoints.map(({ addresses, conditions }) => ({ ip: addresses[0], ...conditions }))
    );
  assert.deepEqual(await shown(), [
    { ip: "10.0.0.1", ready: true, serving: true, terminating: false },
  ]);
  await cluster.api.delete(PODS, "default", "a");
  await cluster.clock.advance(100);
  assert.deepEqual(await shown(), [
    { ip: "10.0.0.1", ready: false, serving: true, terminating: true },
  ]);
  await cluster.api.delete(SERVICES, "default", "web");
  await cluster.clock.advance(100);
  assert.equal((await cluster.api.list(ENDPOINT_SLICES)).items.length, 0);
  cluster.stop();
});

Deno.test("endpoint slices: hint at the pod's zone where near pods are preferred", async () => {
  const cluster = await startCluster();
  const labels = { "topology.kubernetes.io/zone": "a" };
  const node = { apiVersion: "v1", kind: "Node", metadata: { name: "n1", labels }, spec: {} };
  await cluster.api.create(NODES, node);
  const web = serviceNamed("web");
  const near = { ...web, spec: { ...web.spec, trafficDistribution: "PreferClose" } };
  let service = await cluster.api.create(SERVICES, near);
  const pod = podNamed("a", { labels: { app: "web" } });
  const created = await cluster.api.create(PODS, { ...pod, spec: { ...pod.spec, nodeName: "n1" } });
  const hints = async () => {
    await cluster.clock.advance(100);
    const { items } = await cluster.api.list(ENDPOINT_SLICES);
    return items.flatMap(({ endpoints }) => endpoints.map((one) => one.hints));
  };
  await cluster.run(created, "10.0.0.1");
  assert.deepEqual(await hints(), [{ forZones: [{ name: "a" }] }]);
  const { trafficDistribution: _none, ...spec } = service.spec;
  service = await cluster.api.update(SERVICES, { ...service, spec });
  assert.deepEqual(await hints(), [undefined]);
  cluster.stop();
});

Deno.test("endpoint slices: endpoints written by hand are mirrored, and go with them", async () => {
  const cluster = await startCluster();
  const { selector: _none, ...spec } = serviceNamed("db").spec;
  await cluster.api.create(SERVICES, { ...serviceNamed("db"), spec });
  await cluster.api.create(ENDPOINTS, {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "db", namespace: "default" },
    subsets: [{ addresses: [{ ip: "192.0.2.1" }], ports: [{ port: 5432, protocol: "TCP" }] }],
  });
  await cluster.clock.advance(100);
  const [slice, ...others] = (await cluster.api.list(ENDPOINT_SLICES)).items;
  assert.equal(others.length, 0);
  assert.deepEqual(slice?.endpoints, [{ addresses: ["192.0.2.1"], conditions: { ready: true } }]);
  assert.deepEqual(slice?.ports, [{ name: "", port: 5432, protocol: "TCP" }]);
  await cluster.api.delete(ENDPOINTS, "default", "db");
  await cluster.clock.advance(100);
  assert.equal((await cluster.api.list(ENDPOINT_SLICES)).items.length, 0);
  cluster.stop();
});
