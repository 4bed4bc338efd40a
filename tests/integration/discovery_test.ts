import assert from "node:assert/strict";
import { startApi } from "./harness.ts";

const aggregated = (version: string) => ({
  accept:
    `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList,application/json`,
});

Deno.test("discovery: the old form, with its keys in Kubernetes's order", async () => {
  await using api = await startApi();
  assert.deepEqual((await api.call("GET", "/api")).body.versions, ["v1"]);
  const groups = (await api.call("GET", "/apis")).body.groups;
  const names = groups.map(({ name }: { name: string }) => name);
  for (const group of ["authorization.k8s.io", "rbac.authorization.k8s.io"]) {
    assert.equal(names.filter((name: string) => name === group).length, 1);
  }
  const text = await (await api.raw("GET", "/api/v1")).text();
  assert.ok(text.includes(
    '{"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["create","delete",' +
      '"deletecollection","get","list","patch","update","watch"],"shortNames":["po"],' +
      '"categories":["all"],"storageVersionHash":"xPOwRZ+Yhw8="}',
  ));
  assert.ok(text.includes(
    '{"name":"replicationcontrollers/scale","singularName":"","namespaced":true,' +
      '"group":"autoscaling","version":"v1","kind":"Scale","verbs":["get","patch","update"]}',
  ));
  assert.ok(
    text.includes('{"name":"bindings","singularName":"","namespaced":true,"kind":"Binding"'),
  );
  const group = await api.call("GET", "/apis/coordination.k8s.io");
  assert.equal(group.body.preferredVersion.groupVersion, "coordination.k8s.io/v1");
  const leases = await api.call("GET", "/apis/coordination.k8s.io/v1");
  assert.equal(leases.body.resources[0].name, "leases");
});

Deno.test("discovery: the new form, in both versions, with the content type that clients compare", async () => {
  await using api = await startApi();
  for (const version of ["v2", "v2beta1"]) {
    for (const path of ["/api", "/apis"]) {
      const { body, headers } = await api.call("GET", path, undefined, aggregated(version));
      const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
      assert.equal(headers.get("content-type"), type);
      assert.deepEqual([body.kind, body.apiVersion], [
        "APIGroupDiscoveryList",
        `apidiscovery.k8s.io/${version}`,
      ]);
      assert.equal(body.items.length > 0, true);
    }
  }
  const { body } = await api.call("GET", "/api", undefined, aggregated("v2"));
  const [{ resources }] = body.items[0].versions;
  const pods = resources.find((one: { resource: string }) => one.resource === "pods");
  assert.deepEqual(pods.responseKind, { group: "", version: "v1", kind: "Pod" });
  assert.ok(pods.subresources.some((one: { subresource: string }) => one.subresource === "log"));
});

Deno.test("documents: a client that has one is told so", async () => {
  await using api = await startApi();
  for (const path of ["/api", "/apis", "/api/v1", "/openapi/v2", "/openapi/v3", "/version"]) {
    const first = await api.call("GET", path);
    assert.equal(first.code, 200);
    const etag = first.headers.get("etag") ?? "";
    const second = await api.call("GET", path, undefined, { "if-none-match": etag });
    assert.deepEqual([second.code, second.body], [304, ""]);
  }
});

Deno.test("openapi: v2 in protobuf has every definition, v3 leads from its index to its documents", async () => {
  await using api = await startApi();
  const asked = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
  const packed = await api.raw("GET", "/openapi/v2", { accept: asked });
  assert.equal(
    packed.headers.get("content-type"),
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
  );
  const text = new TextDecoder().decode(await packed.arrayBuffer());
  const { definitions } = (await api.call("GET", "/openapi/v2")).body;
  for (const name of Object.keys(definitions)) assert.ok(text.includes(name), name);
  const index = (await api.call("GET", "/openapi/v3")).body;
  const document = await api.call("GET", index.paths["api/v1"].serverRelativeURL);
  assert.ok(document.body.components.schemas["io.k8s.api.core.v1.Pod"]);
});

Deno.test("health: ok, and with its checks on demand; one that fails fails the probe", async () => {
  await using api = await startApi({ checks: { agent: () => "down" } });
  assert.equal((await api.call("GET", "/livez/ping")).body, "ok");
  const verbose = await api.call("GET", "/readyz?verbose");
  assert.equal(verbose.code, 500);
  assert.equal(verbose.body, "[+]ping ok\n[-]agent failed: reason withheld\nreadyz check failed\n");
  assert.equal((await api.call("GET", "/readyz/nope")).code, 404);
});

Deno.test("metrics: count requests and watchers", async () => {
  await using api = await startApi();
  await api.call("GET", "/api/v1/nodes");
  const watch = await api.watch("/api/v1/nodes?watch=true");
  const { body } = await api.call("GET", "/metrics");
  assert.match(body, /apiserver_request_total\{verb="LIST",.*resource="nodes".*code="200"\} 1\n/);
  assert.match(body, /apiserver_longrunning_requests\{verb="WATCH",.*resource="nodes".*\} 1\n/);
  await watch.close();
});

Deno.test("HEAD: says what GET would, without the body", async () => {
  await using api = await startApi();
  for (const path of ["/api/v1/nodes", "/api/v1/nodes?watch=true", "/version"]) {
    const response = await api.raw("HEAD", path);
    assert.deepEqual([response.status, await response.text()], [200, ""]);
  }
});
