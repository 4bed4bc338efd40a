import assert from "node:assert/strict";
import { type Harness, type Json, startApi } from "./harness.ts";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const WIDGETS = "/apis/example.com/v1/namespaces/default/widgets";
const MERGE = { "content-type": "application/merge-patch+json" };
const TABLE = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };
const PROTOBUF = { accept: "application/vnd.kubernetes.protobuf,application/json" };
const AGGREGATED = {
  accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
};

const SCHEMA = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      required: ["size"],
      properties: {
        size: { type: "integer", minimum: 1, maximum: 10 },
        color: { type: "string", enum: ["red", "blue"], default: "red" },
        replicas: { type: "integer", default: 1 },
        selector: { type: "string" },
        ports: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
          items: {
            type: "object",
            required: ["name"],
            properties: { name: { type: "string" }, port: { "x-kubernetes-int-or-string": true } },
          },
        },
        free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      },
    },
    status: {
      type: "object",
      properties: { replicas: { type: "integer" }, phase: { type: "string" } },
    },
  },
};

const VERSION = {
  name: "v1",
  served: true,
  storage: true,
  schema: { openAPIV3Schema: SCHEMA },
  subresources: {
    status: {},
    scale: {
      specReplicasPath: ".spec.replicas",
      statusReplicasPath: ".status.replicas",
      labelSelectorPath: ".spec.selector",
    },
  },
  selectableFields: [{ jsonPath: ".spec.color" }],
  additionalPrinterColumns: [
    { name: "Size", type: "integer", jsonPath: ".spec.size" },
    { name: "Phase", type: "string", jsonPath: ".status.phase", priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
};

function definition(versions: readonly Json[] = [VERSION], names: Json = {}): Json {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: {
        plural: "widgets",
        kind: "Widget",
        shortNames: ["wd"],
        categories: ["all"],
        ...names,
      },
      versions,
    },
  };
}

function widget(name: string, spec: Json = { size: 3 }, more: Json = {}): Json {
  return { apiVersion: "example.com/v1", kind: "Widget", metadata: { name }, spec, ...more };
}

async function withWidgets(versions?: readonly Json[]): Promise<Harness> {
  const api = await startApi();
  const created = await api.call("POST", DEFINITIONS, definition(versions));
  assert.equal(created.code, 201, JSON.stringify(created.body));
  return api;
}

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

Deno.test("custom resources: every verb", async () => {
  await using api = await withWidgets();
  const watch = await api.watch(`${WIDGETS}?watch=true`);
  const created = await api.call("POST", WIDGETS, widget("a"), PROTOBUF);
  assert.equal(created.code, 201, JSON.stringify(created.body));
  assert.deepEqual(created.body.spec, { size: 3, color: "red", replicas: 1 });
  assert.equal(created.body.metadata.generation, 1);
  assert.deepEqual((await api.call("GET", `${WIDGETS}/a`)).body, created.body);
  const put = await api.call("PUT", `${WIDGETS}/a`, { ...created.body, spec: { size: 4 } });
  assert.equal(put.body.metadata.generation, 2);
  const patched = await api.call("PATCH", `${WIDGETS}/a`, { spec: { color: "blue" } }, MERGE);
  assert.deepEqual(patched.body.spec, { size: 4, color: "blue", replicas: 1 });
  const json = [{ op: "replace", path: "/spec/size", value: 5 }];
  const type = { "content-type": "application/json-patch+json" };
  assert.equal((await api.call("PATCH", `${WIDGETS}/a`, json, type)).body.spec.size, 5);
  const strategic = { "content-type": "application/strategic-merge-patch+json" };
  assert.equal((await api.call("PATCH", `${WIDGETS}/a`, {}, strategic)).code, 415);
  const blue = await api.call("GET", `${WIDGETS}?fieldSelector=spec.color%3Dblue`);
  assert.equal(blue.body.items.length, 1);
  const red = await api.call("GET", `${WIDGETS}?fieldSelector=spec.color%3Dred`);
  assert.equal(red.body.items.length, 0);
  assert.equal((await api.call("DELETE", `${WIDGETS}/a`)).code, 200);
  assert.equal((await api.call("GET", `${WIDGETS}/a`)).code, 404);
  assert.deepEqual(await watch.take(5), [
    "ADDED a",
    "MODIFIED a",
    "MODIFIED a",
    "MODIFIED a",
    "DELETED a",
  ]);
  await watch.close();
});

Deno.test("custom resources: metadata that is no object is refused, as everywhere", async () => {
  await using api = await withWidgets();
  for (const metadata of [0, "x", [null], true]) {
    const { code, body } = await api.call("POST", WIDGETS, { metadata, spec: { size: 1 } });
    assert.deepEqual([code, body.reason], [400, "BadRequest"]);
    assert.match(body.message, /^Widget in version "v1" cannot be handled as a Widget: json: /);
  }
});

