import assert from "node:assert/strict";
import { podNamed, startApi } from "./harness.ts";

const NS = "/api/v1/namespaces/default";
const PODS = `${NS}/pods`;
const MAPS = `${NS}/configmaps`;
const MERGE = { "content-type": "application/merge-patch+json" };

Deno.test("delete: answers with a Status that names what is gone", async () => {
  await using api = await startApi();
  const { body } = await api.call("POST", MAPS, { metadata: { name: "a" } });
  const deleted = await api.call("DELETE", `${MAPS}/a`, { propagationPolicy: "Background" });
  assert.deepEqual(deleted.body, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { name: "a", kind: "configmaps", uid: body.metadata.uid },
  });
  const gone = await api.call("GET", `${MAPS}/a`);
  assert.deepEqual(gone.body.details, { name: "a", kind: "configmaps" });
});

Deno.test("delete: a pod on a node stays for its grace, and goes when its agent says so", async () => {
  await using api = await startApi();
  await api.call("POST", PODS, podNamed("web"));
  await api.call("POST", `${PODS}/web/binding`, { target: { name: "n1" } });
  const begun = await api.call("DELETE", `${PODS}/web`, { gracePeriodSeconds: 5 });
  assert.deepEqual([begun.body.kind, begun.body.metadata.deletionGracePeriodSeconds], ["Pod", 5]);
  assert.ok(begun.body.metadata.deletionTimestamp);
  const again = await api.call("DELETE", `${PODS}/web?gracePeriodSeconds=60`);
  assert.deepEqual(again.body, begun.body, "a second deletion does not delay the first");
  const ended = await api.call("DELETE", `${PODS}/web?gracePeriodSeconds=0`);
  assert.equal(ended.body.kind, "Pod");
  assert.equal((await api.call("GET", `${PODS}/web`)).code, 404);
});

Deno.test("delete: finalizers hold the object until the last is gone", async () => {
  await using api = await startApi();
  await api.call("POST", MAPS, { metadata: { name: "a", finalizers: ["x.y/z"] } });
  const begun = await api.call("DELETE", `${MAPS}/a`);
  assert.equal(begun.body.kind, "ConfigMap");
  const { deletionTimestamp } = begun.body.metadata;
  assert.ok(deletionTimestamp);
  const held = await api.call(
    "PATCH",
    `${MAPS}/a`,
    { metadata: { deletionTimestamp: null } },
    MERGE,
  );
  assert.equal(held.body.metadata.deletionTimestamp, deletionTimestamp);
  const watch = await api.watch(`${MAPS}?watch=true`);
  await watch.take(1);
  await api.call("PATCH", `${MAPS}/a`, { metadata: { finalizers: null } }, MERGE);
  assert.deepEqual(await watch.take(1), ["DELETED a"]);
  assert.equal((await api.call("GET", `${MAPS}/a`)).code, 404);
  await watch.close();
});

Deno.test("delete: preconditions hold it to the object that was meant", async () => {
  await using api = await startApi();
  const { body } = await api.call("POST", MAPS, { metadata: { name: "a" } });
  const { uid, resourceVersion } = body.metadata;
  const wrong = [{ uid: "other" }, { resourceVersion: "1" }, { uid, resourceVersion: "1" }];
  for (const preconditions of wrong) {
    const answer = await api.call("DELETE", `${MAPS}/a`, { preconditions });
    assert.equal(answer.body.reason, "Conflict", JSON.stringify(preconditions));
  }
  const right = await api.call("DELETE", `${MAPS}/a`, { preconditions: { uid, resourceVersion } });
  assert.equal(right.code, 200);
});

Deno.test("delete: wrong options are refused", async () => {
  await using api = await startApi();
  await api.call("POST", MAPS, { metadata: { name: "a" } });
  const wrong: [unknown, number][] = [
    [{ propagationPolicy: "Sideways" }, 422],
    [{ gracePeriodSeconds: "soon" }, 400],
    [{ dryRun: ["Some"] }, 422],
    ["{", 400],
  ];
  for (const [options, code] of wrong) {
    assert.equal((await api.call("DELETE", `${MAPS}/a`, options)).code, code);
  }
  assert.equal((await api.call("GET", `${MAPS}/a`)).code, 200);
});

Deno.test("delete collection: what is selected goes, in one namespace", async () => {
  await using api = await startApi();
  const numbers = Array.from({ length: 45 }, (_, i) => i);
  await Promise.all(numbers.map((i) => {
    const labels = { app: i % 3 === 0 ? "keep" : "drop" };
    return api.call("POST", MAPS, { metadata: { name: `m${i}`, labels } });
  }));
  const deleted = await api.call("DELETE", `${MAPS}?labelSelector=app%3Ddrop`);
  assert.deepEqual([deleted.body.kind, deleted.body.items.length], ["ConfigMapList", 30]);
  assert.equal((await api.call("GET", MAPS)).body.items.length, 15);
  assert.equal((await api.call("DELETE", "/api/v1/configmaps")).code, 405);
});

