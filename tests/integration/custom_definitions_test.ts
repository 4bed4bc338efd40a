import assert from "node:assert/strict";
import { type Json, startApi } from "./harness.ts";
import {
  definition,
  DEFINITIONS,
  SCHEMA,
  VERSION,
  widget,
  WIDGETS,
  withWidgets,
} from "./widgets.ts";

const MERGE = { "content-type": "application/merge-patch+json" };
const AGGREGATED = {
  accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
};

Deno.test("custom resources: a definition is established at once, and served in the next call", async () => {
  await using api = await startApi();
  assert.equal((await api.call("GET", WIDGETS)).code, 404);
  const before = (await api.call("GET", "/apis", undefined, AGGREGATED)).headers.get("etag");
  const { body } = await api.call("POST", DEFINITIONS, definition());
  const conditions = body.status.conditions.map((one: Json) => `${one["type"]}=${one["status"]}`);
  assert.deepEqual(conditions, ["NamesAccepted=True", "Established=True"]);
  assert.deepEqual(body.status.storedVersions, ["v1"]);
  assert.deepEqual(body.status.acceptedNames, body.spec.names);
  assert.equal(body.spec.names.listKind, "WidgetList");
  assert.deepEqual(body.metadata.finalizers, ["customresourcecleanup.apiextensions.k8s.io"]);
  assert.equal((await api.call("GET", WIDGETS)).body.kind, "WidgetList");
  const found = await api.call("GET", "/apis", undefined, AGGREGATED);
  assert.notEqual(found.headers.get("etag"), before);
  const group = found.body.items.find((one: { metadata: Json }) =>
    one.metadata["name"] === "example.com"
  );
  assert.equal(group.versions[0].resources[0].resource, "widgets");
  const plain = await api.call("GET", "/apis/example.com/v1");
  assert.deepEqual(plain.body.resources.map(({ name }: { name: string }) => name), [
    "widgets",
    "widgets/scale",
    "widgets/status",
  ]);
  const v3 = await api.call("GET", "/openapi/v3/apis/example.com/v1");
  const { schemas } = v3.body.components;
  assert.equal(schemas["com.example.v1.Widget"].properties.spec.properties.size.maximum, 10);
  const v2 = await api.call("GET", "/openapi/v2");
  assert.equal(v2.body.definitions["com.example.v1.Widget"].type, "object");
});

Deno.test("custom resources: versions show the same objects", async () => {
  const beta = { ...VERSION, name: "v1beta1", storage: false, deprecated: true };
  await using api = await withWidgets([VERSION, beta]);
  const path = WIDGETS.replace("/v1/", "/v1beta1/");
  const watch = await api.watch(`${path}?watch=true`);
  const created = await api.call("POST", path, {
    ...widget("a"),
    apiVersion: "example.com/v1beta1",
  });
  assert.equal(created.body.apiVersion, "example.com/v1beta1");
  assert.match(created.headers.get("warning") ?? "", /v1beta1 Widget is deprecated/);
  const { body } = await api.call("GET", `${WIDGETS}/a`);
  assert.deepEqual(body, { ...created.body, apiVersion: "example.com/v1" });
  const group = await api.call("GET", "/apis/example.com");
  assert.equal(group.body.preferredVersion.version, "v1");
  assert.equal((await watch.next())?.object.apiVersion, "example.com/v1beta1");
  await watch.close();
  const list = await api.call("GET", path);
  assert.equal(list.body.items[0].apiVersion, "example.com/v1beta1");
});

Deno.test("custom resources: lists are named as the definition says", async () => {
  await using api = await startApi();
  const created = await api.call(
    "POST",
    DEFINITIONS,
    definition([VERSION], { listKind: "Widgetry" }),
  );
  assert.equal(created.code, 201, created.body.message);
  assert.equal((await api.call("GET", WIDGETS)).body.kind, "Widgetry");
  const { body } = await api.call("GET", "/openapi/v3/apis/example.com/v1");
  assert.ok(JSON.stringify(body).includes('"kind":"Widgetry"'));
});

