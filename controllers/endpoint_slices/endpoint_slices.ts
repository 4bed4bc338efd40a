import type { Node, Pod, Service } from "../../api/types/core_v1.ts";
import {
  type Endpoint,
  ENDPOINT_SLICES,
  type EndpointSlice,
} from "../../api/types/discovery_v1.ts";
import { NODES, PODS, SERVICES } from "../../api/types/resources.ts";
import type { Cache } from "../../client/cache.ts";
import { selectedBy } from "../../client/selecting.ts";
import {
  type Change,
  type Controller,
  NOTHING_TO_DO,
  type ObjectKey,
  onChangeOf,
} from "../controller.ts";
import { isOver, isReady } from "../pods.ts";
import { isNamedBy, portsOn } from "../service_backends.ts";
import { servicesOf } from "../services_of_pod.ts";
import { MANAGED_BY, planSlices, SERVICE_NAME, type Wanted } from "./fill.ts";

/** Source: Kubernetes, the endpoint slice controller. */
const MANAGER = "endpointslice-controller.k8s.io";
const HEADLESS = "service.kubernetes.io/headless";
const ZONE = "topology.kubernetes.io/zone";
/** Source: Kubernetes, values of trafficDistribution. */
const NEAR_ZONE: ReadonlySet<string> = new Set(["PreferClose", "PreferSameZone"]);

/** Publishes the addresses of each Service's pods in slices of at most 100. */
export const endpointSliceController: Controller<Service> = {
  name: "endpoint-slice-controller",
  reconciles: SERVICES,
  concurrency: 5,
  requeueOn: [
    onChangeOf(PODS, servicesOf),
    onChangeOf(ENDPOINT_SLICES, serviceOf),
    onChangeOf(NODES, () => []),
  ],
  plan(service, { cache }) {
    const { selector = {}, type, clusterIP } = service.spec;
    if (Object.keys(selector).length === 0 || type === "ExternalName") return NOTHING_TO_DO;
    const { name, namespace = "", labels } = service.metadata;
    const pods = selectedBy(selector, cache, PODS, namespace);
    const writes = planSlices({
      owner: service,
      labels: {
        ...labels,
        [MANAGED_BY]: MANAGER,
        [SERVICE_NAME]: name,
        ...(clusterIP === "None" ? { [HEADLESS]: "" } : {}),
      },
      wanted: wantedOf(service, pods, cache),
      have: slicesOf({ namespace, name }, cache),
    });
    return { writes };
  },
  planGone(key, { cache }) {
    return { writes: slicesOf(key, cache).map((object) => ({ verb: "delete", object })) };
  },
};

function slicesOf({ namespace, name }: ObjectKey, cache: Cache): Readonly<EndpointSlice>[] {
  return cache.labelled(ENDPOINT_SLICES, namespace, SERVICE_NAME, name)
    .filter(({ metadata }) => metadata.labels?.[MANAGED_BY] === MANAGER);
}

/** Pods with the same ports share slices; everything is sorted, so that equal worlds give equal slices. */
function wantedOf(
  service: Readonly<Service>,
  pods: readonly Readonly<Pod>[],
  cache: Cache,
): Wanted[] {
  const groups = new Map<string, { ports: Wanted["ports"]; endpoints: Endpoint[] }>();
  for (const pod of pods) {
    const ports = !pod.status?.podIP || isOver(pod) ? undefined : portsOn(service, pod);
    if (ports === undefined) continue;
    const named = ports.map((port) => ({ ...port, name: port.name ?? "" }));
    const key = JSON.stringify(named);
    const group = groups.get(key) ?? { ports: named, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push(endpointOf(service, pod, cache));
  }
  return [...groups.keys()].sort().map((key) => groups.get(key)!);
}

/** A pod that ends is still shown, for those that drain it. */
function endpointOf(service: Readonly<Service>, pod: Readonly<Pod>, cache: Cache): Endpoint {
  const { metadata: { namespace = "", name, uid = "" }, spec: { nodeName, hostname } } = pod;
  const isEnding = pod.metadata.deletionTimestamp !== undefined;
  const isPublished = service.spec.publishNotReadyAddresses ?? false;
  const node = nodeName ? cache.get(NODES, "", nodeName) : undefined;
  const zone = (node as Node | undefined)?.metadata.labels?.[ZONE];
  const ready = isPublished || (isReady(pod) && !isEnding);
  return {
    addresses: [pod.status?.podIP ?? ""],
    conditions: {
      ready,
      serving: isReady(pod),
      terminating: isEnding,
    },
    ...(ready ? hintsFor(service, zone) : {}),
    ...(hostname && isNamedBy(service, pod) ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: { kind: "Pod", namespace, name, uid },
    ...(zone === undefined ? {} : { zone }),
  };
}

/** A pod is for clients of its own zone, where the service prefers near ones. Source: Kubernetes, reconcile hints. */
function hintsFor({ spec }: Readonly<Service>, zone: string | undefined): Pick<Endpoint, "hints"> {
  const isNear = NEAR_ZONE.has(spec.trafficDistribution ?? "");
  return isNear && zone !== undefined ? { hints: { forZones: [{ name: zone }] } } : {};
}

/** Slices of others are their own affair. */
function serviceOf({ before, after }: Change<EndpointSlice>): ObjectKey[] {
  const { namespace = "", labels = {} } = (after ?? before)!.metadata;
  const name = labels[SERVICE_NAME];
  return name === undefined || labels[MANAGED_BY] !== MANAGER ? [] : [{ namespace, name }];
}
