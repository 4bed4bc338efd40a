import type {
  EndpointAddress,
  EndpointPort,
  EndpointSubset,
  Pod,
  Service,
} from "../api/types/core_v1.ts";
import { isOver, isReady } from "./pods.ts";
import { isNamedBy, portsOn } from "./service_backends.ts";

/** One pod as a backend: where it is, and which ports of the service it has. */
interface Backend {
  readonly address: EndpointAddress;
  readonly isReady: boolean;
  readonly ports: readonly EndpointPort[];
}

/**
 * Addresses and ports of the service's pods in their canonical form: pods with the same ports share a subset,
 * and everything is sorted, so that equal worlds give equal subsets.
 */
export function subsetsOf(
  service: Readonly<Service>,
  pods: readonly Readonly<Pod>[],
): EndpointSubset[] {
  const isPublishing = service.spec.publishNotReadyAddresses ?? false;
  const groups = new Map<string, Backend[]>();
  for (const pod of pods) {
    const backend = backendOf(service, pod, isPublishing);
    if (backend === undefined) continue;
    const key = JSON.stringify(backend.ports);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [backend]);
    else group.push(backend);
  }
  return [...groups.keys()].sort().map((key) => subsetOf(groups.get(key) ?? []));
}

/** A pod that ends takes no new connections, so it is not listed at all. */
function backendOf(
  service: Readonly<Service>,
  pod: Readonly<Pod>,
  isPublishing: boolean,
): Backend | undefined {
  const isEnding = pod.metadata.deletionTimestamp !== undefined && !isPublishing;
  if (!pod.status?.podIP || isOver(pod) || isEnding) return undefined;
  const ports = portsOn(service, pod);
  if (ports === undefined) return undefined;
  return {
    address: addressOf(service, pod, pod.status.podIP),
    isReady: isPublishing || isReady(pod),
    ports,
  };
}

function addressOf(service: Readonly<Service>, pod: Readonly<Pod>, ip: string): EndpointAddress {
  const { metadata: { namespace, name, uid }, spec: { nodeName, hostname } } = pod;
  return {
    ip,
    ...(hostname && isNamedBy(service, pod) ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: {
      kind: "Pod",
      ...(namespace === undefined ? {} : { namespace }),
      name,
      ...(uid === undefined ? {} : { uid }),
    },
  };
}

function subsetOf(backends: readonly Backend[]): EndpointSubset {
  const addressesOf = (wanted: boolean) =>
    backends.filter(({ isReady }) => isReady === wanted).map(({ address }) => address).sort(byIp);
  const [addresses, notReadyAddresses] = [addressesOf(true), addressesOf(false)];
  const { ports = [] } = backends[0] ?? {};
  return {
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
    ...(ports.length === 0 ? {} : { ports: [...ports] }),
  };
}

function byIp(a: EndpointAddress, b: EndpointAddress): number {
  if (a.ip !== b.ip) return a.ip < b.ip ? -1 : 1;
  return (a.targetRef?.uid ?? "") < (b.targetRef?.uid ?? "") ? -1 : 1;
}
