import assert from "node:assert/strict";
import type { AnyKind } from "../../api/registry/kind.ts";
import { NAMES, SAMPLES, STORED_KINDS } from "../fixtures/samples.ts";
import { type Harness, type Json, podNamed, startApi } from "./harness.ts";

const NS = "/api/v1/namespaces/default";
const MAPS = `${NS}/configmaps`;
const MERGE = { "content-type": "application/merge-patch+json" };

function allows({ withoutVerbs = [] }: AnyKind, verb: string): boolean {
  return !withoutVerbs.includes(verb);
}

function placeOf({ resource }: AnyKind): { path: string; name: string; body: Json; type: string } {
  const { apiVersion, kind, isNamespaced } = resource;
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const type = `${apiVersion}/${kind}`;
  const name = NAMES[type] ?? "it";
  const path = `${root}${isNamespaced ? "/namespaces/default" : ""}/${resource.resource}`;
  return { path, name, body: { ...SAMPLES[type], metadata: { name } }, type };
}

Deno.test("dry run: of every verb on every kind leaves everything as it was", async () => {
  await using api = await startApi();
  for (const kind of STORED_KINDS.filter((one) => allows(one, "create") && allows(one, "update"))) {
    const { path, name, body, type } = placeOf(kind);
    const it = `${path}/${name}`;
    assert.equal((await api.call("POST", `${path}?dryRun=All`, body)).code, 201, type);
    assert.equal((await api.call("GET", it)).code, 404, type);
    const { code, body: stored } = await api.call("POST", path, body);
    assert.equal(code, 201, `${type}: ${JSON.stringify(stored)}`);
    const labelled = { ...stored, metadata: { ...stored.metadata, labels: { dry: "yes" } } };
    const patch = { metadata: { labels: { dry: "yes" } } };
    const put = await api.call("PUT", `${it}?dryRun=All`, labelled);
    assert.deepEqual([put.code, put.body.metadata?.labels?.dry], [200, "yes"], type);
    const patched = await api.call("PATCH", `${it}?dryRun=All`, patch, MERGE);
    assert.deepEqual([patched.code, patched.body.metadata?.labels?.dry], [200, "yes"], type);
    if (kind.hasStatus) {
      assert.equal(
        (await api.call("PATCH", `${it}/status?dryRun=All`, patch, MERGE)).code,
        200,
        type,
      );
    }
    assert.equal((await api.call("DELETE", it, { dryRun: ["All"] })).code, 200, type);
    if (allows(kind, "deletecollection")) {
      assert.equal((await api.call("DELETE", `${path}?dryRun=All`)).code, 200, type);
    }
    assert.deepEqual((await api.call("GET", it)).body, stored, type);
    assert.equal((await api.call("DELETE", it)).code, 200, type);
  }
});

Deno.test("dry run: a binding, an eviction and a scale leave the object alone", async () => {
  await using api = await startApi();
  const { body: stored } = await api.call("POST", `${NS}/pods`, podNamed("web"));
  const binding = { target: { name: "n1" } };
  const bound = await api.call("POST", `${NS}/pods/web/binding?dryRun=All`, binding);
  assert.equal(bound.code, 201);
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "web" } };
  const evicted = await api.call("POST", `${NS}/pods/web/eviction?dryRun=All`, eviction);
  assert.equal(evicted.code, 201, JSON.stringify(evicted.body));
  assert.deepEqual((await api.call("GET", `${NS}/pods/web`)).body, stored);
});

/** Source: AllowCreateOnUpdate of the strategies in kubernetes/pkg/registry. */
const CREATED_BY_PUT = new Set([
  "v1/Endpoints",
  "v1/Event",
  "v1/LimitRange",
  "v1/Service",
  "events.k8s.io/v1/Event",
  "coordination.k8s.io/v1/Lease",
  "node.k8s.io/v1/RuntimeClass",
  "rbac.authorization.k8s.io/v1/ClusterRole",
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding",
  "rbac.authorization.k8s.io/v1/Role",
  "rbac.authorization.k8s.io/v1/RoleBinding",
]);

for (const kind of STORED_KINDS.filter((one) => allows(one, "update"))) {
  const { path, name, body, type } = placeOf(kind);
  const want = CREATED_BY_PUT.has(type) ? 201 : 404;
  Deno.test(`put: a ${type} that is not there is ${want}`, async () => {
    await using api = await startApi();
    const { code, body: answer } = await api.call("PUT", `${path}/${name}`, body);
    assert.equal(code, want, JSON.stringify(answer));
    assert.equal((await api.call("GET", `${path}/${name}`)).code, want === 201 ? 200 : 404);
  });
}

