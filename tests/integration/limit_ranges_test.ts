import assert from "node:assert/strict";
import { type Json, podNamed, startApi } from "./harness.ts";

const RANGES = "/api/v1/namespaces/default/limitranges";
const PODS = "/api/v1/namespaces/default/pods";
const CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims";

function range(...limits: Json[]): Json {
  return { apiVersion: "v1", kind: "LimitRange", metadata: { name: "r" }, spec: { limits } };
}

function podAsking(resources: Json, more: Json = {}): Json {
  return podNamed("x", {
    spec: { containers: [{ name: "a", image: "nginx", resources }], ...more },
  });
}

function claim(storage: string): Json {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "x" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } },
  };
}

Deno.test("row 98: containers get what they leave unsaid", async () => {
  await using api = await startApi();
  const item = { type: "Container", default: { cpu: "500m" }, defaultRequest: { cpu: "100m" } };
  await api.call("POST", RANGES, range({ ...item, max: { memory: "1Gi" } }));
  const own = { name: "b", image: "nginx", resources: { requests: { cpu: "200m" } } };
  const containers = [{ name: "a", image: "nginx" }, own];
  const { body } = await api.call("POST", PODS, podNamed("x", { spec: { containers } }));
  const memory = "1Gi";
  assert.deepEqual(body.spec.containers.map(({ resources }: Json) => resources), [
    { requests: { cpu: "100m", memory }, limits: { cpu: "500m", memory } },
    { requests: { cpu: "200m", memory }, limits: { cpu: "500m", memory } },
  ]);
  assert.equal(
    body.metadata.annotations["kubernetes.io/limit-ranger"],
    "LimitRanger plugin set: cpu, memory request for container a; cpu, memory limit for " +
      "container a; memory request for container b; cpu, memory limit for container b",
  );
  assert.equal(body.status.qosClass, "Burstable");
});

Deno.test("limit ranges: what a default makes of a pod is validated", async () => {
  await using api = await startApi();
  await api.call("POST", RANGES, range({ type: "Container", default: { cpu: "500m" } }));
  const { code, body } = await api.call("POST", PODS, podAsking({ requests: { cpu: "1" } }));
  assert.equal(code, 422);
  assert.match(body.message, /must be less than or equal to cpu limit of 500m/);
});

const pod = (resources: Json) => podAsking(resources);
const twice = {
  containers: ["a", "b"].map((name) => ({
    name,
    image: "nginx",
    resources: { limits: { cpu: "400m" } },
  })),
};

// deno-fmt-ignore
const REFUSALS: { name: string; item: Json; object: Json; why: string }[] = [
  { name: "more than the maximum", item: { type: "Container", max: { cpu: "500m" } }, object: pod({ limits: { cpu: "1" } }),
    why: "maximum cpu usage per Container is 500m, but limit is 1" },
  { name: "more than several maxima", item: { type: "Container", max: { cpu: "500m", memory: "1Gi" } }, object: pod({ limits: { cpu: "1", memory: "2Gi" } }),
    why: "[maximum cpu usage per Container is 500m, but limit is 1, maximum memory usage per Container is 1Gi, but limit is 2Gi]" },
  { name: "less than the minimum", item: { type: "Container", min: { memory: "64Mi" } }, object: pod({ requests: { memory: "32Mi" } }),
    why: "minimum memory usage per Container is 64Mi, but request is 32Mi" },
  { name: "a sum over the maximum of pods", item: { type: "Pod", max: { cpu: "500m" } }, object: podAsking({}, twice),
    why: "maximum cpu usage per Pod is 500m, but limit is 800m" },
  { name: "no limit where there is a maximum", item: { type: "Pod", max: { cpu: "500m" } }, object: pod({}),
    why: "maximum cpu usage per Pod is 500m.  No limit is specified" },
  { name: "no request where there is a minimum", item: { type: "Pod", min: { cpu: "500m" } }, object: pod({}),
    why: "minimum cpu usage per Pod is 500m.  No request is specified" },
  { name: "a limit far over the request", item: { type: "Container", maxLimitRequestRatio: { cpu: "2" } },
    object: pod({ requests: { cpu: "100m" }, limits: { cpu: "300m" } }),
    why: "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000" },
  { name: "no ratio at all", item: { type: "Container", maxLimitRequestRatio: { cpu: "2" } }, object: pod({}),
    why: "cpu max limit to request ratio per Container is 2, but no request is specified or request is 0" },
  { name: "a claim that is too large", item: { type: "PersistentVolumeClaim", min: { storage: "1Gi" }, max: { storage: "2Gi" } }, object: claim("3Gi"),
    why: "maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi" },
  { name: "a claim that is too small", item: { type: "PersistentVolumeClaim", min: { storage: "1Gi" } }, object: claim("1Mi"),
    why: "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi" },
];

for (const { name, item, object, why } of REFUSALS) {
  Deno.test(`row 98: limit ranges refuse ${name}`, async () => {
    await using api = await startApi();
    const { code: made, body: said } = await api.call("POST", RANGES, range(item));
    assert.equal(made, 201, said.message);
    const isClaim = object["kind"] === "PersistentVolumeClaim";
    const { code, body } = await api.call("POST", isClaim ? CLAIMS : PODS, object);
    const resource = isClaim ? "persistentvolumeclaims" : "pods";
    assert.deepEqual([code, body.message], [403, `${resource} "x" is forbidden: ${why}`]);
  });
}

Deno.test("limit ranges: of another namespace, or for updates, say nothing", async () => {
  await using api = await startApi();
  await api.call("POST", PODS, podAsking({ limits: { cpu: "1" } }));
  await api.call("POST", RANGES, range({ type: "Container", max: { cpu: "500m" } }));
  const merge = { "content-type": "application/merge-patch+json" };
  const labels = { metadata: { labels: { a: "b" } } };
  assert.equal((await api.call("PATCH", `${PODS}/x`, labels, merge)).code, 200);
  const elsewhere = "/api/v1/namespaces/kube-public/pods";
  assert.equal((await api.call("POST", elsewhere, podAsking({ limits: { cpu: "1" } }))).code, 201);
});