Deno.test("custom resources: errors all at once, in Kubernetes's words", async () => {
  await using api = await withWidgets();
  const spec = {
    size: "x",
    color: "green",
    ports: [{ name: "a", port: 80 }, { name: "a", port: true }],
  };
  const refused = await api.call("POST", WIDGETS, widget("a", spec));
  assert.equal(refused.code, 422);
  assert.deepEqual(
    refused.body.details.causes.map((one: Json) => `${one["field"]}: ${one["message"]}`),
    [
      'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
      'spec.color: Unsupported value: "green": supported values: "red", "blue"',
      'spec.ports[1].port: Invalid value: "boolean": spec.ports[1].port in body must be of type integer,string: "boolean"',
      'spec.ports[1]: Duplicate value: {"name":"a"}',
    ],
  );
  const empty = await api.call("POST", WIDGETS, widget("a", undefined, { spec: {} }));
  assert.match(empty.body.message, /spec.size: Required value/);
});

Deno.test("custom resources: unknown fields are refused, warned of or dropped", async () => {
  await using api = await withWidgets();
  const spec = { size: 1, sort: "x", free: { any: [1] } };
  const strict = await api.call("POST", `${WIDGETS}?fieldValidation=Strict`, widget("a", spec));
  assert.equal(strict.code, 400);
  assert.match(strict.body.message, /strict decoding error: unknown field "spec.sort"/);
  const warned = await api.call("POST", `${WIDGETS}?fieldValidation=Warn`, widget("a", spec));
  assert.match(warned.headers.get("warning") ?? "", /unknown field/);
  assert.deepEqual(warned.body.spec, { size: 1, free: { any: [1] }, color: "red", replicas: 1 });
});

Deno.test("custom resources: status and scale are changed through their own paths", async () => {
  await using api = await withWidgets();
  const { body } = await api.call(
    "POST",
    WIDGETS,
    widget("a", { size: 1, selector: "app=a" }, { status: { phase: "Up" } }),
  );
  assert.equal(body.status, undefined);
  const status = { ...body, spec: { size: 9 }, status: { phase: "Up", replicas: 2 } };
  const updated = await api.call("PUT", `${WIDGETS}/a/status`, status);
  assert.equal(updated.body.spec.size, 1);
  assert.deepEqual(updated.body.status, { phase: "Up", replicas: 2 });
  assert.equal(updated.body.metadata.generation, 1);
  const wrong = await api.call("PATCH", `${WIDGETS}/a/status`, { status: { phase: 1 } }, MERGE);
  assert.equal(wrong.code, 422);
  const scale = await api.call("GET", `${WIDGETS}/a/scale`);
  assert.deepEqual(scale.body.spec, { replicas: 1 });
  assert.deepEqual(scale.body.status, { replicas: 2, selector: "app=a" });
  await api.call("PATCH", `${WIDGETS}/a/scale`, { spec: { replicas: 7 } }, MERGE);
  assert.equal((await api.call("GET", `${WIDGETS}/a`)).body.spec.replicas, 7);
});

Deno.test("custom resources: a table of the columns that the definition names", async () => {
  await using api = await withWidgets();
  await api.call("POST", WIDGETS, widget("a"));
  const { body } = await api.call("GET", WIDGETS, undefined, TABLE);
  assert.deepEqual(body.columnDefinitions.map((one: Json) => one["name"]), [
    "Name",
    "Size",
    "Phase",
    "Age",
  ]);
  assert.deepEqual(body.rows[0].cells.slice(0, 3), ["a", 3, null]);
  assert.match(body.rows[0].cells[3], /^\d+s$/);
});

Deno.test("custom resources: server-side apply merges lists by their keys", async () => {
  await using api = await withWidgets();
  const type = { "content-type": "application/apply-patch+yaml" };
  const apply = (manager: string, spec: Json) =>
    api.call("PATCH", `${WIDGETS}/a?fieldManager=${manager}`, widget("a", spec), type);
  const first = await apply("one", { size: 1, ports: [{ name: "a", port: 1 }] });
  assert.equal(first.code, 201, JSON.stringify(first.body));
  const second = await apply("two", { ports: [{ name: "b", port: "http" }] });
  assert.equal(second.code, 200, JSON.stringify(second.body));
  assert.deepEqual(second.body.spec.ports.map(({ name }: Json) => name).sort(), ["a", "b"]);
  assert.equal((await apply("two", { size: 2 })).code, 409);
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
