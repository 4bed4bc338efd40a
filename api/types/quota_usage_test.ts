import assert from "node:assert/strict";
import type { Pod, PodSpec, ResourceQuotaSpec } from "./core_v1.ts";
import { podAmounts } from "./pod_amounts.ts";
import { isInScope } from "./quota_scopes.ts";
import { countedBy, usageOf } from "./quota_usage.ts";
import { PERSISTENT_VOLUME_CLAIMS, PODS, SERVICES } from "./resources.ts";

function podWith(spec: Partial<PodSpec>, phase: "Running" | "Failed" = "Running"): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "a" },
    spec: { containers: [], ...spec },
    status: { phase },
  };
}

const asking = (name: string, requests: Record<string, string>, limits = {}) => ({
  name,
  image: "i",
  resources: { requests, limits },
});

Deno.test("pod amounts: containers together, or one that comes before them", () => {
  const always = { ...asking("s", { cpu: "100m" }), restartPolicy: "Always" as const };
  const pod = podWith({
    containers: [asking("a", { cpu: "200m" }), asking("b", { cpu: "1", memory: "1Mi" })],
    initContainers: [asking("i", { cpu: "3" }), always, asking("j", { memory: "2Mi" })],
    overhead: { cpu: "50m" },
  });
  assert.deepEqual(podAmounts(pod, "requests"), { cpu: "3050m", memory: "2Mi" });
  assert.deepEqual(podAmounts(pod, "limits"), {});
});

const claim = (storageClassName?: string) => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "a" },
  spec: {
    resources: { requests: { storage: "1Gi" } },
    ...(storageClassName && { storageClassName }),
  },
});

const service = (type: string, more = {}) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "a" },
  spec: { type, ports: [{ port: 80 }, { port: 81, nodePort: 30000 }], ...more },
});

const gpu = { "example.com/gpu": "2" };
const one = { persistentvolumeclaims: "1", "count/persistentvolumeclaims": "1" };
const plain = { services: "1", "count/services": "1" };

// deno-fmt-ignore
const USAGES = [
  { name: "a pod", of: PODS, object: podWith({ containers: [asking("a", { cpu: "1", ...gpu }, { cpu: "2", ...gpu })] }),
    want: { pods: "1", "count/pods": "1", cpu: "1", "requests.cpu": "1", "limits.cpu": "2", "requests.example.com/gpu": "2" } },
  { name: "a pod that is over", of: PODS, object: podWith({ containers: [asking("a", { cpu: "1" })] }, "Failed"), want: { "count/pods": "1" } },
  { name: "a claim", of: PERSISTENT_VOLUME_CLAIMS, object: claim(), want: { ...one, "requests.storage": "1Gi" } },
  { name: "a claim of a class", of: PERSISTENT_VOLUME_CLAIMS, object: claim("fast"), want: { ...one, "requests.storage": "1Gi",
    "fast.storageclass.storage.k8s.io/persistentvolumeclaims": "1", "fast.storageclass.storage.k8s.io/requests.storage": "1Gi" } },
  { name: "a service", of: SERVICES, object: service("ClusterIP"), want: plain },
  { name: "a service on nodes", of: SERVICES, object: service("NodePort"), want: { ...plain, "services.nodeports": "2" } },
  { name: "a balancer", of: SERVICES, object: service("LoadBalancer"), want: { ...plain, "services.nodeports": "2", "services.loadbalancers": "1" } },
  { name: "a balancer without ports of nodes", of: SERVICES, object: service("LoadBalancer", { allocateLoadBalancerNodePorts: false }),
    want: { ...plain, "services.nodeports": "1", "services.loadbalancers": "1" } },
];

for (const { name, of, object, want } of USAGES) {
  Deno.test(`quota usage: ${name}`, () => {
    const usage = usageOf(of, object);
    assert.deepEqual(usage, want);
    for (const used of Object.keys(usage)) assert.equal(countedBy(used), of.resource);
  });
}

const classes = (operator: string, ...values: string[]) => ({
  scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator, values }] },
});
const high = podWith({ priorityClassName: "high" });
const none = podWith({});
const bounded = podWith({ activeDeadlineSeconds: 5 });
const burst = podWith({ containers: [asking("a", { cpu: "1" })] });

// deno-fmt-ignore
const SCOPES: { name: string; spec: ResourceQuotaSpec; pods: Pod[]; want: boolean[] }[] = [
  { name: "none",                    spec: {},                                pods: [none, bounded],  want: [true, true] },
  { name: "Terminating",             spec: { scopes: ["Terminating"] },       pods: [none, bounded],  want: [false, true] },
  { name: "NotTerminating",          spec: { scopes: ["NotTerminating"] },    pods: [none, bounded],  want: [true, false] },
  { name: "BestEffort",              spec: { scopes: ["BestEffort"] },        pods: [none, burst],    want: [true, false] },
  { name: "NotBestEffort",           spec: { scopes: ["NotBestEffort"] },     pods: [none, burst],    want: [false, true] },
  { name: "a class, any",            spec: { scopes: ["PriorityClass"] },     pods: [none, high],     want: [false, true] },
  { name: "a class in a list",       spec: classes("In", "high"),             pods: [none, high],     want: [false, true] },
  { name: "a class not in a list",   spec: classes("NotIn", "high"),          pods: [none, high],     want: [true, false] },
  { name: "no class",                spec: classes("DoesNotExist"),           pods: [none, high],     want: [true, false] },
];

for (const { name, spec, pods, want } of SCOPES) {
  Deno.test(`quota scopes: ${name}`, () => {
    const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "q" }, spec };
    assert.deepEqual(pods.map((pod) => isInScope(quota, PODS, pod)), want);
    const isScoped = Object.keys(spec).length > 0;
    assert.equal(isInScope(quota, SERVICES, service("ClusterIP")), !isScoped);
  });
}
