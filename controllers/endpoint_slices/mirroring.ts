import type { EndpointAddress, Endpoints } from "../../api/types/core_v1.ts";
import {
  type Endpoint,
  ENDPOINT_SLICES,
  type EndpointSlice,
} from "../../api/types/discovery_v1.ts";
import { ENDPOINTS, SERVICES } from "../../api/types/resources.ts";
import type { Cache } from "../../client/cache.ts";
import { type Change, type Controller, keyOf, type ObjectKey, onChangeOf } from "../controller.ts";
import { MANAGED_BY, planSlices, SERVICE_NAME, type Wanted } from "./fill.ts";

/** Source: Kubernetes, the endpoint slice mirroring controller. */
const MANAGER = "endpointslicemirroring-controller.k8s.io";
const SKIP = "endpointslice.kubernetes.io/skip-mirror";
/** Addresses of one subset that are shown. Source: kube-controller-manager, mirroring-max-endpoints-per-subset. */
const SUBSET_MAX = 1000;

/** Shows Endpoints that somebody wrote by hand, for a Service without a selector, as EndpointSlices too. */
export const endpointSliceMirroringController: Controller<Endpoints> = {
  name: "endpoint-slice-mirroring-controller",
  reconciles: ENDPOINTS,
  concurrency: 2,
  requeueOn: [
    onChangeOf(SERVICES, ({ before, after }) => [keyOf((after ?? before)!)]),
    onChangeOf(ENDPOINT_SLICES, endpointsOf),
  ],
  plan(endpoints, { cache }) {
    const { name, labels = {} } = endpoints.metadata;
    const key = keyOf(endpoints);
    const have = slicesOf(key, cache);
    if (!isMirrored(endpoints, cache)) {
      return { writes: have.map((object) => ({ verb: "delete", object })) };
    }
    const owned = { ...labels, [MANAGED_BY]: MANAGER, [SERVICE_NAME]: name };
    return {
      writes: planSlices({ owner: endpoints, labels: owned, wanted: wantedOf(endpoints), have }),
    };
  },
  planGone(key, { cache }) {
    return { writes: slicesOf(key, cache).map((object) => ({ verb: "delete", object })) };
  },
};

function isMirrored({ metadata }: Readonly<Endpoints>, cache: Cache): boolean {
  if (metadata.labels?.[SKIP] === "true") return false;
  const service = cache.get(SERVICES, metadata.namespace ?? "", metadata.name);
  return service !== undefined && Object.keys(service.spec.selector ?? {}).length === 0;
}

function slicesOf({ namespace, name }: ObjectKey, cache: Cache): Readonly<EndpointSlice>[] {
  return cache.labelled(ENDPOINT_SLICES, namespace, SERVICE_NAME, name)
    .filter(({ metadata }) => metadata.labels?.[MANAGED_BY] === MANAGER);
}

function wantedOf({ subsets = [] }: Readonly<Endpoints>): Wanted[] {
  return subsets.map(({ addresses = [], notReadyAddresses = [], ports = [] }) => ({
    ports: ports.map(({ name = "", port, protocol = "TCP", appProtocol }) => {
      return { name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) };
    }),
    endpoints: [
      ...addresses.map((address) => endpointOf(address, true)),
      ...notReadyAddresses.map((address) => endpointOf(address, false)),
    ].slice(0, SUBSET_MAX),
  }));
}

function endpointOf(
  { ip, hostname, nodeName, targetRef }: EndpointAddress,
  ready: boolean,
): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef === undefined ? {} : { targetRef }),
  };
}

function endpointsOf({ before, after }: Change<EndpointSlice>): ObjectKey[] {
  const { namespace = "", labels = {} } = (after ?? before)!.metadata;
  const name = labels[SERVICE_NAME];
  return name === undefined || labels[MANAGED_BY] !== MANAGER ? [] : [{ namespace, name }];
}