Deno.test("custom resources: what was stored in one version is there when another is stored", async () => {
  const [v1, v2] = [VERSION, { ...VERSION, name: "v2", storage: false }];
  await using api = await withWidgets([v1, v2]);
  await api.call("POST", WIDGETS, widget("old"));
  const switched = [{ ...v1, storage: false }, { ...v2, storage: true }];
  const { code, body } = await api.call(
    "PATCH",
    `${DEFINITIONS}/widgets.example.com`,
    { spec: { versions: switched } },
    { "content-type": "application/merge-patch+json" },
  );
  assert.deepEqual([code, body.status.storedVersions], [200, ["v1", "v2"]]);
  const merge = { "content-type": "application/merge-patch+json" };
  for (const version of ["v1", "v2"]) {
    const path = WIDGETS.replace("/v1/", `/${version}/`);
    const { body: list } = await api.call("GET", path);
    assert.equal(list.items[0].apiVersion, `example.com/${version}`);
    const changed = await api.call("PATCH", `${path}/old`, { spec: { size: 2 } }, merge);
    assert.deepEqual([changed.code, changed.body.apiVersion], [200, `example.com/${version}`]);
  }
});

Deno.test("custom resources: a changed definition fills in and drops in what is stored", async () => {
  await using api = await withWidgets();
  await api.call("POST", WIDGETS, widget("a"));
  const { body } = await api.call("GET", `${DEFINITIONS}/widgets.example.com`);
  const spec = body.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties;
  spec.shape = { type: "string", default: "round" };
  delete spec.color;
  delete body.spec.versions[0].selectableFields;
  const updated = await api.call("PUT", `${DEFINITIONS}/widgets.example.com`, body);
  assert.equal(updated.code, 200, JSON.stringify(updated.body));
  const shown = await api.call("GET", `${WIDGETS}/a`);
  assert.deepEqual(shown.body.spec, { size: 3, replicas: 1, shape: "round" });
});

Deno.test("custom resources: a deleted definition takes its objects along", async () => {
  await using api = await withWidgets();
  await api.call("POST", WIDGETS, widget("a"));
  const held = { ...widget("b"), metadata: { name: "b", finalizers: ["example.com/hold"] } };
  await api.call("POST", WIDGETS, held);
  const watch = await api.watch(`${DEFINITIONS}?watch=true`);
  await watch.take(1);
  const widgets = await api.watch(`${WIDGETS}?watch=true&fieldSelector=metadata.name%3Da`);
  await api.call("DELETE", `${DEFINITIONS}/widgets.example.com`);
  assert.deepEqual(await widgets.take(2), ["ADDED a", "DELETED a"]);
  await widgets.close();
  const event = await watch.next();
  assert.ok(event?.object.status.conditions.some((one: Json) => one["type"] === "Terminating"));
  assert.equal((await api.call("POST", WIDGETS, widget("c"))).code, 405);
  await api.call("PATCH", `${WIDGETS}/b`, { metadata: { finalizers: null } }, MERGE);
  assert.deepEqual(await watch.take(1), ["DELETED widgets.example.com"]);
  await watch.close();
  assert.equal((await api.call("GET", WIDGETS)).code, 404);
  assert.equal((await api.call("GET", "/apis/example.com")).code, 404);
  await api.call("POST", DEFINITIONS, definition());
  assert.deepEqual((await api.call("GET", WIDGETS)).body.items, []);
});

Deno.test("custom resources: names that are taken wait until they are free", async () => {
  await using api = await withWidgets();
  const other = {
    ...definition([VERSION], { plural: "gadgets", kind: "Gadget" }),
    metadata: { name: "gadgets.example.com" },
  };
  const { body } = await api.call("POST", DEFINITIONS, other);
  assert.equal(body.status.conditions[0].message, '"wd" is already in use');
  assert.equal(body.status.conditions[1].status, "False");
  const gadgets = WIDGETS.replace("widgets", "gadgets");
  assert.equal((await api.call("GET", gadgets)).code, 404);
  const watch = await api.watch(
    `${DEFINITIONS}?watch=true&fieldSelector=metadata.name%3Dgadgets.example.com`,
  );
  await watch.take(1);
  await api.call("DELETE", `${DEFINITIONS}/widgets.example.com`);
  const event = await watch.next();
  assert.equal(event?.object.status.conditions[1].status, "True");
  await watch.close();
  assert.equal((await api.call("GET", gadgets)).code, 200);
});

