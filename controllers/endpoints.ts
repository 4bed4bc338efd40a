import type { Endpoints, Pod, Service } from "../api/types/core_v1.ts";
import { ENDPOINTS, PODS, SERVICES } from "../api/types/resources.ts";
import type { Cache } from "../client/cache.ts";
import { selectedBy } from "../client/selecting.ts";
import { toward } from "../client/writes.ts";
import {
  type Change,
  type Controller,
  keyOf,
  NOTHING_TO_DO,
  type ObjectKey,
  onChangeOf,
} from "./controller.ts";
import { subsetsOf } from "./endpoint_subsets.ts";
import { servicesOf } from "./services_of_pod.ts";

/** Whose the Endpoints are; source: kube-controller-manager. */
const MANAGED_BY = "endpoints.kubernetes.io/managed-by";
const MANAGER = "endpoint-controller";
const HEADLESS = "service.kubernetes.io/headless";

/** Publishes the addresses of each Service's pods, for the data path and DNS to read. */
export const endpointsController: Controller<Service> = {
  name: MANAGER,
  reconciles: SERVICES,
  concurrency: 5,
  requeueOn: [onChangeOf(PODS, servicesOf), onChangeOf(ENDPOINTS, serviceOf)],
  plan(service, { cache }) {
    const { selector = {}, type } = service.spec;
    const isOthers = Object.keys(selector).length === 0; // its owner writes the endpoints by hand
    if (isOthers || type === "ExternalName") return NOTHING_TO_DO;
    const { name, namespace = "" } = service.metadata;
    const pods = selectedBy(selector, cache, PODS, namespace);
    return { writes: toward(cache.get(ENDPOINTS, namespace, name), endpointsOf(service, pods)) };
  },
  planGone({ namespace, name }, { cache }) {
    const object = cache.get(ENDPOINTS, namespace, name);
    return object === undefined ? NOTHING_TO_DO : { writes: [{ verb: "delete", object }] };
  },
};

function endpointsOf(service: Readonly<Service>, pods: readonly Readonly<Pod>[]): Endpoints {
  const { name, namespace = "", labels } = service.metadata;
  const subsets = subsetsOf(service, pods);
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {
      name,
      namespace,
      labels: {
        ...labels,
        [MANAGED_BY]: MANAGER,
        ...(service.spec.clusterIP === "None" ? { [HEADLESS]: "" } : {}),
      },
    },
    ...(subsets.length === 0 ? {} : { subsets }),
  };
}

/** Endpoints without a service are looked at only when they are ours: users may write their own before the service. */
function serviceOf({ before, after }: Change<Endpoints>, cache: Cache): ObjectKey[] {
  const object = after ?? before;
  if (object === undefined) return [];
  const key = keyOf(object);
  const isOurs = object.metadata.labels?.[MANAGED_BY] === MANAGER;
  return isOurs || cache.get(SERVICES, key.namespace, key.name) !== undefined ? [key] : [];
}
