import assert from "node:assert/strict";
import { openKvLedger } from "../../store/kv_ledger.ts";
import { openStore } from "../../store/mvcc_store.ts";
import { CLOCK, type Harness, type Json, podNamed, startApi } from "./harness.ts";

const QUOTAS = "/api/v1/namespaces/default/resourcequotas";
const PODS = "/api/v1/namespaces/default/pods";

function quota(hard: Json, more: Json = {}): Json {
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "q" },
    spec: { hard, ...more },
  };
}

function podAsking(name: string, resources: Json, more: Json = {}): Json {
  return podNamed(name, {
    spec: { containers: [{ name: "a", image: "nginx", resources }], ...more },
  });
}

async function usedIn({ call }: Harness): Promise<Json> {
  return (await call("GET", `${QUOTAS}/q`)).body.status.used;
}

Deno.test("row 99: 100 creates at one time make exactly as many pods as there may be", async () => {
  const folder = await Deno.makeTempDir({ prefix: "wherry-quota-" });
  const log = () => {};
  const store = await openStore(await openKvLedger(`${folder}/store.db`), { clock: CLOCK, log });
  try {
    await using api = await startApi({ store });
    await api.call("POST", QUOTAS, quota({ pods: "10" }));
    const names = Array.from({ length: 100 }, (_, i) => `p${i}`);
    const answers = await Promise.all(names.map((name) => api.call("POST", PODS, podNamed(name))));
    assert.equal(answers.filter(({ code }) => code === 201).length, 10);
    const refused = answers.filter(({ code }) => code === 403);
    assert.equal(refused.length, 90);
    assert.match(
      refused[0]?.body.message,
      /^pods "p\d+" is forbidden: exceeded quota: q, requested: pods=1, used: pods=10, limited: pods=10$/,
    );
    assert.equal((await api.call("GET", PODS)).body.items.length, 10);
    assert.deepEqual(await usedIn(api), { pods: "10" });
  } finally {
    await store.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("row 97: limit ranges say what a pod asks for before quotas count it", async () => {
  await using api = await startApi();
  await api.call("POST", "/api/v1/namespaces/default/limitranges", {
    metadata: { name: "l" },
    spec: { limits: [{ type: "Container", defaultRequest: { cpu: "100m" } }] },
  });
  await api.call("POST", QUOTAS, quota({ "requests.cpu": "150m" }));
  assert.equal((await api.call("POST", PODS, podNamed("a"))).code, 201);
  assert.deepEqual(await usedIn(api), { "requests.cpu": "100m" });
  const { code, body } = await api.call("POST", PODS, podNamed("b"));
  assert.equal(code, 403);
  assert.match(body.message, /requested: requests.cpu=100m, used: requests.cpu=100m/);
});

Deno.test("quota: what is there already counts from the first moment on", async () => {
  await using api = await startApi();
  await api.call("POST", PODS, podAsking("a", { requests: { cpu: "200m" } }));
  await api.call("POST", PODS, podAsking("b", { requests: { cpu: "1" } }));
  const { body } = await api.call("POST", QUOTAS, quota({ pods: "5", "requests.cpu": "2" }));
  assert.deepEqual(body.status.used, { pods: "2", "requests.cpu": "1200m" });
  const changed = { ...body, spec: { hard: { pods: "6", "count/secrets": "3" } } };
  const { body: next } = await api.call("PUT", `${QUOTAS}/q`, changed);
  assert.deepEqual(next.status, {
    hard: { pods: "6", "count/secrets": "3" },
    used: { pods: "2", "count/secrets": "0" },
  });
});

Deno.test("quota: what goes, or is over, is given back in the same commit", async () => {
  await using api = await startApi();
  await api.call("POST", QUOTAS, quota({ pods: "3", "count/pods": "9", memory: "1Gi" }));
  const asking = { requests: { memory: "256Mi" } };
  for (const name of ["a", "b", "c"]) await api.call("POST", PODS, podAsking(name, asking));
  assert.deepEqual(await usedIn(api), { pods: "3", "count/pods": "3", memory: "768Mi" });
  await api.call("DELETE", `${PODS}/a?gracePeriodSeconds=0`);
  assert.deepEqual(await usedIn(api), { pods: "2", "count/pods": "2", memory: "512Mi" });
  const over = { status: { phase: "Succeeded" } };
  const merge = { "content-type": "application/merge-patch+json" };
  await api.call("PATCH", `${PODS}/b/status`, over, merge);
  assert.deepEqual(await usedIn(api), { pods: "1", "count/pods": "2", memory: "256Mi" });
  await api.call("DELETE", `${PODS}?gracePeriodSeconds=0`);
  assert.deepEqual(await usedIn(api), { pods: "0", "count/pods": "0", memory: "0" });
});

Deno.test("quota: a dry run is refused as the write would be, and takes nothing", async () => {
  await using api = await startApi();
  await api.call("POST", QUOTAS, quota({ pods: "1" }));
  assert.equal((await api.call("POST", `${PODS}?dryRun=All`, podNamed("a"))).code, 201);
  assert.deepEqual(await usedIn(api), { pods: "0" });
  await api.call("POST", PODS, podNamed("a"));
  assert.equal((await api.call("POST", `${PODS}?dryRun=All`, podNamed("b"))).code, 403);
});

// deno-fmt-ignore
const REFUSALS: { name: string; hard: Json; more?: Json; path?: string; object: Json; why: string }[] = [
  { name: "cpu that is limited must be asked for", hard: { "limits.cpu": "1", "requests.memory": "1Gi" }, object: podNamed("x"),
    why: "failed quota: q: must specify limits.cpu for: a; requests.memory for: a" },
  { name: "a sum", hard: { cpu: "1" }, object: podAsking("x", { requests: { cpu: "1500m" } }),
    why: "exceeded quota: q, requested: cpu=1500m, used: cpu=0, limited: cpu=1" },
  { name: "every resource that is exceeded, in order", hard: { pods: "0", "requests.memory": "1Mi", "limits.memory": "1Gi" },
    object: podAsking("x", { requests: { memory: "2Mi" }, limits: { memory: "2Mi" } }),
    why: "exceeded quota: q, requested: pods=1,requests.memory=2Mi, used: pods=0,requests.memory=0, limited: pods=0,requests.memory=1Mi" },
  { name: "an extended resource", hard: { "requests.example.com/gpu": "1" },
    object: podAsking("x", { limits: { "example.com/gpu": "2" } }),
    why: "exceeded quota: q, requested: requests.example.com/gpu=2, used: requests.example.com/gpu=0, limited: requests.example.com/gpu=1" },
  { name: "a scope", hard: { pods: "0" }, more: { scopes: ["BestEffort"] }, object: podNamed("x"),
    why: "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0" },
  { name: "a bounded pod", hard: { pods: "0" }, more: { scopes: ["Terminating"] },
    object: podAsking("x", {}, { activeDeadlineSeconds: 5 }),
    why: "exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0" },
];

for (const { name, hard, more, object, why } of REFUSALS) {
  Deno.test(`quota: refuses ${name}`, async () => {
    await using api = await startApi();
    assert.equal((await api.call("POST", QUOTAS, quota(hard, more))).code, 201);
    const { code, body } = await api.call("POST", PODS, object);
    assert.deepEqual([code, body.message], [403, `pods "x" is forbidden: ${why}`]);
  });
}

Deno.test("quota: a scope leaves others alone", async () => {
  await using api = await startApi();
  await api.call("POST", QUOTAS, quota({ pods: "0" }, { scopes: ["NotBestEffort"] }));
  assert.equal((await api.call("POST", PODS, podNamed("x"))).code, 201);
});

Deno.test("quota: services count by their ports, objects by their kind", async () => {
  await using api = await startApi();
  const hard = { "services.nodeports": "1", services: "5", configmaps: "1", "count/secrets": "1" };
  await api.call("POST", QUOTAS, quota(hard));
  const service = (name: string, type: string, ports: number[]): Json => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { type, ports: ports.map((port) => ({ port, name: `p${port}` })) },
  });
  const services = "/api/v1/namespaces/default/services";
  const { body } = await api.call("POST", services, service("a", "NodePort", [80, 81]));
  assert.match(
    body.message,
    /requested: services.nodeports=2, used: services.nodeports=0, limited/,
  );
  assert.equal((await api.call("POST", services, service("a", "ClusterIP", [80, 81]))).code, 201);
  const merge = { "content-type": "application/merge-patch+json" };
  const grown = await api.call("PATCH", `${services}/a`, { spec: { type: "NodePort" } }, merge);
  assert.equal(grown.code, 403, grown.body.message);
  const { configmaps, secrets } = { configmaps: "ConfigMap", secrets: "Secret" };
  for (const [resource, kind] of [["configmaps", configmaps], ["secrets", secrets]]) {
    const path = `/api/v1/namespaces/default/${resource}`;
    const named = (name: string) => ({ apiVersion: "v1", kind, metadata: { name } });
    const codes = [(await api.call("POST", path, named("a"))).code];
    codes.push((await api.call("POST", path, named("b"))).code);
    assert.deepEqual(codes, kind === "ConfigMap" ? [201, 403] : [201, 403]);
  }
  assert.deepEqual(await usedIn(api), {
    "services.nodeports": "0",
    services: "2",
    configmaps: "1",
    "count/secrets": "1",
  });
});

Deno.test("quota: a kind that is served in two forms counts once in either", async () => {
  await using api = await startApi();
  const name = "count/horizontalpodautoscalers.autoscaling";
  await api.call("POST", QUOTAS, quota({ [name]: "1" }));
  const scaler = (version: string, name: string) => ({
    apiVersion: `autoscaling/${version}`,
    kind: "HorizontalPodAutoscaler",
    metadata: { name },
    spec: { maxReplicas: 2, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name } },
  });
  const path = (version: string) =>
    `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
  assert.equal((await api.call("POST", path("v1"), scaler("v1", "a"))).code, 201);
  assert.deepEqual(await usedIn(api), { [name]: "1" });
  assert.equal((await api.call("POST", path("v2"), scaler("v2", "b"))).code, 403);
  assert.equal((await api.call("DELETE", `${path("v2")}/a`)).code, 200);
  assert.deepEqual(await usedIn(api), { [name]: "0" });
});