Deno.test("custom resources: rules that are not evaluated are named in a warning", async () => {
  await using api = await startApi();
  const spec = {
    ...SCHEMA.properties.spec,
    "x-kubernetes-validations": [{ rule: "self.isSorted()" }],
  };
  const schema = { ...SCHEMA, properties: { ...SCHEMA.properties, spec } };
  const version = { ...VERSION, schema: { openAPIV3Schema: schema } };
  const created = await api.call("POST", DEFINITIONS, definition([version]));
  assert.equal(created.code, 201);
  assert.match(created.headers.get("warning") ?? "", /stored but not evaluated/);
});

Deno.test("custom resources: a definition that is wrong is refused with every reason", async () => {
  await using api = await startApi();
  const schema = {
    type: "object",
    properties: { spec: { properties: { a: { type: "strnig" } } } },
  };
  const version = { name: "v1", served: true, storage: false, schema: { openAPIV3Schema: schema } };
  const wrong = { ...definition([version]), metadata: { name: "gadgets.example.com" } };
  const refused = await api.call("POST", DEFINITIONS, wrong);
  assert.equal(refused.code, 422);
  const at = "spec.versions[0].schema.openAPIV3Schema.properties[spec]";
  assert.deepEqual(refused.body.details.causes.map((one: Json) => one["field"]), [
    "metadata.name",
    `${at}.type`,
    `${at}.properties[a].type`,
    "spec.versions",
  ]);
});

Deno.test("custom resources: another server on the same store serves them from its first moment", async () => {
  const first = await withWidgets();
  await first.call("POST", WIDGETS, widget("a"));
  const second = await startApi({ store: first.store });
  assert.equal((await second.call("GET", `${WIDGETS}/a`)).body.spec.size, 3);
  const watch = await second.watch(`${DEFINITIONS}?watch=true`);
  await first.call("DELETE", `${DEFINITIONS}/widgets.example.com`);
  for (let event = await watch.next(); event?.type !== "DELETED";) event = await watch.next();
  await watch.close();
  assert.equal((await second.call("GET", WIDGETS)).code, 404);
  second.api.close();
  await first[Symbol.asyncDispose]();
});

Deno.test("custom resources: schemas without an end are refused", async () => {
  await using api = await startApi();
  for (const [open, close] of [['{"not":', "}"], ['{"properties":{"a":', "}}"]] as const) {
    const deep = `${open.repeat(5_000)}{}${close.repeat(5_000)}`;
    const text = JSON.stringify(definition()).replace(JSON.stringify(SCHEMA), deep);
    const { code } = await api.call("POST", DEFINITIONS, text);
    assert.ok(code === 400 || code === 422, String(code));
  }
});

Deno.test("custom resources: definitions that serve nothing can be deleted", async () => {
  await using api = await withWidgets();
  await api.call("POST", WIDGETS, widget("a"));
  const taken = {
    ...definition([VERSION], { plural: "gadgets" }),
    metadata: { name: "gadgets.example.com" },
  };
  await api.call("POST", DEFINITIONS, taken);
  const hidden = [{ op: "replace", path: "/spec/versions/0/served", value: false }];
  const type = { "content-type": "application/json-patch+json" };
  await api.call("PATCH", `${DEFINITIONS}/widgets.example.com`, hidden, type);
  assert.equal((await api.call("GET", WIDGETS)).code, 404);
  for (const name of ["gadgets", "widgets"]) {
    const query = `watch=true&fieldSelector=metadata.name%3D${name}.example.com`;
    const watch = await api.watch(`${DEFINITIONS}?${query}`);
    await api.call("DELETE", `${DEFINITIONS}/${name}.example.com`);
    assert.deepEqual(
      await watch.take(3),
      ["ADDED", "MODIFIED", "DELETED"].map((type) => `${type} ${name}.example.com`),
    );
    await watch.close();
  }
  await api.call("POST", DEFINITIONS, definition());
  assert.deepEqual((await api.call("GET", WIDGETS)).body.items, []);
});
