import assert from "node:assert/strict";
import { adviser } from "../../cmd/advice.ts";
import type { KubeApi } from "../../api/http/app.ts";
import { nodeWith } from "../../scheduler/fake_world.ts";
import { ADMIN_TOKEN, startApi } from "./harness.ts";

/** With the answers that a master gives. */
async function startAdvised(more: Parameters<typeof startApi>[0] = {}) {
  const made: { api?: KubeApi } = {};
  const server = await startApi({ ...more, advise: adviser(() => made.api!.reads) });
  made.api = server.api;
  return server;
}

const EXPLAIN = "/apis/wherry.dev/v1/namespaces/default";

Deno.test("explain and whatif: answered below /apis/wherry.dev/v1, as JSON and as text", async () => {
  await using server = await startAdvised();
  const pods = "/api/v1/namespaces/default/pods";
  const room = { cpu: "1", memory: "1Gi", pods: "10" };
  await server.call("POST", "/api/v1/nodes", nodeWith("n1", room));
  const container = { name: "c", image: "i", resources: { requests: { cpu: "2" } } };
  await server.call("POST", pods, { metadata: { name: "big" }, spec: { containers: [container] } });
  const path = "/apis/wherry.dev/v1/namespaces/default/pods/big/explain";
  const { code, body } = await server.call("GET", path);
  assert.deepEqual([code, body.kind], [200, "PodExplanation"]);
  const text = await (await server.raw("GET", `${path}?output=text`)).text();
  assert.match(text, /free 1000m cpu on node n1/);
  const gone = await server.call("GET", "/apis/wherry.dev/v1/nodes/n1/whatif?gone=true");
  assert.deepEqual([gone.code, gone.body.moves], [200, []]);
  const wrong = await server.call("GET", "/apis/wherry.dev/v1/nodes/n1/whatif");
  assert.equal(wrong.code, 400);
  const none = await server.call("GET", path.replace("big", "none"));
  assert.equal(none.code, 404);
  const unknown = await server.call("GET", "/apis/wherry.dev/v1/nothing");
  assert.equal(unknown.code, 404);
  const list = await server.call("GET", "/apis/wherry.dev/v1");
  assert.equal(list.body.kind, "APIResourceList");
});

Deno.test("whatif: scaled down, by the controllers' own plans, with services, budgets and who else has a say", async () => {
  await using server = await startAdvised();
  const labels = { app: "web" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
  const sets = "/apis/apps/v1/namespaces/default/replicasets";
  const set = await server.call("POST", sets, {
    metadata: { name: "web" },
    spec: { replicas: 3, selector: { matchLabels: labels }, template },
  });
  const { uid } = set.body.metadata;
  const ownerReferences = [
    { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid, controller: true },
  ];
  const pods = "/api/v1/namespaces/default/pods";
  for (const name of ["a", "b", "c"]) {
    const metadata = { name, labels, ownerReferences };
    await server.call("POST", pods, { metadata, spec: template.spec });
    const conditions = [{ type: "Ready", status: name === "b" ? "False" : "True" }];
    const patch = { "content-type": "application/merge-patch+json" };
    await server.call("PATCH", `${pods}/${name}/status`, { status: { conditions } }, patch);
  }
  await server.call("POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", {
    metadata: { name: "web" },
    spec: { minAvailable: 2, selector: { matchLabels: labels } },
  });
  await server.call("POST", "/api/v1/namespaces/default/services", {
    metadata: { name: "web" },
    spec: { selector: labels, ports: [{ port: 80 }] },
  });
  await server.call("POST", "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers", {
    metadata: { name: "web" },
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web" },
      maxReplicas: 9,
    },
  });
  const { code, body } = await server.call("GET", `${EXPLAIN}/replicasets/web/whatif?replicas=1`);
  assert.equal(code, 200);
  const deleted = body.deleted.map(({ name }: { name: string }) => name);
  assert.deepEqual([deleted[0], deleted.length], ["b", 2]);
  const at = { namespace: "default", name: "web" };
  assert.deepEqual(body.servicesWithFewerEndpoints, [{ ...at, ready: 2, left: 1 }]);
  assert.deepEqual(body.budgetsHurt, [{ ...at, healthy: 1, wanted: 2 }]);
  assert.deepEqual(body.notes, ["HorizontalPodAutoscaler web keeps its size from 1 to 9"]);
  const none = await server.call("GET", `${EXPLAIN}/replicasets/web/whatif?replicas=0`);
  assert.deepEqual(none.body.servicesWithoutEndpoints, [at]);
  for (const replicas of ["-1", "1.5", "x", ""]) {
    const path = `${EXPLAIN}/replicasets/web/whatif?replicas=${replicas}`;
    const wrong = await server.call("GET", path);
    assert.equal(wrong.code, 400);
    assert.match(wrong.body.message, /replicas must be a whole number from 0 to 10003/);
  }
  const { items } = (await server.call("GET", pods)).body;
  assert.equal(items.length, 3);
});

