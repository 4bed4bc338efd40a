import assert from "node:assert/strict";
import { SUMMARY_AGE_MAX_MS, SUMMARY_TIMEOUT_MS } from "../../api/http/node_summaries.ts";
import { MEASURED_AT as TIME, MeteredNodes } from "./metered_nodes.ts";

const METRICS = "/apis/metrics.k8s.io/v1beta1";

Deno.test("metrics.k8s.io: nodes and pods, from the agents of their nodes", async () => {
  await using world = await MeteredNodes.open(["n1", "n2"]);
  const { api } = world;
  const nodes = await api.call("GET", `${METRICS}/nodes`);
  assert.deepEqual([nodes.code, nodes.body.kind], [200, "NodeMetricsList"]);
  assert.deepEqual(nodes.body.items.map(nameOf), ["n1", "n2"]);
  assert.deepEqual(nodes.body.items[0].usage, { cpu: "250m", memory: "1024Ki" });
  const one = await api.call("GET", `${METRICS}/namespaces/default/pods/web-n1`);
  assert.deepEqual(
    [one.body.kind, one.body.timestamp, one.body.window, one.body.metadata.labels],
    ["PodMetrics", TIME, "15s", { on: "n1" }],
  );
  assert.deepEqual(one.body.containers, [
    { name: "a", usage: { cpu: "1500u", memory: "2Ki" } },
    { name: "b", usage: { cpu: "0", memory: "0Ki" } },
  ]);
});

Deno.test("metrics.k8s.io: selectors, tables, and what is not there", async () => {
  await using world = await MeteredNodes.open(["n1", "n2"]);
  const { api } = world;
  const selected = await api.call("GET", `${METRICS}/pods?labelSelector=on%3Dn2`);
  assert.deepEqual(selected.body.items.map(nameOf), ["web-n2"]);
  assert.deepEqual(world.asked, ["n2"], "agents without a pod that is asked for are left alone");
  const elsewhere = await api.call("GET", `${METRICS}/namespaces/kube-system/pods`);
  assert.deepEqual(elsewhere.body.items, []);
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const table = await api.call("GET", `${METRICS}/namespaces/default/pods`, undefined, { accept });
  assert.deepEqual(table.body.rows.map(({ cells }: { cells: string[] }) => cells), [
    ["web-n1", "1500u", "2Ki", "15s"],
    ["web-n2", "1500u", "2Ki", "15s"],
  ]);
  const missing = await api.call("GET", `${METRICS}/namespaces/default/pods/nobody`);
  const why = 'podmetrics.metrics.k8s.io "default/nobody" not found';
  assert.deepEqual([missing.code, missing.body.message], [404, why]);
  assert.equal((await api.call("POST", `${METRICS}/nodes`, {})).code, 405);
  assert.equal((await api.call("GET", `${METRICS}/nodes?watch=1`)).code, 405);
  const wrong = await api.call("GET", `${METRICS}/nodes?labelSelector=%21%21`);
  assert.equal(wrong.code, 400);
});

Deno.test("metrics.k8s.io: in discovery of both forms, in OpenAPI, and for who may view", async () => {
  await using world = await MeteredNodes.open([]);
  const { api } = world;
  const { body } = await api.call("GET", METRICS);
  assert.deepEqual(
    body.resources.map(({ name, kind, verbs }: Record<string, unknown>) => [name, kind, verbs]),
    [["nodes", "NodeMetrics", ["get", "list"]], ["pods", "PodMetrics", ["get", "list"]]],
  );
  const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  const all = await api.call("GET", "/apis", undefined, { accept });
  const groups = all.body.items.map(({ metadata }: { metadata: { name: string } }) => metadata);
  assert.ok(groups.some(({ name }: { name: string }) => name === "metrics.k8s.io"));
  const openApi = await api.call("GET", `/openapi/v3${METRICS}`);
  assert.ok(openApi.body.paths[`${METRICS}/nodes`].get);
  const view = await api.call("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/view");
  const rules = JSON.stringify(view.body.rules ?? []);
  const parts = await api.call(
    "GET",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:aggregate-to-view",
  );
  assert.match(rules + JSON.stringify(parts.body.rules), /metrics\.k8s\.io/);
});

Deno.test("metrics.k8s.io: an agent that is silent holds up nobody, and is asked again later", async () => {
  await using world = await MeteredNodes.open(["n1", "n2"]);
  world.silent.add("n1");
  const answer = world.api.call("GET", `${METRICS}/nodes`);
  await world.clock.advance(SUMMARY_TIMEOUT_MS);
  assert.deepEqual((await answer).body.items.map(nameOf), ["n2"]);
  const again = await world.api.call("GET", `${METRICS}/nodes`);
  assert.deepEqual(again.body.items.map(nameOf), ["n2"], "answered at once from what is known");
  assert.deepEqual(world.asked, ["n1", "n2"]);
  world.silent.clear();
  await world.clock.advance(SUMMARY_AGE_MAX_MS);
  const later = await world.api.call("GET", `${METRICS}/nodes`);
  assert.deepEqual(later.body.items.map(nameOf), ["n1", "n2"]);
});

Deno.test("metrics.k8s.io: what an agent says wrongly is left out, not passed on", async () => {
  await using world = await MeteredNodes.open(["n1", "n2"]);
  world.says.set("n1", "{ not JSON");
  world.says.set("n2", JSON.stringify({ node: { cpu: { usageNanoCores: -1 } }, pods: [] }));
  const { code, body } = await world.api.call("GET", `${METRICS}/nodes`);
  assert.deepEqual([code, body.items], [200, []]);
});

const nameOf = ({ metadata }: { metadata: { name: string } }) => metadata.name;
