import { Node } from "../types/core_v1.ts";
import { forbidden, invalid, invalidStatus } from "../types/field_errors.ts";
import { NODES } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import type { View, Write } from "../../store/store.ts";
import { giveBack, isFree, isFreeFor, type Pool, take } from "./allocations.ts";
import { contains, formatCidr, formatIpv4, parseCidr, readCidr } from "./ip_addresses.ts";
import type { ResourceKind } from "./kind.ts";
import { NODE_COLUMNS } from "./node_columns.ts";
import { proxyTo } from "./proxy.ts";
import { statusView } from "./status_view.ts";
import { validateTaints } from "./validate_taints.ts";

/** Where pods get their addresses: `clusterCidr` is cut into one range of `nodePrefixBits` for each node. */
export interface PodNetwork {
  readonly clusterCidr: string;
  readonly nodePrefixBits: number;
}

/** So many ranges are looked at from the first on: thousands of nodes come one after the other. */
const LOOKED_THROUGH_MAX = 256;

/** Named by the first address: a key can't hold the slash. */
const POD_CIDRS: Pool = { prefix: "wherry.dev/podcidrs//", kind: "PodCidr" };

/** @throws {RangeError} when the range can't be read or cut */
export function nodes(network: PodNetwork): ResourceKind<Node> {
  const cluster = parseCidr(network.clusterCidr);
  const { nodePrefixBits } = network;
  if (nodePrefixBits < cluster.prefixBits || nodePrefixBits > 30) {
    throw new RangeError(`Cannot cut ${network.clusterCidr} into ranges of /${nodePrefixBits}`);
  }
  return {
    resource: NODES,
    schema: Node,
    singular: "node",
    shortNames: ["no"],
    aliases: ["minions"],
    hasStatus: true,
    default: withPodCidrs,
    validate,
    validateUpdate,
    admit: (node, old, view) => withPodNetwork(node, old, view, network),
    release: ({ spec }) => podCidrsHeld(spec.podCIDR).map((name) => giveBack(POD_CIDRS, name)),
    columns: NODE_COLUMNS,
    hasWholeTable: true,
    selectableFields: { "spec.unschedulable": ({ spec }) => String(spec.unschedulable ?? false) },
    subresources: {
      status: statusView(NODES, Node),
      proxy: proxyTo(NODES, "NodeProxyOptions"),
    },
  };
}

/** The one range and the list of ranges say the same. */
function withPodCidrs(node: Node): Node {
  const { podCIDR, podCIDRs } = node.spec;
  if (podCIDR && !podCIDRs?.length) return withPodCidr(node, podCIDR);
  if (!podCIDR && podCIDRs?.[0]) return withPodCidr(node, podCIDRs[0]);
  return node;
}

function withPodCidr(node: Node, podCIDR: string): Node {
  return { ...node, spec: { ...node.spec, podCIDR, podCIDRs: [podCIDR] } };
}

function validate({ spec }: Node): FieldError[] {
  const errors = validateTaints("spec.taints", spec.taints ?? []);
  const { podCIDR, podCIDRs = [] } = spec;
  podCIDRs.forEach((cidr, i) => {
    if (readCidr(cidr) === undefined) {
      const why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
      errors.push(invalid(`spec.podCIDRs[${i}]`, cidr, why));
    }
  });
  if (podCIDR && podCIDRs[0] !== podCIDR) {
    errors.push(invalid("spec.podCIDRs[0]", podCIDRs[0], "first value must match `podCIDR`"));
  }
  return errors;
}

function validateUpdate({ spec }: Node, { spec: old }: Node): FieldError[] {
  const errors: FieldError[] = [];
  const may = (field: string) => `node updates may not change ${field} except from "" to valid`;
  if (old.podCIDR && old.podCIDR !== spec.podCIDR) {
    errors.push(forbidden("spec.podCIDRs", may("podCIDR")));
  }
  if (old.providerID && old.providerID !== spec.providerID) {
    errors.push(forbidden("spec.providerID", may("providerID")));
  }
  return errors;
}

/** A node keeps the range that it has, takes the one it names, or gets the first that is free. */
function withPodNetwork(
  node: Node,
  old: Node | undefined,
  view: View,
  network: PodNetwork,
): { object: Node; also?: readonly Write[] } {
  const named = node.spec.podCIDR;
  if (named && named === old?.spec.podCIDR) return { object: node };
  const podCIDR = named || firstFree(node, view, network);
  const names = podCidrsHeld(podCIDR);
  const isFreeForIt = names.every((name) => isFreeFor(node, POD_CIDRS, name, view));
  const why = whyNotRange(podCIDR, isFreeForIt, network);
  if (why !== undefined) {
    throw invalidStatus(NODES, node.metadata.name, [invalid("spec.podCIDR", podCIDR, why)]);
  }
  const also = names.map((name) => take(POD_CIDRS, name, node));
  return { object: withPodCidr(node, podCIDR), also };
}

/** Ranges of one size never overlap in part. */
function whyNotRange(
  podCIDR: string,
  isFree: boolean,
  { clusterCidr, nodePrefixBits }: PodNetwork,
): string | undefined {
  const cidr = readCidr(podCIDR);
  const isOne = cidr?.prefixBits === nodePrefixBits && contains(parseCidr(clusterCidr), cidr.base);
  if (!isOne) return `must be a range of /${nodePrefixBits} of ${clusterCidr}`;
  return isFree ? undefined : "another node has this range";
}

/** The first free range among few, and among many the next one that nobody ever had, or nearly so. */
function firstFree(node: Node, view: View, { clusterCidr, nodePrefixBits }: PodNetwork): string {
  const cluster = parseCidr(clusterCidr);
  const size = 2 ** (32 - nodePrefixBits);
  const taken = view.list(POD_CIDRS.prefix).length;
  const beyond = taken > LOOKED_THROUGH_MAX ? [cluster.base + taken * size] : [];
  for (const start of [...beyond, cluster.base]) {
    for (let base = start; contains(cluster, base); base += size) {
      if (isFree(POD_CIDRS, formatIpv4(base), view)) {
        return formatCidr({ base, size, prefixBits: nodePrefixBits });
      }
    }
  }
  const why = `no range of /${nodePrefixBits} is free in ${clusterCidr}`;
  throw invalidStatus(NODES, node.metadata.name, [invalid("spec.podCIDR", "", why)]);
}

function podCidrsHeld(podCIDR: string | undefined): string[] {
  const cidr = readCidr(podCIDR ?? "");
  return cidr === undefined ? [] : [formatIpv4(cidr.base)];
}
