/** core/v1: every type, by subject. */
export * from "./core_v1/bindings.ts";
export * from "./core_v1/component_status.ts";
export * from "./core_v1/configuration.ts";
export * from "./core_v1/containers.ts";
export * from "./core_v1/endpoints.ts";
export * from "./core_v1/events.ts";
export * from "./core_v1/namespaces.ts";
export * from "./core_v1/nodes.ts";
export * from "./core_v1/persistent_volumes.ts";
export * from "./core_v1/pods.ts";
export * from "./core_v1/quotas.ts";
export * from "./core_v1/references.ts";
export * from "./core_v1/resources.ts";
export * from "./core_v1/scheduling.ts";
export * from "./core_v1/services.ts";
export * from "./core_v1/volumes.ts";
export * from "./core_v1/workloads.ts";
