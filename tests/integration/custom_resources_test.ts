import assert from "node:assert/strict";
import type { Json } from "./harness.ts";
import { widget, WIDGETS, withWidgets } from "./widgets.ts";

const MERGE = { "content-type": "application/merge-patch+json" };
const TABLE = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };
const PROTOBUF = { accept: "application/vnd.kubernetes.protobuf,application/json" };

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
