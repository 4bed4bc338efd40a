import type { Pod } from "../types/core_v1.ts";
import { NETWORK_POLICIES } from "../types/networking_v1.ts";
import { parseFieldSelector } from "../types/field_selectors.ts";
import { hasReason } from "../types/status.ts";
import type { Store } from "../../store/store.ts";
import { prefixOf } from "../registry/keys.ts";
import { nodeOf, type User } from "../authentication/user.ts";
import type { Attributes, ResourceAttributes } from "./attributes.ts";
import type { Authorizer, Permission, RulesFound } from "./authorizer.ts";
import { NODE_RULES } from "./node_rules.ts";
import { PodsByNode } from "./pods_by_node.ts";
import { allows } from "./rules.ts";

const LEASE_NAMESPACE = "kube-node-lease";
const BY_NODE_RULES: Permission = { reason: "" };

type Wanted = ResourceAttributes & { readonly verb: string; readonly node: string };

/**
 * What the agent of a node may do: with its own node and lease, with the pods that are bound to it, and with
 * what these refer to; while there are network policies it sees all pods. What it may write into them is admission's to say (NodeRestriction).
 * Source: Kubernetes, plugin/pkg/auth/authorizer/node.
 */
export class NodeAuthorizer implements Authorizer {
  readonly #store: Store;
  readonly #pods: PodsByNode;
  constructor(store: Store) {
    this.#store = store;
    this.#pods = new PodsByNode(store);
  }

  permission(user: User, attributes: Attributes): Permission | undefined {
    const node = nodeOf(user);
    if (node === undefined || this.whyNot(user, attributes) !== "") return undefined;
    return NODE_RULES.some((rule) => allows(rule, attributes)) ? BY_NODE_RULES : undefined;
  }

  whyNot(user: User, { verb, resource }: Attributes): string {
    const node = nodeOf(user);
    return node === undefined || resource === undefined
      ? ""
      : this.#reason({ ...resource, verb, node });
  }

  /** Rules can't say "its own": reviews show no more than that there are some. */
  rulesOf(user: User): RulesFound {
    if (nodeOf(user) === undefined) return { rules: [], errors: [] };
    return { rules: [], errors: ["node authorizer does not support user rule resolution"] };
  }

  close(): void {
    this.#pods.close();
  }

  /** Why the object is none of this node's; "" where it may be. */
  #reason(wanted: Wanted): string {
    switch (wanted.group === "" ? wanted.resource : `${wanted.resource}.${wanted.group}`) {
      case "secrets":
        return this.#unlessRefersTo(wanted, "secrets");
      case "configmaps":
        return this.#unlessRefersTo(wanted, "configMaps");
      case "persistentvolumeclaims":
        return wanted.subresource === "status"
          ? ""
          : this.#unlessRefersTo(wanted, "persistentVolumeClaims");
      case "serviceaccounts": {
        const { node, namespace, name } = wanted;
        return this.#pods.runsAs(node, namespace, name) ? "" : unrelated(node);
      }
      case "nodes":
        return unlessOwnNode(wanted);
      case "pods":
        return this.#unlessOwnPod(wanted);
      case "leases.coordination.k8s.io":
        return unlessOwnLease(wanted);
      default:
        return "";
    }
  }

  /** One at a time, by its name. */
  #unlessRefersTo(
    { verb, name, namespace, node }: Wanted,
    what: "secrets" | "configMaps" | "persistentVolumeClaims",
  ): string {
    const isRead = verb === "get" || verb === "list" || verb === "watch";
    if (!isRead) return "can only read resources of this type";
    if (name === "") return "No Object name found";
    return this.#pods.refers(node, namespace, what, name) ? "" : unrelated(node);
  }

  /** Reads are held to its own pods here; writes by admission, which sees the object as it is stored. */
  #unlessOwnPod(wanted: Wanted): string {
    const { verb, name, namespace, node } = wanted;
    if (verb === "get") return this.#isBound(namespace, name, node) ? "" : unrelated(node);
    const isMany = verb === "list" || verb === "watch";
    if (!isMany || selects(wanted, "spec.nodeName", node)) return "";
    // who may talk to its own pods, a node knows by the labels and addresses of all of them
    if (this.#store.list(prefixOf(NETWORK_POLICIES)).length > 0) return "";
    const isOne = name !== "" && this.#isBound(namespace, name, node);
    return isOne ? "" : "can only list/watch pods with spec.nodeName field selector";
  }

  /** A pod that is not there is nobody's: the answer is that it is not found. */
  #isBound(namespace: string, name: string, node: string): boolean {
    const stored = this.#store.get(`pods/${namespace}/${name}`);
    return stored === undefined || (stored.object as Pod).spec.nodeName === node;
  }
}

const unrelated = (node: string) => `no relationship found between node '${node}' and this object`;

/**
 * A create says whom it is about in its body, which admission reads. Where the others are, an agent has to know for
 * the way to their pods, as kube-proxy does.
 */
function unlessOwnNode({ verb, name, node }: Wanted): string {
  if (name === node || (verb === "create" && name === "")) return "";
  if (verb === "list" || verb === "watch") return "";
  const what = name === "" ? "all nodes" : `'${name}'`;
  const does = verb === "get" || verb === "list" || verb === "watch" ? "read" : verb;
  return `node '${node}' cannot ${does} ${what}, only its own Node object`;
}

function unlessOwnLease({ verb, namespace, name, node }: Wanted): string {
  if (namespace !== LEASE_NAMESPACE) {
    return `can only access leases in the "${LEASE_NAMESPACE}" system namespace`;
  }
  if (name === node || (verb === "create" && name === "")) return "";
  return "can only access node lease with the same name as the requesting node";
}

function selects({ fieldSelector = "" }: Wanted, field: string, value: string): boolean {
  if (fieldSelector === "") return false;
  return requiredValue(fieldSelector, field) === value;
}

/** The value that `field` must have; undefined where the selector leaves it open, or can't be read. */
export function requiredValue(fieldSelector: string, field: string): string | undefined {
  try {
    return parseFieldSelector(fieldSelector).exactly(field);
  } catch (error) {
    // the request is refused for it later, in words that name the mistake
    if (hasReason(error, "BadRequest")) return undefined;
    throw error;
  }
}
