import assert from "node:assert/strict";
import { type Json, podNamed, startApi } from "./harness.ts";
import { as, isRefused, must } from "./rights.ts";

const DEFAULT = "/api/v1/namespaces/default";
const NODE = as("system:node:n1", "system:nodes");

Deno.test("node: its own node, lease and pods, and what these refer to", async () => {
  await using api = await startApi();
  for (const name of ["n1", "n2"]) await must(api, "POST", "/api/v1/nodes", { metadata: { name } });
  for (const name of ["used", "unused"]) {
    await must(api, "POST", `${DEFAULT}/secrets`, { metadata: { name } });
    await must(api, "POST", `${DEFAULT}/configmaps`, { metadata: { name } });
  }
  const pod = (name: string, nodeName: string, volumes: Json[] = []) => {
    const containers = [{ name: "a", image: "b" }];
    return podNamed(name, { spec: { nodeName, containers, volumes } });
  };
  const volumes = [{ name: "v", secret: { secretName: "used" } }];
  await must(api, "POST", `${DEFAULT}/pods`, pod("mine", "n1", volumes));
  await must(api, "POST", `${DEFAULT}/pods`, pod("theirs", "n2"));
  const leases = "/apis/coordination.k8s.io/v1/namespaces";
  const cases: [string, string, boolean][] = [
    ["GET", "/api/v1/nodes/n1", true],
    ["GET", "/api/v1/nodes/n2", false],
    ["GET", "/api/v1/nodes", true],
    ["GET", "/api/v1/nodes?fieldSelector=metadata.name%3Dn1", true],
    ["PATCH", "/api/v1/nodes/n1/status", true],
    ["PATCH", "/api/v1/nodes/n2/status", false],
    ["DELETE", "/api/v1/nodes/n1", false],
    ["GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1", true],
    ["GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dn2", false],
    ["GET", "/api/v1/pods", false],
    ["GET", `${DEFAULT}/pods/mine`, true],
    ["GET", `${DEFAULT}/pods/theirs`, false],
    ["DELETE", `${DEFAULT}/pods/theirs`, false],
    ["GET", `${DEFAULT}/secrets/used`, true],
    ["GET", `${DEFAULT}/secrets/unused`, false],
    ["GET", `${DEFAULT}/secrets`, false],
    ["DELETE", `${DEFAULT}/secrets/used`, false],
    ["GET", `${DEFAULT}/configmaps/used`, false],
    ["GET", `/api/v1/namespaces/other/secrets/used`, false],
    ["PATCH", `${leases}/kube-node-lease/leases/n1`, true],
    ["PATCH", `${leases}/kube-node-lease/leases/n2`, false],
    ["GET", `${leases}/default/leases/n1`, false],
    ["GET", "/api/v1/services", true],
    ["POST", `${DEFAULT}/services`, false],
    ["POST", `${DEFAULT}/events`, true],
    ["GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles", false],
  ];
  for (const [method, path, isAllowed] of cases) {
    assert.equal(await isRefused(api, [method, path], NODE), !isAllowed, `${method} ${path}`);
  }
  const policies = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";
  const policy = { metadata: { name: "deny" }, spec: { podSelector: {} } };
  await must(api, "POST", policies, policy);
  assert.equal(await isRefused(api, ["GET", "/api/v1/pods"], NODE), false);
  assert.equal(await isRefused(api, ["GET", `${DEFAULT}/pods/theirs`], NODE), true);
  await must(api, "DELETE", `${policies}/deny`, {});
  assert.equal(await isRefused(api, ["GET", "/api/v1/pods"], NODE), true);
  const { body: secret } = await api.call("GET", `${DEFAULT}/secrets/unused`, undefined, NODE);
  assert.ok(secret.message.endsWith("no relationship found between node 'n1' and this object"));
  await api.call("DELETE", `${DEFAULT}/pods/mine?gracePeriodSeconds=0`, undefined, NODE);
  assert.equal(await isRefused(api, ["GET", `${DEFAULT}/secrets/used`], NODE), true, "pod is gone");
});

Deno.test("node: what it may write of its own", async () => {
  await using api = await startApi();
  const node = (name: string, labels = {}) => ({ metadata: { name, labels } });
  const create = (body: Json) => api.call("POST", "/api/v1/nodes", body, NODE);
  assert.equal((await create(node("n2"))).code, 403);
  assert.equal((await create(node("n1", { "node-restriction.kubernetes.io/a": "b" }))).code, 403);
  assert.equal((await create(node("n1", { "kubernetes.io/hostname": "n1", team: "a" }))).code, 201);
  const patch = (path: string, body: Json) =>
    api.call("PATCH", path, body, { ...NODE, "content-type": "application/merge-patch+json" });
  const role = { metadata: { labels: { "node-role.kubernetes.io/control-plane": "" } } };
  assert.equal((await patch("/api/v1/nodes/n1", role)).code, 403);
  const taints = [{ key: "a", effect: "NoSchedule" }];
  assert.equal((await patch("/api/v1/nodes/n1", { spec: { taints } })).code, 403);
  assert.equal(
    (await patch("/api/v1/nodes/n1", { metadata: { labels: { team: "b" } } })).code,
    200,
  );
  const refused = await api.call("POST", `${DEFAULT}/pods`, podNamed("a"), NODE);
  assert.equal(refused.code, 403);
  assert.match(refused.body.message, /node "n1" can only create mirror pods/);
});
