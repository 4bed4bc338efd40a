import type { Endpoints, Namespace, Service } from "../types/core_v1.ts";
import { ENDPOINT_SLICES, type EndpointSlice } from "../types/discovery_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import { ENDPOINTS, NAMESPACES, SERVICES } from "../types/resources.ts";
import { PRIORITY_CLASSES, type PriorityClass } from "../types/scheduling_v1.ts";
import { STORAGE_CLASSES, type StorageClass } from "../types/storage_v1.ts";
import { SYSTEM_PRIORITIES } from "./priorityclasses.ts";
import { firstServiceIp } from "./service_ips.ts";

/** Namespaces that every cluster has. The last one holds the leases of the nodes. */
const BOOTSTRAP_NAMESPACES = ["default", "kube-system", "kube-public", "kube-node-lease"];

const HTTPS = 443;

/** Where this API server is reached from the cluster. */
export interface ApiEndpoint {
  readonly serviceCidr: string;
  readonly address: string;
  readonly port: number;
}

/**
 * What a cluster starts with, in the order in which it is created: as a client would send it. The service
 * `kubernetes` has the first address of the range, so that pods find the API server at a known place.
 */
export function bootstrapObjects(api: ApiEndpoint): readonly KubeObject[] {
  return [
    ...BOOTSTRAP_NAMESPACES.map(namespaceOf),
    ...Object.entries(SYSTEM_PRIORITIES).map(priorityClassOf),
    apiService(api),
    apiEndpoints(api),
    apiEndpointSlice(api),
  ];
}

/** For claims that name no class: a folder of the node where the first pod runs that uses it. */
export function localStorageClass(): StorageClass {
  const { apiVersion, kind } = STORAGE_CLASSES;
  return {
    apiVersion,
    kind,
    metadata: {
      name: "local",
      annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
    },
    provisioner: "wherry.dev/local",
    reclaimPolicy: "Delete",
    volumeBindingMode: "WaitForFirstConsumer",
  };
}

function namespaceOf(name: string): Namespace {
  const { apiVersion, kind } = NAMESPACES;
  return { apiVersion, kind, metadata: { name }, spec: {} };
}

/** Source: Kubernetes, SystemPriorityClasses. */
function priorityClassOf([name, value]: [string, number]): PriorityClass {
  const { apiVersion, kind } = PRIORITY_CLASSES;
  const description = name === "system-node-critical"
    ? "Used for system critical pods that must not be moved from their current node."
    : "Used for system critical pods that must run in the cluster, but can be moved to another " +
      "node if necessary.";
  return { apiVersion, kind, metadata: { name }, value, description };
}

function apiService({ serviceCidr, port }: ApiEndpoint): Service {
  const { apiVersion, kind } = SERVICES;
  const clusterIP = firstServiceIp(serviceCidr);
  return {
    apiVersion,
    kind,
    metadata: {
      name: "kubernetes",
      namespace: "default",
      labels: { component: "apiserver", provider: "kubernetes" },
    },
    spec: {
      type: "ClusterIP",
      clusterIP,
      clusterIPs: [clusterIP],
      ports: [{ name: "https", port: HTTPS, protocol: "TCP", targetPort: port }],
    },
  };
}

/** The same for clients that read slices. */
function apiEndpointSlice({ address, port }: ApiEndpoint): EndpointSlice {
  const { apiVersion, kind } = ENDPOINT_SLICES;
  return {
    apiVersion,
    kind,
    metadata: {
      name: "kubernetes",
      namespace: "default",
      labels: { "kubernetes.io/service-name": "kubernetes" },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: "https", port, protocol: "TCP" }],
  };
}

/** The service has no selector: whoever serves the API writes its endpoints. */
function apiEndpoints({ address, port }: ApiEndpoint): Endpoints {
  const { apiVersion, kind } = ENDPOINTS;
  return {
    apiVersion,
    kind,
    metadata: {
      name: "kubernetes",
      namespace: "default",
      labels: { "endpointslice.kubernetes.io/skip-mirror": "true" },
    },
    subsets: [{
      addresses: [{ ip: address }],
      ports: [{ name: "https", port, protocol: "TCP" }],
    }],
  };
}
