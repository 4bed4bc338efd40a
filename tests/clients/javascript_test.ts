import assert from "node:assert/strict";
import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  Watch,
} from "@kubernetes/client-node";
import { startMaster } from "../fixtures/master.ts";

/** The official JavaScript client as its users use it: against a master over TLS, from its kubeconfig. */
Deno.test("the official JavaScript client creates, lists, watches, patches and deletes", async (t) => {
  const master = await startMaster();
  try {
    const config = new KubeConfig();
    config.loadFromFile(master.kubeconfig);
    const api = config.makeApiClient(CoreV1Api);
    await t.step("create, read and list", () => createReadList(api));
    await t.step("a strategic merge patch, a scale and a conflict", () => patchAndConflict(api));
    await t.step("an informer sees what is there and what comes", () => informer(config, api));
    await t.step("a watch resumes where it ended", () => watchResumes(config, api));
    await t.step("errors are Status objects", () => errors(api));
  } finally {
    await master.kill(); // the client's HTTP/2 ends its process when it is told to go away
  }
});

const NAMESPACE = "default";

function configMap(name: string, data: Record<string, string> = {}): V1ConfigMap {
  return { metadata: { name, labels: { made: "by-client" } }, data };
}

async function createReadList(api: CoreV1Api): Promise<void> {
  const created = await api.createNamespacedConfigMap({
    namespace: NAMESPACE,
    body: configMap("one", { a: "1" }),
  });
  assert.ok(created.metadata?.creationTimestamp instanceof Date);
  const read = await api.readNamespacedConfigMap({ namespace: NAMESPACE, name: "one" });
  assert.deepEqual(read.data, { a: "1" });
  const list = await api.listNamespacedConfigMap({
    namespace: NAMESPACE,
    labelSelector: "made=by-client",
  });
  assert.deepEqual(list.items.map(({ metadata }) => metadata?.name), ["one"]);
}

async function patchAndConflict(api: CoreV1Api): Promise<void> {
  const target = { namespace: NAMESPACE, name: "one" };
  const patched = await api.patchNamespacedConfigMap(
    { ...target, body: { data: { b: "2" } } },
    setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch),
  );
  assert.deepEqual(patched.data, { a: "1", b: "2" });
  const stale = { ...patched, metadata: { ...patched.metadata, resourceVersion: "1" } };
  await assert.rejects(
    api.replaceNamespacedConfigMap({ ...target, body: stale }),
    (error) => error instanceof ApiException && error.code === 409,
  );
}

async function informer(config: KubeConfig, api: CoreV1Api): Promise<void> {
  const path = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
  const list = () =>
    api.listNamespacedConfigMap({ namespace: NAMESPACE, labelSelector: "made=by-client" });
  const watcher = makeInformer(config, path, list, "made=by-client");
  const seen: string[] = [];
  const enough = Promise.withResolvers<void>();
  const note = (what: string) => (object: V1ConfigMap) => {
    seen.push(`${what} ${object.metadata?.name}`);
    if (seen.length === 3) enough.resolve();
  };
  watcher.on("add", note("add"));
  watcher.on("delete", note("delete"));
  await watcher.start();
  await api.createNamespacedConfigMap({ namespace: NAMESPACE, body: configMap("two") });
  await api.deleteNamespacedConfigMap({ namespace: NAMESPACE, name: "two" });
  await enough.promise;
  await watcher.stop();
  assert.deepEqual(seen, ["add one", "add two", "delete two"]);
}

async function watchResumes(config: KubeConfig, api: CoreV1Api): Promise<void> {
  const { metadata } = await api.listNamespacedConfigMap({ namespace: NAMESPACE });
  const from = metadata?.resourceVersion ?? "";
  const names = ["three", "four"];
  for (const name of names) {
    await api.createNamespacedConfigMap({ namespace: NAMESPACE, body: configMap(name) });
  }
  for (const _round of [1, 2]) assert.deepEqual(await watchedFrom(config, from, 2), names);
}

async function watchedFrom(config: KubeConfig, from: string, count: number): Promise<string[]> {
  const seen: string[] = [];
  const done = Promise.withResolvers<void>();
  const controller = await new Watch(config).watch(
    `/api/v1/namespaces/${NAMESPACE}/configmaps`,
    { resourceVersion: from },
    (type: string, object: V1ConfigMap) => {
      if (type === "ADDED") seen.push(object.metadata?.name ?? "");
      if (seen.length === count) done.resolve();
    },
    () => done.resolve(),
  );
  await done.promise;
  controller.abort();
  return seen;
}

async function errors(api: CoreV1Api): Promise<void> {
  const isNotFound = (error: unknown) =>
    error instanceof ApiException && error.code === 404 && /not found/.test(String(error.body));
  await assert.rejects(
    api.readNamespacedPod({ namespace: NAMESPACE, name: "nobody" }),
    isNotFound,
  );
  await assert.rejects(
    api.createNamespacedPod({
      namespace: NAMESPACE,
      body: { metadata: { name: "x" }, spec: { containers: [] } },
    }),
    (error) => error instanceof ApiException && error.code === 422,
  );
}
