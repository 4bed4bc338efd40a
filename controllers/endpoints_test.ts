import assert from "node:assert/strict";
import type { Endpoints, Pod, Service } from "../api/types/core_v1.ts";
import { ENDPOINTS, PODS, SERVICES } from "../api/types/resources.ts";
import { subsetsOf } from "./endpoint_subsets.ts";
import { endpointsController } from "./endpoints.ts";
import { podNamed, serviceNamed, startCluster, worldOf } from "./fake_cluster.ts";

interface Words {
  ip?: string;
  ready?: boolean;
  phase?: "Running" | "Succeeded" | "Failed";
  ending?: boolean;
  port?: number;
  spec?: Partial<Pod["spec"]>;
}

const HTTP: Partial<Service["spec"]> = {
  ports: [{ port: 80, targetPort: "http", protocol: "TCP" }],
};

// deno-fmt-ignore
const CASES: { name: string; service?: Partial<Service["spec"]>; pods: Words[]; want: string[] }[] = [
  { name: "ready pods, sorted by address",        pods: [{ ip: "10.1.0.2" }, { ip: "10.1.0.1" }],               want: ["10.1.0.1,10.1.0.2 - :80"] },
  { name: "pods that are not ready stand apart",  pods: [{ ip: "10.1.0.1" }, { ip: "10.1.0.2", ready: false }], want: ["10.1.0.1 - 10.1.0.2 :80"] },
  { name: "pods without an address are left out", pods: [{}],                                                   want: [] },
  { name: "pods that are over are left out",      pods: [{ ip: "10.1.0.1", phase: "Succeeded" }, { ip: "10.1.0.2", phase: "Failed" }], want: [] },
  { name: "pods that end leave at once",          pods: [{ ip: "10.1.0.1", ending: true }],                     want: [] },
  { name: "publishNotReadyAddresses takes all",   pods: [{ ip: "10.1.0.1", ready: false }, { ip: "10.1.0.2", ending: true }], service: { publishNotReadyAddresses: true }, want: ["10.1.0.1,10.1.0.2 - :80"] },
  { name: "a target port by number",              pods: [{ ip: "10.1.0.1" }], service: { ports: [{ port: 80, targetPort: 8080 }] }, want: ["10.1.0.1 - :8080"] },
  { name: "a target port by name",                pods: [{ ip: "10.1.0.1", port: 8080 }], service: HTTP,        want: ["10.1.0.1 - :8080"] },
  { name: "pods that differ in the named port",   pods: [{ ip: "10.1.0.1", port: 8080 }, { ip: "10.1.0.2", port: 9090 }, { ip: "10.1.0.3", port: 8080 }], service: HTTP, want: ["10.1.0.1,10.1.0.3 - :8080", "10.1.0.2 - :9090"] },
  { name: "a pod without the named port",         pods: [{ ip: "10.1.0.1" }], service: HTTP,                    want: [] },
  { name: "two ports share the addresses",        pods: [{ ip: "10.1.0.1" }], service: { ports: [{ name: "b", port: 81 }, { name: "a", port: 80 }] }, want: ["10.1.0.1 - a:80,b:81"] },
  { name: "headless without ports",               pods: [{ ip: "10.1.0.1" }], service: { clusterIP: "None", ports: [] }, want: ["10.1.0.1 - "] },
];

for (const { name, service, pods, want } of CASES) {
  Deno.test(`row 84: endpoints: ${name}`, () => {
    const subsets = subsetsOf(serviceNamed("web", service), pods.map(podOf));
    const seen = subsets.map(({ addresses = [], notReadyAddresses = [], ports = [] }) => {
      const ips = (list: typeof addresses) => list.map(({ ip }) => ip).join(",");
      const away = ips(notReadyAddresses) && `${ips(notReadyAddresses)} `;
      return `${ips(addresses)} - ${away}${
        ports.map((p) => `${p.name ?? ""}:${p.port}`).join(",")
      }`;
    });
    assert.deepEqual(seen, want);
  });
}

Deno.test("endpoints: an address says which pod it is, where it runs and its hostname", () => {
  const spec = { nodeName: "node-1", hostname: "db-0", subdomain: "web" };
  const [subset] = subsetsOf(serviceNamed("web"), [podOf({ ip: "10.1.0.1", spec }, 0)]);
  assert.deepEqual(subset?.addresses, [{
    ip: "10.1.0.1",
    hostname: "db-0",
    nodeName: "node-1",
    targetRef: { kind: "Pod", namespace: "default", name: "pod-0", uid: "uid-pod-0" },
  }]);
});

Deno.test("endpoints: the order of pods does not matter", () => {
  const pods = Array.from(
    { length: 20 },
    (_, i) => podOf({ ip: `10.1.0.${i}`, port: 8080 + i % 3 }, i),
  );
  const service = serviceNamed("web", HTTP);
  assert.deepEqual(subsetsOf(service, pods), subsetsOf(service, pods.toReversed()));
});

