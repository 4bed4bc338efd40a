import assert from "node:assert/strict";
import { type Harness, type Json, podNamed, startApi } from "./harness.ts";

const NS = "/api/v1/namespaces/default";
const MAPS = `${NS}/configmaps`;
const RCS = `${NS}/replicationcontrollers`;
const type = (name: string) => ({ "content-type": `application/${name}` });
const APPLY = type("apply-patch+yaml");
const MERGE = type("merge-patch+json");
const JSON_PATCH = type("json-patch+json");

const map = (data: Json, metadata: Json = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", ...metadata },
  data,
});
const apply = (api: Harness, manager: string, config: unknown, query = "") =>
  api.call("PATCH", `${MAPS}/a?fieldManager=${manager}${query}`, config, APPLY);

/** Who holds what of the object, without times. */
function heldIn(body: Json): Record<string, unknown> {
  const { managedFields = [] } = body["metadata"] as { managedFields?: Json[] };
  return Object.fromEntries(
    managedFields.map(({ manager, operation, subresource, fieldsV1 }) => [
      [manager, operation, subresource].filter((part) => part !== undefined).join(" "),
      fieldsV1,
    ]),
  );
}

Deno.test("apply: creates what is not there, and changes nothing the second time", async () => {
  await using api = await startApi();
  const tried = await apply(api, "me", map({ k: "1" }), "&dryRun=All");
  assert.equal(tried.code, 201);
  assert.equal((await api.call("GET", `${MAPS}/a`)).code, 404);
  const created = await apply(api, "me", map({ k: "1" }));
  assert.equal(created.code, 201);
  assert.deepEqual(heldIn(created.body), { "me Apply": { "f:data": { "f:k": {} } } });
  const { revision } = api.store;
  const again = await apply(api, "me", map({ k: "1" }));
  assert.deepEqual([again.code, again.body, api.store.revision], [200, created.body, revision]);
});

Deno.test("apply: a conflict names manager and field, and force takes it", async () => {
  await using api = await startApi();
  await api.call("POST", `${MAPS}?fieldManager=maker`, map({ k: "1", j: "1" }));
  const refused = await apply(api, "me", map({ k: "2" }));
  assert.deepEqual([refused.code, refused.body.reason], [409, "Conflict"]);
  assert.equal(
    refused.body.message,
    'Apply failed with 1 conflict: conflict with "maker" using v1: .data.k',
  );
  assert.deepEqual(refused.body.details.causes, [{
    reason: "FieldManagerConflict",
    message: 'conflict with "maker" using v1',
    field: ".data.k",
  }]);
  const forced = await apply(api, "me", map({ k: "2" }), "&force=true");
  assert.deepEqual(forced.body.data, { k: "2", j: "1" });
  assert.deepEqual(heldIn(forced.body), {
    "me Apply": { "f:data": { "f:k": {} } },
    "maker Update": { "f:data": { ".": {}, "f:j": {} } },
  });
});

Deno.test("apply: YAML, with the name of the path", async () => {
  await using api = await startApi();
  const text = "# settings\napiVersion: v1\nkind: ConfigMap\ndata:\n  k: 'yes'\n";
  const headers = { authorization: "Bearer admin-token", ...APPLY };
  const url = `http://api${MAPS}/a?fieldManager=me`;
  const response = await api.api.fetch(new Request(url, { method: "PATCH", headers, body: text }));
  assert.equal(response.status, 201);
  assert.deepEqual((await response.json()).data, { k: "yes" });
});

Deno.test("apply: what is wrong is refused by name", async () => {
  await using api = await startApi();
  await apply(api, "me", map({ k: "1" }));
  const refused: [string, unknown, Record<string, string>, number, RegExp][] = [
    ["", map({}), APPLY, 422, /fieldManager: Required value: is required for apply patch/],
    ["?fieldManager=me&force=true", {}, MERGE, 422, /force: Forbidden: may not be specified/],
    [`?fieldManager=${"x".repeat(129)}`, map({}), APPLY, 422, /fieldManager: Too long/],
    ["?fieldManager=a%07b", map({}), APPLY, 422, /should only contain printable characters/],
    ["?fieldManager=me", [], APPLY, 400, /error decoding YAML/],
    ["?fieldManager=me", { data: {} }, APPLY, 400, /Incorrect version specified/],
    ["?fieldManager=me", map({}, { name: "b" }), APPLY, 400, /does not match the name on the URL/],
    ["?fieldManager=me", map({}, { managedFields: [] }), APPLY, 400, /must be nil/],
    ["?fieldManager=me", { ...map({}), foo: 1 }, APPLY, 400, /\.foo: field not declared in schema/],
    ["?fieldManager=me", map({ k: "2" }, { resourceVersion: "1" }), APPLY, 409, /modified/],
    ["?fieldManager=me", map({ k: "2" }, { uid: "x" }), APPLY, 409, /Precondition failed/],
    ["?fieldManager=me", map({}, { labels: { "-": "x" } }), APPLY, 422, /metadata.labels/],
  ];
  for (const [query, config, headers, code, why] of refused) {
    const { body } = await api.call("PATCH", `${MAPS}/a${query}`, config, headers);
    assert.deepEqual([body.code, why.test(body.message)], [code, true], JSON.stringify(body));
  }
  const { body } = await api.call("GET", `${MAPS}/a`);
  assert.deepEqual(body.data, { k: "1" });
});

