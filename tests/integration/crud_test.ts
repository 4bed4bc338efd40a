import assert from "node:assert/strict";
import { bootstrapObjects } from "../../api/registry/bootstrap.ts";
import { DEFAULT_NETWORK } from "../../api/registry/kinds.ts";
import { type Harness, type Json, podNamed, startApi } from "./harness.ts";

const NS = "/api/v1/namespaces/default";
const PODS = `${NS}/pods`;
const MERGE = { "content-type": "application/merge-patch+json" };

const template = {
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "a", image: "nginx" }] },
};

/** One valid object of each kind and where its collection is. */
const KINDS: readonly { path: string; kind: string; body: Json }[] = [
  { path: `${NS}/configmaps`, kind: "ConfigMap", body: { data: { a: "1" } } },
  { path: `${NS}/secrets`, kind: "Secret", body: { stringData: { a: "1" } } },
  { path: `${NS}/serviceaccounts`, kind: "ServiceAccount", body: {} },
  { path: `${NS}/endpoints`, kind: "Endpoints", body: {} },
  { path: `${NS}/services`, kind: "Service", body: { spec: { ports: [{ port: 80 }] } } },
  { path: `${NS}/pods`, kind: "Pod", body: { spec: template.spec } },
  {
    path: `${NS}/replicationcontrollers`,
    kind: "ReplicationController",
    body: { spec: { replicas: 1, selector: { app: "web" }, template } },
  },
  {
    path: `${NS}/events`,
    kind: "Event",
    body: { involvedObject: { kind: "Pod", name: "x", namespace: "default" }, reason: "Tested" },
  },
  { path: "/api/v1/nodes", kind: "Node", body: {} },
  { path: "/api/v1/minions", kind: "Node", body: {} },
  { path: "/api/v1/namespaces", kind: "Namespace", body: {} },
  {
    path: "/apis/coordination.k8s.io/v1/namespaces/default/leases",
    kind: "Lease",
    body: { spec: { holderIdentity: "me" } },
  },
];

