import { clusterRoleBindings } from "./clusterrolebindings.ts";
import { clusterRoles } from "./clusterroles.ts";
import { configMaps } from "./configmaps.ts";
import { endpoints } from "./endpoints.ts";
import { events } from "./events.ts";
import type { AnyKind } from "./kind.ts";
import { leases } from "./leases.ts";
import { namespaces } from "./namespaces.ts";
import { nodes, type PodNetwork } from "./nodes.ts";
import { pods } from "./pods.ts";
import { replicationControllers } from "./replicationcontrollers.ts";
import { REVIEWS } from "./reviews.ts";
import { roleBindings } from "./rolebindings.ts";
import { roles } from "./roles.ts";
import { secrets } from "./secrets.ts";
import type { ServiceNetwork } from "./service_allocation.ts";
import { serviceAccounts } from "./serviceaccounts.ts";
import { services } from "./services.ts";

/** The addresses and ports that a cluster gives out. They may not change while anything holds one. */
export interface ClusterNetwork extends ServiceNetwork, PodNetwork {}

/** Source: kubeadm's defaults. */
export const DEFAULT_NETWORK: ClusterNetwork = {
  serviceCidr: "10.96.0.0/12",
  nodePortRange: [30000, 32767],
  clusterCidr: "10.244.0.0/16",
  nodePrefixBits: 24,
};

/**
 * Every kind that is served, in the order of discovery.
 * @throws {RangeError} when the network can't be read or is too small
 */
export function kindsOf(network: ClusterNetwork): readonly AnyKind[] {
  return [
    configMaps,
    endpoints,
    events,
    namespaces,
    nodes(network),
    pods,
    replicationControllers,
    secrets,
    serviceAccounts,
    services(network),
    ...REVIEWS,
    clusterRoleBindings,
    clusterRoles,
    roleBindings,
    roles,
    leases,
  ];
}

/** The kinds of a cluster with the usual addresses. */
export const KINDS: readonly AnyKind[] = kindsOf(DEFAULT_NETWORK);