Deno.test("row 85: services without a selector, and external names, are left to their owners", () => {
  const { selector: _, ...rest } = serviceNamed("web").spec;
  const byHand = { ...serviceNamed("web"), spec: rest };
  const world = worldOf([podOf({ ip: "10.1.0.1" }, 0)]);
  assert.deepEqual(endpointsController.plan(byHand, world).writes, []);
  assert.deepEqual(
    endpointsController.plan(serviceNamed("web", { selector: {} }), world).writes,
    [],
  );
  const external = serviceNamed("web", { type: "ExternalName", externalName: "a.b" });
  assert.deepEqual(endpointsController.plan(external, world).writes, []);
});

Deno.test("row 84: endpoints follow pods, and write nothing while nothing changes", async () => {
  const cluster = await startCluster();
  const service = serviceNamed("web");
  service.metadata.labels = { team: "a" };
  await cluster.api.create(SERVICES, service);
  const pod = await cluster.api.create(PODS, podNamed("a", { labels: { app: "web" } }));
  await cluster.clock.advance(10);
  assert.deepEqual((await endpoints()).subsets, undefined);
  assert.equal((await endpoints()).metadata.labels?.team, "a");
  await cluster.run(pod, "10.1.0.1");
  await cluster.clock.advance(10);
  assert.deepEqual((await endpoints()).subsets?.map(({ addresses }) => addresses?.length), [1]);
  const before = cluster.api.calls.length;
  await cluster.clock.advance(280_000);
  assert.equal(cluster.api.calls.length, before);
  await cluster.api.patch(PODS, { namespace: "default", name: "a" }, "merge", {
    spec: { nodeName: "n" },
  });
  await cluster.api.delete(PODS, "default", "a");
  await cluster.clock.advance(10);
  assert.deepEqual(
    (await endpoints()).subsets,
    undefined,
    "a pod that ends is out before it is gone",
  );
  cluster.stop();

  function endpoints(): Promise<Endpoints> {
    return cluster.api.get(ENDPOINTS, "default", "web");
  }
});

Deno.test("row 86: endpoints go with their service, and come back when somebody deletes or changes them", async () => {
  const cluster = await startCluster();
  await cluster.api.create(SERVICES, serviceNamed("web"));
  const pod = await cluster.api.create(PODS, podNamed("a", { labels: { app: "web" } }));
  await cluster.run(pod, "10.1.0.1");
  await cluster.clock.advance(10);
  await cluster.api.delete(ENDPOINTS, "default", "web");
  await cluster.clock.advance(100);
  const made = await cluster.api.get(ENDPOINTS, "default", "web");
  await cluster.api.update(ENDPOINTS, { ...made, subsets: [{ addresses: [{ ip: "6.6.6.6" }] }] });
  await cluster.clock.advance(100);
  const { subsets } = await cluster.api.get(ENDPOINTS, "default", "web");
  assert.deepEqual(subsets, made.subsets);
  await cluster.api.delete(SERVICES, "default", "web");
  await cluster.clock.advance(100);
  assert.deepEqual((await cluster.api.list(ENDPOINTS)).items, []);
  cluster.stop();
});

Deno.test("row 85: endpoints that a user wrote without a service stay", async () => {
  const cluster = await startCluster();
  await cluster.api.create(ENDPOINTS, {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "outside", namespace: "default" },
  });
  await cluster.clock.advance(1_000);
  assert.equal((await cluster.api.list(ENDPOINTS)).items.length, 1);
  cluster.stop();
});

Deno.test("endpoints: a pod with a new label moves from one service to another", async () => {
  const cluster = await startCluster();
  for (const name of ["web", "db"]) await cluster.api.create(SERVICES, serviceNamed(name));
  const pod = await cluster.api.create(PODS, podNamed("a", { labels: { app: "web" } }));
  await cluster.run(pod, "10.1.0.1");
  await cluster.clock.advance(10);
  const patch = { metadata: { labels: { app: "db" } } };
  await cluster.api.patch(PODS, { namespace: "default", name: "a" }, "merge", patch);
  await cluster.clock.advance(10);
  const counts = (await cluster.api.list(ENDPOINTS)).items.map(({ metadata, subsets = [] }) =>
    `${metadata.name} ${subsets.length}`
  );
  assert.deepEqual(counts, ["db 1", "web 0"]);
  cluster.stop();
});

function podOf(
  { ip, ready = true, phase = "Running", ending, port, spec }: Words,
  index: number,
): Pod {
  const pod = podNamed(`pod-${index}`, {
    labels: { app: "web" },
    ...(ending && { deletionTimestamp: "2026-01-01T00:00:00Z" }),
  });
  const ports = port === undefined ? [] : [{ name: "http", containerPort: port }];
  return {
    ...pod,
    spec: { containers: [{ name: "main", ports }], ...spec },
    status: {
      phase,
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      ...(ip && { podIP: ip }),
    },
  };
}