Deno.test("row 96: a namespace takes nothing new while it ends, and is gone with its last finalizer", async () => {
  await using api = await startApi();
  const path = "/api/v1/namespaces/x";
  await api.call("POST", "/api/v1/namespaces", { metadata: { name: "x" } });
  const begun = await api.call("DELETE", path);
  assert.deepEqual([begun.body.kind, begun.body.status.phase], ["Namespace", "Terminating"]);
  const refused = await api.call("POST", `${path}/configmaps`, { metadata: { name: "a" } });
  assert.equal(refused.code, 403);
  assert.equal(
    refused.body.message,
    'configmaps "a" is forbidden: unable to create new content in namespace x because it is being terminated',
  );
  assert.equal(refused.body.details.causes[0].reason, "NamespaceTerminating");
  const finalized = await api.call("PUT", `${path}/finalize`, { ...begun.body, spec: {} });
  assert.equal(finalized.code, 200);
  assert.equal((await api.call("GET", path)).code, 404);
});

Deno.test("namespace: the first ones may not be deleted", async () => {
  await using api = await startApi();
  const { code, body } = await api.call("DELETE", "/api/v1/namespaces/default");
  assert.equal(code, 403);
  assert.equal(
    body.message,
    'namespaces "default" is forbidden: this namespace may not be deleted',
  );
});

Deno.test("lease: lives in memory and still needs its namespace", async () => {
  await using api = await startApi();
  const leases = (namespace: string) =>
    `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const { revision } = api.store;
  const lease = { metadata: { name: "n1" }, spec: { holderIdentity: "n1" } };
  assert.equal((await api.call("PUT", `${leases("kube-node-lease")}/n1`, lease)).code, 201);
  assert.equal(api.store.revision, revision);
  assert.equal((await api.call("POST", leases("nope"), lease)).code, 404);
});

const CONTROLLERS = `${NS}/replicationcontrollers`;

const PROPAGATIONS: [name: string, query: string, body: unknown, want: string[] | undefined][] = [
  ["nothing said", "", undefined, ["orphan"]],
  ["Orphan", "", { propagationPolicy: "Orphan" }, ["orphan"]],
  ["Foreground", "", { propagationPolicy: "Foreground" }, ["foregroundDeletion"]],
  ["Background", "", { propagationPolicy: "Background" }, undefined],
  ["orphanDependents", "", { orphanDependents: true }, ["orphan"]],
  ["no orphanDependents", "", { orphanDependents: false }, undefined],
  ["in the query", "?propagationPolicy=Foreground", undefined, ["foregroundDeletion"]],
  ["the old way in the query", "?orphanDependents=false", undefined, undefined],
];

for (const [name, query, body, want] of PROPAGATIONS) {
  Deno.test(`delete: a ReplicationController, ${name}`, async () => {
    await using api = await startApi();
    const spec = { template: podNamed("", { metadata: { labels: { app: "a" } } }) };
    const { template: { metadata, spec: pod } } = spec as never;
    await api.call("POST", CONTROLLERS, {
      metadata: { name: "web" },
      spec: { template: { metadata, spec: pod } },
    });
    const deleted = await api.call("DELETE", `${CONTROLLERS}/web${query}`, body);
    assert.equal(deleted.code, 200);
    assert.deepEqual(deleted.body.metadata.finalizers, want);
    assert.equal((await api.call("GET", `${CONTROLLERS}/web`)).code, want ? 200 : 404);
  });
}

Deno.test("delete: both ways to say what becomes of dependents are one too many", async () => {
  await using api = await startApi();
  await api.call("POST", MAPS, { metadata: { name: "a" } });
  const options = { propagationPolicy: "Orphan", orphanDependents: true };
  const { code, body } = await api.call("DELETE", `${MAPS}/a`, options);
  assert.equal(code, 422);
  assert.equal(
    body.message,
    'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": ' +
      "orphanDependents and deletionPropagation cannot be both set",
  );
});

Deno.test("delete: who takes the last finalizer away sees the object without it", async () => {
  await using api = await startApi();
  await api.call("POST", MAPS, { metadata: { name: "a", finalizers: ["x.y/z"] } });
  await api.call("DELETE", `${MAPS}/a`);
  const free = await api.call("PATCH", `${MAPS}/a`, { metadata: { finalizers: null } }, MERGE);
  assert.deepEqual([free.code, free.body.metadata.finalizers], [200, undefined]);
});