const SELECTIONS: [query: string, left: string][] = [
  ["", ""],
  ["labelSelector=app%3Da", "b c"],
  ["labelSelector=app+notin+%28a%29", "a"],
  ["fieldSelector=metadata.name%21%3Db", "b"],
  ["fieldSelector=metadata.name%3Db&labelSelector=app%3Db", "a c"],
  ["labelSelector=app%3Dnone", "a b c"],
];

for (const [query, left] of SELECTIONS) {
  Deno.test(`delete collection: ?${query} leaves [${left}]`, async () => {
    await using api = await startApi();
    for (const [name, app] of [["a", "a"], ["b", "b"], ["c", "c"]]) {
      await api.call("POST", MAPS, { metadata: { name, labels: { app } } });
    }
    await api.call("POST", "/api/v1/namespaces/kube-system/configmaps", {
      metadata: { name: "a" },
    });
    assert.equal((await api.call("DELETE", `${MAPS}?${query}`)).code, 200);
    assert.equal(await namesIn(api, MAPS), left);
    assert.equal(await namesIn(api, "/api/v1/namespaces/kube-system/configmaps"), "a");
  });
}

async function namesIn(api: Harness, path: string): Promise<string> {
  const { items } = (await api.call("GET", path)).body;
  return items.map(({ metadata }: { metadata: { name: string } }) => metadata.name).join(" ");
}

const IMMUTABLES: { kind: string; change: Json; code: number }[] = [
  { kind: "configmaps", change: { data: { a: "Mg==" } }, code: 422 },
  { kind: "configmaps", change: { binaryData: { b: "Mg==" } }, code: 422 },
  { kind: "configmaps", change: { immutable: false }, code: 422 },
  { kind: "configmaps", change: { immutable: null }, code: 422 },
  { kind: "configmaps", change: { metadata: { labels: { a: "b" } } }, code: 200 },
  { kind: "secrets", change: { data: { a: "Mg==" } }, code: 422 },
  { kind: "secrets", change: { stringData: { a: "2" } }, code: 422 },
  { kind: "secrets", change: { immutable: false }, code: 422 },
  { kind: "secrets", change: { type: "x.io/y" }, code: 422 },
  { kind: "secrets", change: { metadata: { labels: { a: "b" } } }, code: 200 },
];

for (const { kind, change, code } of IMMUTABLES) {
  Deno.test(`immutable ${kind}: ${JSON.stringify(change)} is ${code}`, async () => {
    await using api = await startApi();
    const object = { metadata: { name: "a" }, immutable: true, data: { a: "MQ==" } };
    assert.equal((await api.call("POST", `${NS}/${kind}`, object)).code, 201);
    const answer = await api.call("PATCH", `${NS}/${kind}/a`, change, MERGE);
    assert.equal(answer.code, code, JSON.stringify(answer.body));
  });
}

Deno.test("generation: counts changes of the spec, and nothing else", async () => {
  await using api = await startApi();
  const path = "/apis/apps/v1/namespaces/default/deployments";
  const sample = SAMPLES["apps/v1/Deployment"];
  const { body } = await api.call("POST", path, {
    ...sample,
    metadata: { name: "a", generation: 7 },
  });
  const generations = [body.metadata.generation];
  const changes: [string, Json][] = [
    ["", { metadata: { labels: { a: "b" } } }],
    ["", { spec: { replicas: 5 } }],
    ["", { spec: { replicas: 5 } }],
    ["", { metadata: { generation: 9 } }],
    ["/status", { status: { replicas: 1 } }],
    ["/scale", { spec: { replicas: 6 } }],
  ];
  for (const [subresource, change] of changes) {
    const { code, body } = await api.call("PATCH", `${path}/a${subresource}`, change, MERGE);
    assert.equal(code, 200, JSON.stringify(body));
    generations.push((await api.call("GET", `${path}/a`)).body.metadata.generation);
  }
  assert.deepEqual(generations, [1, 1, 2, 2, 2, 2, 3]);
});

Deno.test("put: a job without its template is told so", async () => {
  await using api = await startApi();
  const path = "/apis/batch/v1/namespaces/default/jobs";
  const { body } = await api.call("POST", path, {
    ...SAMPLES["batch/v1/Job"],
    metadata: { name: "a" },
  });
  const { template: _, ...spec } = body.spec;
  const { code, body: answer } = await api.call("PUT", `${path}/a`, { ...body, spec });
  assert.deepEqual([code, answer.reason], [422, "Invalid"]);
});
