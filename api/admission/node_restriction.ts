import type { Node, Pod } from "../types/core_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import { nodeOf } from "../authentication/user.ts";
import { groupOf } from "../registry/keys.ts";
import { forbidden } from "../registry/refusals.ts";
import { isSameJson } from "../registry/same_json.ts";
import type { Admission, Attempt } from "./admission.ts";

const MIRROR = "kubernetes.io/config.mirror";
const LEASE_NAMESPACE = "kube-node-lease";

/** Labels of these domains steer scheduling: an agent sets only those that say what its node is. */
const GUARDED = /(^|\.)(kubernetes|k8s)\.io$/;
const OWN_LABELS: ReadonlySet<string> = new Set([
  "kubernetes.io/hostname",
  "kubernetes.io/arch",
  "kubernetes.io/os",
  "beta.kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/instance-type",
  "node.kubernetes.io/instance-type",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
]);
const OWN_DOMAINS = /(^|\.)(kubelet|node)\.kubernetes\.io$/;

/**
 * What an agent may write into what the authorizer lets it touch: its own node, without labels that steer and
 * without its taints, the status and the end of its own pods. Source: k8s.io/kubernetes, plugin noderestriction.
 */
export const nodeRestriction: Admission = (attempt) => {
  const node = attempt.user === undefined ? undefined : nodeOf(attempt.user);
  if (node === undefined) return;
  const why = reasonOf(attempt, node);
  if (why === "") return;
  throw forbidden(attempt.kind.resource, attempt.object.metadata.name, why);
};

/** "" where there is nothing against it. */
function reasonOf(attempt: Attempt, node: string): string {
  const { resource, apiVersion } = attempt.kind.resource;
  const group = groupOf(apiVersion);
  if (group === "coordination.k8s.io" && resource === "leases") return ofLease(attempt, node);
  if (group !== "") return "";
  if (resource === "nodes") return ofNode(attempt, node);
  return resource === "pods" ? ofPod(attempt, node) : "";
}

function ofLease({ namespace, object }: Attempt, node: string): string {
  if (namespace === LEASE_NAMESPACE && object.metadata.name === node) return "";
  return "can only access node lease with the same name as the requesting node";
}

function ofNode({ operation, object, old }: Attempt, node: string): string {
  const who = `node ${JSON.stringify(node)} is not allowed to`;
  const { name } = object.metadata;
  if (name !== node) return `${who} modify node ${JSON.stringify(name)}`;
  if (operation === "DELETE") return `${who} delete itself`;
  const labels = changedLabels(object, old).filter(isSteering);
  if (labels.length > 0) return `${who} modify labels: ${labels.sort().join(", ")}`;
  if (old === undefined) return "";
  const taintsOf = (one: KubeObject) => (one as Node).spec.taints ?? [];
  return isSameJson(taintsOf(object), taintsOf(old)) ? "" : `${who} modify taints`;
}

function changedLabels({ metadata }: KubeObject, old: KubeObject | undefined): string[] {
  const [next, before] = [metadata.labels ?? {}, old?.metadata.labels ?? {}];
  return [...new Set([...Object.keys(next), ...Object.keys(before)])]
    .filter((label) => next[label] !== before[label]);
}

function isSteering(label: string): boolean {
  const slash = label.indexOf("/");
  const domain = slash < 0 ? "" : label.slice(0, slash);
  return GUARDED.test(domain) && !OWN_LABELS.has(label) && !OWN_DOMAINS.test(domain);
}

function ofPod({ operation, subresource = "", object, old }: Attempt, node: string): string {
  const who = `node ${JSON.stringify(node)}`;
  const pod = (old ?? object) as Pod;
  if (operation === "CREATE") {
    if (object.metadata.annotations?.[MIRROR] === undefined) {
      return `pod does not have "${MIRROR}" annotation, ${who} can only create mirror pods`;
    }
    if ((object as Pod).spec.nodeName === node) return "";
    return `${who} can only create pods with spec.nodeName set to itself`;
  }
  const does = operation === "DELETE" ? "delete pods" : DOES[subresource] ?? "update pods";
  if (pod.spec.nodeName !== node) return `${who} can only ${does} with spec.nodeName set to itself`;
  if (subresource === "status" && changedLabels(object, old).length > 0) {
    return `${who} cannot update labels through pod status`;
  }
  return "";
}

const DOES: Readonly<Record<string, string>> = {
  status: "update pod status for pods",
  eviction: "evict pods",
};
