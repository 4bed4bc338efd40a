import { RENEW_SECONDS_MIN } from "../types/node_lease.ts";
import { certificateSigningRequests } from "./certificatesigningrequests.ts";
import { clusterRoleBindings } from "./clusterrolebindings.ts";
import { clusterRoles } from "./clusterroles.ts";
import { type Components, componentStatuses } from "./componentstatuses.ts";
import { configMaps } from "./configmaps.ts";
import { controllerRevisions } from "./controllerrevisions.ts";
import { cronJobs } from "./cronjobs.ts";
import { csiDrivers } from "./csidrivers.ts";
import { csiNodes } from "./csinodes.ts";
import { csiStorageCapacities } from "./csistoragecapacities.ts";
import { customResourceDefinitions } from "./customresourcedefinitions.ts";
import { daemonSets } from "./daemonsets.ts";
import { deployments } from "./deployments.ts";
import { endpoints } from "./endpoints.ts";
import { endpointSlices } from "./endpointslices.ts";
import { events } from "./events.ts";
import { eventsV1 } from "./events_v1.ts";
import { horizontalPodAutoscalers } from "./horizontalpodautoscalers.ts";
import { horizontalPodAutoscalersV1 } from "./horizontalpodautoscalers_v1.ts";
import { ingressClasses } from "./ingressclasses.ts";
import { ingresses } from "./ingresses.ts";
import { jobs } from "./jobs.ts";
import type { AnyKind } from "./kind.ts";
import { leases } from "./leases.ts";
import { limitRanges } from "./limitranges.ts";
import { nodeMetrics, podMetrics } from "./metrics.ts";
import { mutatingWebhookConfigurations } from "./mutatingwebhookconfigurations.ts";
import { namespaces } from "./namespaces.ts";
import { networkPolicies } from "./networkpolicies.ts";
import { nodes, type PodNetwork } from "./nodes.ts";
import { persistentVolumeClaims } from "./persistentvolumeclaims.ts";
import { persistentVolumes } from "./persistentvolumes.ts";
import { podDisruptionBudgets } from "./poddisruptionbudgets.ts";
import { pods } from "./pods.ts";
import { podTemplates } from "./podtemplates.ts";
import { priorityClasses } from "./priorityclasses.ts";
import { replicaSets } from "./replicasets.ts";
import { replicationControllers } from "./replicationcontrollers.ts";
import { resourceQuotas } from "./resourcequotas.ts";
import { REVIEWS } from "./reviews.ts";
import { roleBindings } from "./rolebindings.ts";
import { roles } from "./roles.ts";
import { runtimeClasses } from "./runtimeclasses.ts";
import { secrets } from "./secrets.ts";
import type { ServiceNetwork } from "./service_allocation.ts";
import { serviceAccounts } from "./serviceaccounts.ts";
import { services } from "./services.ts";
import { statefulSets } from "./statefulsets.ts";
import { storageClasses } from "./storageclasses.ts";
import { validatingWebhookConfigurations } from "./validatingwebhookconfigurations.ts";
import { volumeAttachments } from "./volumeattachments.ts";

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
 * @param components what `kubectl get componentstatuses` tells of
 * @param renewSeconds how often nodes are to renew their leases
 * @throws {RangeError} when the network can't be read or is too small
 */
export function kindsOf(
  network: ClusterNetwork,
  components: Components = {},
  renewSeconds: () => number = () => RENEW_SECONDS_MIN,
): readonly AnyKind[] {
  return [
    componentStatuses(components),
    configMaps,
    endpoints,
    events,
    limitRanges,
    namespaces,
    nodes(network),
    persistentVolumeClaims,
    persistentVolumes,
    pods,
    podTemplates,
    replicationControllers,
    resourceQuotas,
    secrets,
    serviceAccounts,
    services(network),
    controllerRevisions,
    daemonSets,
    deployments,
    replicaSets,
    statefulSets,
    eventsV1,
    horizontalPodAutoscalers,
    horizontalPodAutoscalersV1,
    cronJobs,
    jobs,
    podDisruptionBudgets,
    endpointSlices,
    ingressClasses,
    ingresses,
    networkPolicies,
    certificateSigningRequests,
    priorityClasses,
    csiDrivers,
    csiNodes,
    csiStorageCapacities,
    storageClasses,
    volumeAttachments,
    mutatingWebhookConfigurations,
    validatingWebhookConfigurations,
    runtimeClasses,
    ...REVIEWS,
    customResourceDefinitions,
    clusterRoleBindings,
    clusterRoles,
    roleBindings,
    roles,
    leases(renewSeconds),
    nodeMetrics,
    podMetrics,
  ];
}

/** The kinds of a cluster with the usual addresses. */
export const KINDS: readonly AnyKind[] = kindsOf(DEFAULT_NETWORK);
