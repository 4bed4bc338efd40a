import assert from "node:assert/strict";
import {
  CUSTOM_RESOURCE_DEFINITIONS,
  type CustomResourceDefinition,
} from "../api/types/apiextensions_v1.ts";
import type { ConfigMap } from "../api/types/core_v1.ts";
import type { KubeObject, ObjectMeta, OwnerReference } from "../api/types/meta.ts";
import {
  CONFIG_MAPS,
  NODES,
  PODS,
  REPLICATION_CONTROLLERS,
  type Resource,
  SECRETS,
} from "../api/types/resources.ts";
import type { PropagationPolicy } from "../client/api.ts";
import { controllerReferenceTo } from "../client/owners.ts";
import { ownableResources } from "../client/writes.ts";
import { GarbageCollector } from "./garbage_collector.ts";
import { controllerWith, nodeNamed, podNamed, startCluster } from "./fake_cluster.ts";

type Cluster = Awaited<ReturnType<typeof startCluster>>;

async function withWeb(replicas: number): Promise<Cluster> {
  const cluster = await startCluster();
  await cluster.api.create(REPLICATION_CONTROLLERS, controllerWith("web", replicas));
  await cluster.clock.advance(100);
  return cluster;
}

function removeWeb({ api }: Cluster, propagationPolicy: PropagationPolicy): Promise<void> {
  return api.delete(REPLICATION_CONTROLLERS, "default", "web", { propagationPolicy });
}

function map(name: string, ...owners: readonly (KubeObject | OwnerReference)[]): ConfigMap {
  const ownerReferences = owners.map((owner) => "uid" in owner ? owner : referenceTo(owner));
  const metadata: ObjectMeta = { name, namespace: "default", ownerReferences };
  return { apiVersion: "v1", kind: "ConfigMap", metadata };
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject): OwnerReference {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "" };
}

async function mapNames({ api }: Cluster): Promise<string[]> {
  return (await api.list(CONFIG_MAPS, {})).items.map(({ metadata }) => metadata.name);
}

Deno.test("garbage: Background takes pods with their ReplicationController, strangers stay", async () => {
  const cluster = await withWeb(5);
  await cluster.api.create(PODS, podNamed("alone", { labels: { app: "other" } }));
  assert.equal((await cluster.pods()).length, 6);
  await removeWeb(cluster, "Background");
  await cluster.clock.advance(100);
  assert.deepEqual((await cluster.pods()).map(({ metadata }) => metadata.name), ["alone"]);
  assert.equal(cluster.api.count("get"), 1, "one question settles that the owner of five is gone");
  cluster.stop();
});

Deno.test("row 77: a ReplicationController that goes without a word leaves its pods, free", async () => {
  const cluster = await withWeb(2);
  await cluster.api.delete(REPLICATION_CONTROLLERS, "default", "web");
  await cluster.clock.advance(1_000);
  const pods = await cluster.pods();
  assert.deepEqual(pods.map(({ metadata }) => metadata.ownerReferences), [undefined, undefined]);
  assert.deepEqual((await cluster.api.list(REPLICATION_CONTROLLERS)).items, []);
  cluster.stop();
});

Deno.test("garbage: Foreground keeps the owner until the last that blocks it is gone", async () => {
  const cluster = await withWeb(2);
  const [first] = await cluster.pods();
  await cluster.api.patch(PODS, { namespace: "default", name: first!.metadata.name }, "merge", {
    metadata: { finalizers: ["example.com/hold"] },
  });
  await removeWeb(cluster, "Foreground");
  await cluster.clock.advance(1_000);
  const { metadata } = await cluster.api.get(REPLICATION_CONTROLLERS, "default", "web");
  assert.deepEqual(metadata.finalizers, ["foregroundDeletion"]);
  assert.equal((await cluster.pods()).length, 1);
  await cluster.api.patch(PODS, { namespace: "default", name: first!.metadata.name }, "merge", {
    metadata: { finalizers: null },
  });
  await cluster.clock.advance(1_000);
  assert.deepEqual(await cluster.pods(), []);
  assert.deepEqual((await cluster.api.list(REPLICATION_CONTROLLERS)).items, []);
  cluster.stop();
});

Deno.test("garbage: pods of an owner that was made again under its name go", async () => {
  const cluster = await withWeb(2);
  const { metadata } = await cluster.api.get(REPLICATION_CONTROLLERS, "default", "web");
  await removeWeb(cluster, "Background");
  await cluster.api.create(REPLICATION_CONTROLLERS, controllerWith("web", 2));
  await cluster.clock.advance(1_000);
  const owners = (await cluster.pods()).map((pod) => pod.metadata.ownerReferences?.[0]?.uid);
  assert.equal(owners.length, 2);
  assert.ok(!owners.includes(metadata.uid));
  cluster.stop();
});

Deno.test("garbage: a pod that names an owner which never was goes", async () => {
  const cluster = await startCluster();
  const ownerReferences = [controllerReferenceTo(controllerWith("ghost", 1))];
  await cluster.api.create(PODS, podNamed("a", { ownerReferences }));
  await cluster.clock.advance(100);
  assert.deepEqual(await cluster.pods(), []);
  cluster.stop();
});

Deno.test("garbage: an owner that the watch is late to show keeps its pods", async () => {
  const cluster = await startCluster();
  cluster.api.watchDelayMs = 50;
  const owner = await cluster.api.create(REPLICATION_CONTROLLERS, controllerWith("web", 0));
  await cluster.api.create(CONFIG_MAPS, map("a", owner));
  await cluster.clock.advance(1_000);
  assert.deepEqual(await mapNames(cluster), ["a"]);
  cluster.stop();
});