Deno.test("apply: status is applied through its own path", async () => {
  await using api = await startApi();
  const pod = podNamed("web");
  await api.call("POST", `${NS}/pods?fieldManager=maker`, pod);
  const config = { apiVersion: "v1", kind: "Pod", metadata: { name: "web" } };
  const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
  const query = "?fieldManager=kubelet";
  const path = `${NS}/pods/web`;
  const main = await api.call("PATCH", `${path}${query}`, { ...config, status }, APPLY);
  assert.equal(main.body.status.phase, "Pending");
  const spec = { nodeName: "elsewhere" };
  const body = { ...config, spec, status };
  const applied = await api.call("PATCH", `${path}/status${query}`, body, APPLY);
  assert.deepEqual([applied.code, applied.body.status.phase], [200, "Running"]);
  assert.equal(applied.body.spec.nodeName, undefined);
  assert.deepEqual(heldIn(applied.body)["kubelet Apply status"], {
    "f:status": {
      "f:conditions": { 'k:{"type":"Ready"}': { ".": {}, "f:status": {}, "f:type": {} } },
      "f:phase": {},
    },
  });
  const fewer = { ...config, status: { phase: "Running" } };
  const less = await api.call("PATCH", `${path}/status${query}`, fewer, APPLY);
  assert.equal(less.body.status.conditions, undefined);
  const missing = await api.call("PATCH", `${NS}/pods/none/status${query}`, {
    ...config,
    metadata: {},
  }, APPLY);
  assert.equal(missing.code, 404);
});

const controller = (replicas: number) => ({
  apiVersion: "v1",
  kind: "ReplicationController",
  metadata: { name: "web" },
  spec: {
    replicas,
    selector: { app: "web" },
    template: { metadata: { labels: { app: "web" } }, spec: (podNamed("x") as Json)["spec"] },
  },
});

Deno.test("apply: who scales holds the replicas", async () => {
  await using api = await startApi();
  const path = `${RCS}/web?fieldManager=me`;
  await api.call("PATCH", path, controller(1), APPLY);
  const scale = { spec: { replicas: 3 } };
  await api.call("PATCH", `${RCS}/web/scale?fieldManager=scaler`, scale, MERGE);
  const { body } = await api.call("GET", `${RCS}/web`);
  assert.deepEqual(heldIn(body)["scaler Update scale"], { "f:spec": { "f:replicas": {} } });
  const refused = await api.call("PATCH", path, controller(1), APPLY);
  assert.equal(
    refused.body.message,
    'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using v1: ' +
      ".spec.replicas",
  );
  const applied = await api.call("PATCH", `${RCS}/web/scale?fieldManager=hpa&force=true`, {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: { name: "web" },
    spec: { replicas: 5 },
  }, APPLY);
  assert.deepEqual([applied.code, applied.body.spec], [200, { replicas: 5 }]);
  const { body: scaled } = await api.call("GET", `${RCS}/web`);
  assert.deepEqual(heldIn(scaled)["hpa Apply scale"], { "f:spec": { "f:replicas": {} } });
});

Deno.test("apply: kubectl takes over what its client-side apply said", async () => {
  await using api = await startApi();
  const last = JSON.stringify(map({ k: "1", j: "1" }));
  const annotations = { "kubectl.kubernetes.io/last-applied-configuration": last };
  const query = "?fieldManager=kubectl-client-side-apply";
  await api.call("POST", `${MAPS}${query}`, map({ k: "1", j: "1" }, { annotations }));
  assert.equal((await apply(api, "other", map({ k: "2" }))).code, 409);
  const taken = await apply(api, "kubectl", map({ k: "2" }));
  assert.deepEqual([taken.code, taken.body.data.k], [200, "2"]);
  const [said] = Object.values(taken.body.metadata.annotations) as string[];
  assert.deepEqual(JSON.parse(said!), map({ k: "2" }));
  await api.call("PATCH", `${MAPS}/a?fieldManager=editor`, { data: { k: "3" } }, MERGE);
  assert.equal((await apply(api, "kubectl", map({ k: "4" }))).code, 409, "it has changed since");
});

