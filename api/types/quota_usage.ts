import type { PersistentVolumeClaim, Pod, Service } from "./core_v1.ts";
import type { KubeObject } from "./meta.ts";
import { type Amounts, plus, podAmounts } from "./pod_amounts.ts";
import type { Resource } from "./resources.ts";

/** What objects take of a ResourceQuota, under the names of `spec.hard`. Source: k8s.io/kubernetes, pkg/quota. */

/** Kinds that have a name of their own besides `count/…`. */
const PLAIN: ReadonlySet<string> = new Set([
  "configmaps",
  "persistentvolumeclaims",
  "replicationcontrollers",
  "resourcequotas",
  "secrets",
  "services",
]);

const STORAGE_CLASS = ".storageclass.storage.k8s.io/";

/** `pods`, `deployments.apps`: the resource whose objects take of `name`. */
export function countedBy(name: string): string {
  if (name.startsWith("count/")) return name.slice("count/".length);
  if (PLAIN.has(name)) return name;
  if (name.startsWith("services.")) return "services";
  if (name === "requests.storage" || name.includes(STORAGE_CLASS)) return "persistentvolumeclaims";
  return "pods";
}

export function usageOf(resource: Resource<KubeObject>, object: KubeObject): Amounts {
  const slash = resource.apiVersion.indexOf("/");
  const name = resource.resource;
  if (slash >= 0) return { [`count/${name}.${resource.apiVersion.slice(0, slash)}`]: "1" };
  const counts = { [`count/${name}`]: "1", ...(PLAIN.has(name) && { [name]: "1" }) };
  if (name === "pods") return { ...counts, ...usageOfPod(object as Pod) };
  if (name === "services") return { ...counts, ...usageOfService(object as Service) };
  if (name !== "persistentvolumeclaims") return counts;
  return { ...counts, ...usageOfClaim(object as PersistentVolumeClaim) };
}

/** A pod that is over takes nothing but its place in the store. */
export function isOver({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

function usageOfPod(pod: Pod): Amounts {
  if (isOver(pod)) return {};
  return {
    pods: "1",
    ...quotaNames(podAmounts(pod, "requests"), podAmounts(pod, "limits")),
  };
}

const isOrdinary = (name: string) =>
  name === "cpu" || name === "memory" || name === "ephemeral-storage";

/** Requests also count under the bare name, and what is neither limited nor overcommitted by its request alone. */
export function quotaNames(requests: Amounts, limits: Amounts): Amounts {
  const named: Record<string, string> = {};
  for (const [name, amount] of Object.entries(requests)) {
    named[`requests.${name}`] = amount;
    if (isOrdinary(name) || name.startsWith("hugepages-")) named[name] = amount;
  }
  for (const [name, amount] of Object.entries(limits)) {
    if (isOrdinary(name)) named[`limits.${name}`] = amount;
  }
  return named;
}

function usageOfService({ spec }: Service): Amounts {
  const { type = "ClusterIP", ports = [], allocateLoadBalancerNodePorts = true } = spec;
  const given = ports.filter(({ nodePort = 0 }) => nodePort !== 0).length;
  if (type === "NodePort") return { "services.nodeports": String(ports.length) };
  if (type !== "LoadBalancer") return {};
  const nodePorts = allocateLoadBalancerNodePorts ? ports.length : given;
  return { "services.nodeports": String(nodePorts), "services.loadbalancers": "1" };
}

function usageOfClaim({ spec }: PersistentVolumeClaim): Amounts {
  const { storage = "0" } = spec?.resources?.requests ?? {};
  const { storageClassName = "" } = spec ?? {};
  if (storageClassName === "") return { "requests.storage": storage };
  return {
    "requests.storage": storage,
    [`${storageClassName}${STORAGE_CLASS}persistentvolumeclaims`]: "1",
    [`${storageClassName}${STORAGE_CLASS}requests.storage`]: storage,
  };
}

/** The part of `usage` under the names of `hard`. */
export function within(hard: Amounts, usage: Amounts): Amounts {
  const part: Record<string, string> = {};
  for (const name of Object.keys(usage)) {
    if (hard[name] !== undefined) part[name] = usage[name]!;
  }
  return part;
}

/** The sum under every name of `hard`, "0" where nothing is used. */
export function sumWithin(hard: Amounts, usages: Iterable<Amounts>): Amounts {
  let sum: Amounts = Object.fromEntries(Object.keys(hard).map((name) => [name, "0"]));
  for (const usage of usages) sum = plus(sum, within(hard, usage));
  return sum;
}