Deno.test("garbage: an object goes with the last of its owners, of any kind, and forgets the others", async () => {
  const cluster = await startCluster();
  const { api, clock } = cluster;
  const one = await api.create(CONFIG_MAPS, map("one"));
  const secret: KubeObject = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "two", namespace: "default" },
  };
  const two = await api.create(SECRETS, secret as never);
  const node = await api.create(NODES, nodeNamed("n"));
  await api.create(CONFIG_MAPS, map("held", one, two));
  await api.create(CONFIG_MAPS, map("of-node", node));
  await clock.advance(100);
  await api.delete(CONFIG_MAPS, "default", "one");
  await api.delete(NODES, "", "n");
  await clock.advance(100);
  assert.deepEqual(await mapNames(cluster), ["held"]);
  const { metadata } = await api.get(CONFIG_MAPS, "default", "held");
  assert.deepEqual(metadata.ownerReferences?.map(({ name }) => name), ["two"]);
  await api.delete(SECRETS, "default", "two");
  await clock.advance(100);
  assert.deepEqual(await mapNames(cluster), []);
  cluster.stop();
});

Deno.test("garbage: a chain goes to its end, and a circle too", async () => {
  const cluster = await startCluster();
  const { api, clock } = cluster;
  const a = await api.create(CONFIG_MAPS, map("a"));
  const b = await api.create(
    CONFIG_MAPS,
    map("b", { ...referenceTo(a), blockOwnerDeletion: true }),
  );
  await api.create(CONFIG_MAPS, map("c", { ...referenceTo(b), blockOwnerDeletion: true }));
  const metadata = { ownerReferences: [{ ...referenceTo(b), blockOwnerDeletion: true }] };
  await api.patch(CONFIG_MAPS, { namespace: "default", name: "a" }, "merge", { metadata });
  await clock.advance(100);
  await api.delete(CONFIG_MAPS, "default", "a", { propagationPolicy: "Foreground" });
  await clock.advance(1_000);
  assert.deepEqual(await mapNames(cluster), []);
  cluster.stop();
});

Deno.test("garbage: an owner of a kind that nobody knows, or elsewhere, is not called gone", async () => {
  const cluster = await startCluster();
  const strange = { apiVersion: "example.com/v1", kind: "Strange", name: "x", uid: "u" };
  await cluster.api.create(CONFIG_MAPS, map("a", strange));
  const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "u" }];
  const node = nodeNamed("n");
  await cluster.api.create(NODES, { ...node, metadata: { ...node.metadata, ownerReferences } });
  await cluster.clock.advance(1_000);
  assert.deepEqual(await mapNames(cluster), ["a"]);
  assert.equal((await cluster.api.list(NODES)).items.length, 1);
  cluster.stop();
});

const WIDGETS: Resource<KubeObject> = {
  apiVersion: "example.com/v1",
  kind: "Widget",
  resource: "widgets",
  isNamespaced: true,
};

function definition(status: "True" | "False"): CustomResourceDefinition {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      names: { kind: "Widget", plural: "widgets" },
      scope: "Namespaced",
      versions: [{ name: "v1", served: true, storage: true }, {
        name: "v0",
        served: false,
        storage: false,
      }],
    },
    status: { conditions: [{ type: "Established", status }] },
  };
}

Deno.test("garbage: objects of a kind that was declared later own and are owned", async () => {
  const cluster = await startCluster();
  const { api, clock } = cluster;
  const resources = [...ownableResources(), CUSTOM_RESOURCE_DEFINITIONS];
  const { signal, abort } = stopping();
  const collector = new GarbageCollector({ ...cluster.options, signal, resources });
  const running = collector.run();
  await clock.settle();
  const root = await api.create(CONFIG_MAPS, map("root"));
  const widget = (name: string, owner?: KubeObject): KubeObject => ({
    apiVersion: "example.com/v1",
    kind: "Widget",
    metadata: { name, namespace: "default", ...owner && { ownerReferences: [referenceTo(owner)] } },
  });
  const top = await api.create(WIDGETS, widget("top", root));
  await api.create(CONFIG_MAPS, map("below", top));
  await api.create(CONFIG_MAPS, map("lost", { ...referenceTo(top), name: "nobody", uid: "gone" }));
  await clock.advance(1_000);
  assert.deepEqual(await mapNames(cluster), ["below", "lost", "root"]);
  await api.create(CUSTOM_RESOURCE_DEFINITIONS, definition("True"));
  await clock.advance(1_000);
  assert.deepEqual(await mapNames(cluster), ["below", "root"]);
  await api.delete(CONFIG_MAPS, "default", "root");
  await clock.advance(1_000);
  assert.deepEqual(await mapNames(cluster), []);
  assert.deepEqual((await api.list(WIDGETS)).items, []);
  const last = await api.create(WIDGETS, widget("last"));
  await api.create(CONFIG_MAPS, map("of-last", last));
  await clock.advance(1_000);
  await api.delete(CUSTOM_RESOURCE_DEFINITIONS, "", "widgets.example.com");
  await clock.advance(1_000);
  assert.deepEqual(await mapNames(cluster), [], "the kind is gone, and so is the owner");
  abort();
  await running;
  cluster.stop();
});

function stopping() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

Deno.test("garbage: nothing is read or written while nothing ends", async () => {
  const cluster = await withWeb(3);
  const before = cluster.api.calls.length;
  for (const pod of await cluster.pods()) await cluster.run(pod, "10.0.0.1");
  await cluster.clock.advance(1_000);
  const later = cluster.api.calls.slice(before);
  const verbs = new Set(
    later.filter(({ resource }) => resource === "pods").map(({ verb }) => verb),
  );
  assert.deepEqual([...verbs].filter((verb) => verb === "delete" || verb === "patch"), []);
  cluster.stop();
});