Deno.test("explain: of any object who wrote what, who holds it, and who it comes from", async () => {
  await using server = await startAdvised();
  const sets = "/apis/apps/v1/namespaces/default/replicasets";
  const labels = { app: "web" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
  const by = (name: string) => ({ "user-agent": `${name}/v1` });
  const set = await server.call("POST", sets, {
    metadata: { name: "web" },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  }, by("kubectl"));
  const ownerReferences = [{
    ...{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: set.body.metadata.uid },
    controller: true,
  }];
  const pods = "/api/v1/namespaces/default/pods";
  await server.call("POST", pods, {
    metadata: { name: "web-1", labels, ownerReferences },
    spec: template.spec,
  }, by("controllers"));
  const patch = { "content-type": "application/merge-patch+json", ...by("someone") };
  await server.call("PATCH", `${sets}/web`, { spec: { replicas: 3 } }, patch);

  const { body } = await server.call("GET", `${EXPLAIN}/replicasets/web/explain`);
  assert.equal(body.kind, "ObjectStory");
  const told = body.writes.map((
    { verb, by, changes }: Record<string, unknown>,
  ) => [verb, by, changes]);
  assert.deepEqual(told, [
    ["created", ["kubectl"], []],
    ["changed", ["someone"], ["metadata.generation: 1 → 2", "spec.replicas: 1 → 3"]],
  ]);
  const holders = body.holders.map((
    { manager, fields }: { manager: string; fields: string[] },
  ) => [manager, fields.includes("spec.replicas")]);
  assert.deepEqual(holders, [["kubectl", false], ["someone", true]]);

  const pod = await server.call("GET", `${EXPLAIN}/pods/web-1/explain`);
  assert.equal(pod.body.kind, "PodExplanation");
  const origins = pod.body.story.origins.map(({ kind, name, by }: Record<string, unknown>) =>
    `${kind} ${name} by ${by}`
  );
  assert.deepEqual(origins, ["ReplicaSet web by kubectl", "Pod web-1 by controllers"]);

  await server.call("DELETE", `${sets}/web`, { propagationPolicy: "Orphan" });
  const text = await (await server.raw("GET", `${EXPLAIN}/replicasets/web/explain?output=text`))
    .text();
  assert.match(text, /ReplicaSet default\/web[^]*spec.replicas: 1 → 3/);
});

Deno.test("explain: secrets keep their values, and who may not read an object learns nothing of it", async () => {
  const tokens = new Map([
    [ADMIN_TOKEN, { name: "admin", groups: ["system:masters"] }],
    ["bob", { name: "bob", groups: [] }],
  ]);
  await using server = await startAdvised({ tokens });
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const apiGroup = "rbac.authorization.k8s.io";
  await server.call("POST", `${rbac}/clusterroles`, {
    metadata: { name: "asks" },
    rules: [{ verbs: ["get"], nonResourceURLs: ["/apis/wherry.dev/*"] }],
  });
  await server.call("POST", `${rbac}/clusterrolebindings`, {
    metadata: { name: "bob" },
    roleRef: { apiGroup, kind: "ClusterRole", name: "asks" },
    subjects: [{ apiGroup, kind: "User", name: "bob" }],
  });
  const secrets = "/api/v1/namespaces/default/secrets";
  await server.call("POST", secrets, { metadata: { name: "s" }, data: { a: "b2xk" } });
  const patch = { "content-type": "application/merge-patch+json" };
  await server.call("PATCH", `${secrets}/s`, { data: { a: "bmV3" } }, patch);
  const path = `${EXPLAIN}/secrets/s/explain`;
  const { body } = await server.call("GET", path);
  assert.deepEqual(body.writes[1].changes, ["data.a"]);
  const asBob = { authorization: "Bearer bob" };
  assert.equal((await server.call("GET", path, undefined, asBob)).code, 403);
  assert.equal((await server.call("GET", "/apis/wherry.dev/v1", undefined, asBob)).code, 200);
});

Deno.test("explain: its group is told where clients look for groups", async () => {
  await using server = await startAdvised();
  const { body } = await server.call("GET", "/apis");
  const names = body.groups.map(({ name }: { name: string }) => name);
  assert.equal(names.at(-1), "wherry.dev");
  const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
  const all = await server.call("GET", "/apis", undefined, { accept });
  assert.equal(all.body.items.at(-1).metadata.name, "wherry.dev");
  const group = await server.call("GET", "/apis/wherry.dev");
  assert.deepEqual([group.code, group.body.name], [200, "wherry.dev"]);
});
