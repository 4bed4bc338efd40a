/**
 * Slices that users write for services without a selector. Those of the controllers repeat what Endpoints say, and
 * are not followed at all: a node of a large cluster need not hold every address twice.
 */
import type { Service } from "../api/types/core_v1.ts";
import { ENDPOINT_SLICES, type EndpointSlice } from "../api/types/discovery_v1.ts";
import { ENDPOINTS } from "../api/types/resources.ts";
import type { ListOptions } from "../client/api.ts";
import type { Cache } from "../client/cache.ts";
import type { Backing } from "./plan_backends.ts";

const SERVICE_NAME = "kubernetes.io/service-name";
const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
/** Source: Kubernetes, the endpoint slice controller and the mirroring controller. */
const CONTROLLERS = [
  "endpointslice-controller.k8s.io",
  "endpointslicemirroring-controller.k8s.io",
];

export const WRITTEN_BY_HAND: ListOptions = {
  labelSelector: `${SERVICE_NAME},${MANAGED_BY} notin (${CONTROLLERS.join(",")})`,
};

/** `namespace/name` of the service that the slice is for; undefined for those of the controllers. */
export function serviceOfSlice(slice: Readonly<EndpointSlice> | undefined): string | undefined {
  const { namespace = "", labels = {} } = slice?.metadata ?? {};
  const name = labels[SERVICE_NAME];
  if (name === undefined || CONTROLLERS.includes(labels[MANAGED_BY] ?? "")) return undefined;
  return `${namespace}/${name}`;
}

/** The API's own service has endpoints beside its slice; with a selector, slices by hand are none of ours. */
export function backingOf(cache: Cache, service: Readonly<Service>): Backing {
  const { namespace = "", name } = service.metadata;
  const endpoints = cache.get(ENDPOINTS, namespace, name);
  if (Object.keys(service.spec.selector ?? {}).length > 0) return { endpoints };
  const slices = cache.labelled(ENDPOINT_SLICES, namespace, SERVICE_NAME, name)
    .filter((slice) => serviceOfSlice(slice) !== undefined && slice.addressType === "IPv4");
  return slices.length === 0 ? { endpoints } : { endpoints, slices };
}