for (const { path, kind, body } of KINDS) {
  Deno.test(`verbs: ${path}`, async () => {
    await using api = await startApi();
    const created = await api.call("POST", path, { ...body, metadata: { name: "it" } });
    assert.equal(created.code, 201, JSON.stringify(created.body));
    assert.equal(created.body.kind, kind);
    const { uid, resourceVersion, creationTimestamp } = created.body.metadata;
    assert.ok(uid && Number(resourceVersion) > 0);
    assert.match(creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.deepEqual((await api.call("GET", `${path}/it`)).body, created.body);
    await holdsList(api, path, created.body);
    await holdsUpdate(api, path, created.body);
    const labels = { metadata: { labels: { by: "patch" } } };
    const patched = await api.call("PATCH", `${path}/it`, labels, MERGE);
    assert.equal(patched.body.metadata.labels.by, "patch");
    const options = { propagationPolicy: "Background" };
    const deleted = await api.call("DELETE", `${path}/it`, options);
    assert.equal(deleted.code, 200);
    if (kind === "Namespace") return;
    assert.equal((await api.call("GET", `${path}/it`)).code, 404);
  });
}

async function holdsList(api: Harness, path: string, object: Json): Promise<void> {
  const { body } = await api.call("GET", path);
  assert.equal(body.kind, `${object["kind"]}List`);
  assert.ok(Number(body.metadata.resourceVersion) > 0);
  const found = body.items.find((item: { metadata: Json }) => item.metadata["name"] === "it");
  assert.deepEqual(found, object);
}

async function holdsUpdate(api: Harness, path: string, object: Json): Promise<void> {
  const metadata = { ...object["metadata"] as Json, annotations: { by: "update" } };
  const updated = await api.call("PUT", `${path}/it`, { ...object, metadata });
  assert.equal(updated.code, 200, JSON.stringify(updated.body));
  const stale = await api.call("PUT", `${path}/it`, { ...object, metadata });
  assert.equal(stale.body.reason, "Conflict");
  const { resourceVersion: _r, managedFields: _m, ...unconditional }: Json = metadata;
  const again = await api.call("PUT", `${path}/it`, { ...object, metadata: unconditional });
  assert.equal(again.code, 200);
  const { resourceVersion } = updated.body.metadata;
  assert.equal(again.body.metadata.resourceVersion, resourceVersion, "nothing changed");
}

Deno.test("create: the server's own fields are not the client's to say", async () => {
  await using api = await startApi();
  const claimed = { uid: "u", resourceVersion: "7", creationTimestamp: "2001-01-01T00:00:00Z" };
  const metadata = { name: "web", selfLink: "/x", deletionTimestamp: "2001-01-01T00:00:00Z" };
  const pod = podNamed("web", { metadata: { ...metadata, ...claimed } });
  const { body } = await api.call("POST", PODS, pod);
  assert.notEqual(body.metadata.uid, "u");
  assert.notEqual(body.metadata.creationTimestamp, claimed.creationTimestamp);
  assert.deepEqual([body.metadata.selfLink, body.metadata.deletionTimestamp], [
    undefined,
    undefined,
  ]);
});

Deno.test("create: a pod that is deleted and made again has another uid", async () => {
  await using api = await startApi();
  const first = await api.call("POST", PODS, podNamed("web"));
  await api.call("DELETE", `${PODS}/web`);
  const second = await api.call("POST", PODS, podNamed("web"));
  assert.notEqual(first.body.metadata.uid, second.body.metadata.uid);
});

Deno.test("create: generateName adds five characters, and tries again where the name is taken", async () => {
  let draws = 0;
  const random = () => (draws++ < 10 ? 0 : 0.5);
  await using api = await startApi({ random });
  const pod = podNamed("", { metadata: { generateName: "web-" } });
  const first = await api.call("POST", PODS, pod);
  assert.equal(first.body.metadata.name, "web-bbbbb");
  const second = await api.call("POST", PODS, pod);
  assert.match(second.body.metadata.name, /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  assert.notEqual(second.body.metadata.name, first.body.metadata.name);
});

Deno.test("create: where every generated name is taken the client is told to try again", async () => {
  await using api = await startApi({ random: () => 0 });
  const pod = podNamed("", { metadata: { generateName: "web-" } });
  await api.call("POST", PODS, pod);
  const { code, body, headers } = await api.call("POST", PODS, pod);
  assert.deepEqual([code, body.reason, headers.get("retry-after")], [409, "AlreadyExists", "1"]);
});

Deno.test("status: the main resource leaves it alone, and status leaves the rest alone", async () => {
  await using api = await startApi();
  const { body: pod } = await api.call("POST", PODS, podNamed("web"));
  const forged = { ...pod, status: { phase: "Running", podIP: "10.0.0.9" } };
  const updated = await api.call("PUT", `${PODS}/web`, forged);
  assert.deepEqual(updated.body.status, pod.status);
  const spec = { ...pod.spec, nodeName: "n1" };
  const status = { phase: "Running", podIP: "10.0.0.9" };
  const told = await api.call("PUT", `${PODS}/web/status`, { ...pod, spec, status });
  assert.equal(told.code, 200, JSON.stringify(told.body));
  assert.deepEqual([told.body.status.podIP, told.body.spec], ["10.0.0.9", pod.spec]);
});

Deno.test("scale: is read, replaced and patched, and counts as a change of the spec", async () => {
  await using api = await startApi();
  const path = `${NS}/replicationcontrollers`;
  const spec = { replicas: 1, selector: { app: "web" }, template };
  await api.call("POST", path, { metadata: { name: "web" }, spec });
  const scale = await api.call("GET", `${path}/web/scale`);
  assert.deepEqual([scale.body.kind, scale.body.spec], ["Scale", { replicas: 1 }]);
  const put = await api.call("PUT", `${path}/web/scale`, { ...scale.body, spec: { replicas: 4 } });
  assert.equal(put.body.spec.replicas, 4);
  await api.call("PATCH", `${path}/web/scale`, { spec: { replicas: 2 } }, MERGE);
  const { body } = await api.call("GET", `${path}/web`);
  assert.deepEqual([body.spec.replicas, body.metadata.generation], [2, 3]);
  const stale = await api.call("PUT", `${path}/web/scale`, scale.body);
  assert.equal(stale.body.reason, "Conflict");
});

Deno.test("binding: by the pod's path and by the collection, once", async () => {
  await using api = await startApi();
  for (const [name, path] of [["a", `${PODS}/a/binding`], ["b", `${NS}/bindings`]] as const) {
    await api.call("POST", PODS, podNamed(name));
    const binding = { metadata: { name }, target: { kind: "Node", name: "n1" } };
    const bound = await api.call("POST", path, binding);
    assert.deepEqual([bound.code, bound.body.status], [201, "Success"]);
    assert.equal((await api.call("GET", `${PODS}/${name}`)).body.spec.nodeName, "n1");
    assert.equal((await api.call("POST", path, binding)).body.reason, "Conflict");
  }
});

Deno.test("events: are made by a PUT of a name that is not there", async () => {
  await using api = await startApi();
  const involvedObject = { kind: "Pod", name: "x", namespace: "default" };
  const body = { metadata: { name: "e", namespace: "default" }, involvedObject };
  assert.equal((await api.call("PUT", `${NS}/events/e`, body)).code, 201);
  assert.equal((await api.call("PUT", `${PODS}/nope`, podNamed("nope"))).code, 404);
});

Deno.test("yaml: is taken as a body", async () => {
  await using api = await startApi();
  const yaml = "metadata:\n  name: web\nspec:\n  containers:\n  - {name: a, image: nginx}\n";
  const created = await api.call("POST", PODS, yaml, { "content-type": "application/yaml" });
  assert.equal(created.code, 201);
});

Deno.test("bootstrap: a second start writes nothing, and another address of the server shows", async () => {
  await using api = await startApi();
  const { serviceCidr } = DEFAULT_NETWORK;
  const { revision } = api.store;
  await api.api.bootstrap(bootstrapObjects({ serviceCidr, address: "192.0.2.1", port: 6443 }));
  assert.equal(api.store.revision, revision);
  await api.api.bootstrap(bootstrapObjects({ serviceCidr, address: "192.0.2.2", port: 6443 }));
  const { body } = await api.call("GET", `${NS}/endpoints/kubernetes`);
  assert.equal(body.subsets[0].addresses[0].ip, "192.0.2.2");
});