Deno.test("managed fields: who does not say is known by the user agent", async () => {
  await using api = await startApi();
  const { body } = await api.call("POST", MAPS, map({ k: "1" }), {
    "user-agent": "shop-operator/v1.2 (linux)",
  });
  const fields = { "f:data": { ".": {}, "f:k": {} } };
  assert.deepEqual(heldIn(body), { "shop-operator Update": fields });
});

Deno.test("managed fields: an empty list or entry forgets all, anything wrong is not heard", async () => {
  await using api = await startApi();
  await api.call("POST", `${MAPS}?fieldManager=maker`, map({ k: "1" }));
  const { body: made } = await api.call("GET", `${MAPS}/a`);
  const entry = made.metadata.managedFields[0];
  const wrong: unknown[] = [
    [{ ...entry, operation: "Steal" }],
    [{ ...entry, fieldsV1: { nonsense: {} } }],
    [{ ...entry, fieldsV1: { "k:{": {} } }],
    [{ ...entry, fieldsV1: "x" }],
    [{ manager: "m" }],
  ];
  for (const managedFields of wrong) {
    const { body } = await api.call("PATCH", `${MAPS}/a`, { metadata: { managedFields } }, MERGE);
    assert.deepEqual(body.metadata.managedFields, made.metadata.managedFields);
  }
  const kept = await api.call("PUT", `${MAPS}/a`, map({ k: "1" }));
  assert.deepEqual(kept.body.metadata.managedFields, made.metadata.managedFields);
  for (const value of [[{}], []]) {
    await api.call("PATCH", `${MAPS}/a`, { metadata: { managedFields: [entry] } }, MERGE);
    const reset = [{ op: "add", path: "/metadata/managedFields", value }];
    const { body } = await api.call("PATCH", `${MAPS}/a`, reset, JSON_PATCH);
    assert.equal(body.metadata.managedFields, undefined);
  }
  const first = await apply(api, "me", map({ k: "2" }));
  assert.equal(
    first.body.message,
    'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.k',
  );
});

Deno.test("managed fields: the oldest of many updates become one entry", async () => {
  await using api = await startApi();
  await apply(api, "me", map({}));
  for (let i = 0; i < 13; i += 1) {
    const patch = { data: { [`k${i}`]: "x" } };
    await api.call("PATCH", `${MAPS}/a?fieldManager=m${i}`, patch, MERGE);
  }
  const { body } = await api.call("GET", `${MAPS}/a`);
  const updates = Object.entries(heldIn(body)).filter(([name]) => name.endsWith("Update"));
  assert.equal(updates.length, 10);
  const ancient = Object.fromEntries(updates)["ancient-changes Update"] as { "f:data": Json };
  assert.equal(Object.keys(ancient["f:data"]).filter((step) => step !== ".").length, 4);
});

Deno.test("apply: custom kinds merge by what their schema says", async () => {
  await using api = await startApi();
  const item = { type: "object", properties: { name: { type: "string" }, v: { type: "integer" } } };
  const properties = {
    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    items: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: { ...item, required: ["name"] },
    },
  };
  const openAPIV3Schema = { type: "object", properties: { spec: { type: "object", properties } } };
  await api.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "things.x.io" },
    spec: {
      group: "x.io",
      scope: "Namespaced",
      names: { plural: "things", singular: "thing", kind: "Thing" },
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  });
  const applied = (manager: string, spec: Json) =>
    api.call("PATCH", `/apis/x.io/v1/namespaces/default/things/a?fieldManager=${manager}`, {
      ...{ apiVersion: "x.io/v1", kind: "Thing", metadata: { name: "a" }, spec },
    }, APPLY);
  await applied("a", { items: [{ name: "p", v: 1 }], free: { x: { one: 1 } } });
  const { body } = await applied("b", { items: [{ name: "q", v: 2 }], free: { x: { two: [2] } } });
  assert.deepEqual(body.spec, {
    items: [{ name: "p", v: 1 }, { name: "q", v: 2 }],
    free: { x: { one: 1, two: [2] } },
  });
  const refused = await applied("b", { items: [{ name: "p", v: 3 }] });
  assert.match(refused.body.message, /conflict with "a": \.spec\.items\[name="p"\]\.v$/);
  const { body: fewer } = await applied("a", {});
  assert.deepEqual(fewer.spec, { items: [{ name: "q", v: 2 }], free: { x: { two: [2] } } });
});
