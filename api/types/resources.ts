import type {
  ConfigMap,
  Endpoints,
  Event,
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from "./core_v1.ts";
import type { KubeObject } from "./meta.ts";

declare const OBJECT: unique symbol;

/** Where objects of type `T` are found in the API. `T` exists for the compiler only. */
export interface Resource<T extends KubeObject> {
  /** `v1`, or `group/version`. */
  readonly apiVersion: string;
  readonly kind: string;
  /** Plural, lower case: the path segment. */
  readonly resource: string;
  readonly isNamespaced: boolean;
  /** Where a definition names its lists in its own way. */
  readonly listKind?: string;
  readonly [OBJECT]?: T;
}

function core<T extends KubeObject>(kind: string, resource: string, isNamespaced = true) {
  return { apiVersion: "v1", kind, resource, isNamespaced } as Resource<T>;
}

export const NODES = core<Node>("Node", "nodes", false);
export const NAMESPACES = core<Namespace>("Namespace", "namespaces", false);
export const PODS = core<Pod>("Pod", "pods");
export const SERVICES = core<Service>("Service", "services");
export const ENDPOINTS = core<Endpoints>("Endpoints", "endpoints");
export const REPLICATION_CONTROLLERS = core<ReplicationController>(
  "ReplicationController",
  "replicationcontrollers",
);
export const CONFIG_MAPS = core<ConfigMap>("ConfigMap", "configmaps");
export const SECRETS = core<Secret>("Secret", "secrets");
export const SERVICE_ACCOUNTS = core<ServiceAccount>("ServiceAccount", "serviceaccounts");
export const EVENTS = core<Event>("Event", "events");
export const RESOURCE_QUOTAS = core<ResourceQuota>("ResourceQuota", "resourcequotas");
export const LIMIT_RANGES = core<LimitRange>("LimitRange", "limitranges");
export const POD_TEMPLATES = core<PodTemplate>("PodTemplate", "podtemplates");
export const PERSISTENT_VOLUMES = core<PersistentVolume>(
  "PersistentVolume",
  "persistentvolumes",
  false,
);
export const PERSISTENT_VOLUME_CLAIMS = core<PersistentVolumeClaim>(
  "PersistentVolumeClaim",
  "persistentvolumeclaims",
);
