/** How endpoints are spread over slices, so that a change of one endpoint writes one slice. */
import { isDeepStrictEqual } from "node:util";
import type { Endpoint, EndpointPort, EndpointSlice } from "../../api/types/discovery_v1.ts";
import type { KubeObject, ObjectMeta } from "../../api/types/meta.ts";
import type { Write } from "../../client/cache.ts";
import { controllerReferenceTo } from "../../client/owners.ts";

/** Source: kube-controller-manager, max-endpoints-per-slice. */
export const ENDPOINTS_MAX = 100;
export const SERVICE_NAME = "kubernetes.io/service-name";
export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";

export interface Wanted {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export interface Slicing {
  readonly owner: Readonly<KubeObject>;
  readonly labels: Readonly<Record<string, string>>;
  /** One for each combination of ports. */
  readonly wanted: readonly Wanted[];
  /** The owner's slices as they are. */
  readonly have: readonly Readonly<EndpointSlice>[];
}

/** Writes that bring the slices to what is wanted. A service without endpoints keeps one empty slice. */
export function planSlices(slicing: Slicing): Write[] {
  const groups = slicing.wanted.length > 0 ? slicing.wanted : [{ ports: [], endpoints: [] }];
  const unused = new Set(slicing.have);
  const writes = groups.flatMap((group) => {
    const own = slicing.have.filter(({ ports = [] }) => isDeepStrictEqual(ports, group.ports));
    for (const slice of own) unused.delete(slice);
    return fill(slicing, group, own);
  });
  return [...writes, ...[...unused].map((object): Write => ({ verb: "delete", object }))];
}

/** Endpoints stay in the slice they are in; new ones go where there is room, and then into new slices. */
function fill(slicing: Slicing, group: Wanted, own: readonly Readonly<EndpointSlice>[]): Write[] {
  const missing = new Map(group.endpoints.map((endpoint) => [keyOf(endpoint), endpoint]));
  const kept = own.map((slice) => {
    const endpoints: Endpoint[] = [];
    for (const old of slice.endpoints ?? []) {
      const now = missing.get(keyOf(old));
      if (now === undefined) continue;
      endpoints.push(now);
      missing.delete(keyOf(old));
    }
    return { slice, endpoints };
  });
  const rest = [...missing.values()];
  for (const { endpoints } of kept.toSorted((a, b) => b.endpoints.length - a.endpoints.length)) {
    endpoints.push(...rest.splice(0, ENDPOINTS_MAX - endpoints.length));
  }
  const fresh: Endpoint[][] = [];
  while (rest.length > 0) fresh.push(rest.splice(0, ENDPOINTS_MAX));
  if (kept.length + fresh.length === 0) fresh.push([]);
  const isEmptied = (endpoints: readonly Endpoint[]) => endpoints.length === 0;
  const spare = kept.filter(({ endpoints }) => isEmptied(endpoints)).slice(
    kept.every(({ endpoints }) => isEmptied(endpoints)) && fresh.length === 0 ? 1 : 0,
  );
  return [
    ...kept.filter((one) => !spare.includes(one)).flatMap(({ slice, endpoints }) =>
      changed(slicing, slice, endpoints)
    ),
    ...spare.map(({ slice }): Write => ({ verb: "delete", object: slice })),
    ...fresh.map((endpoints): Write => {
      return { verb: "create", object: sliceOf(slicing, group.ports, endpoints) };
    }),
  ];
}

function changed(
  { labels }: Slicing,
  slice: Readonly<EndpointSlice>,
  endpoints: readonly Endpoint[],
): Write[] {
  const metadata: ObjectMeta = { ...slice.metadata, labels: { ...labels } };
  const next: EndpointSlice = { ...slice, metadata, endpoints: [...endpoints] };
  return isDeepStrictEqual(next, slice) ? [] : [{ verb: "update", object: next }];
}

function sliceOf(
  { owner, labels }: Slicing,
  ports: readonly EndpointPort[],
  endpoints: Endpoint[],
): EndpointSlice {
  const { name, namespace = "" } = owner.metadata;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "",
      generateName: `${name}-`,
      namespace,
      labels: { ...labels },
      ownerReferences: [controllerReferenceTo(owner)],
    },
    addressType: "IPv4",
    endpoints,
    ...(ports.length === 0 ? {} : { ports: [...ports] }),
  };
}

function keyOf({ addresses, targetRef }: Endpoint): string {
  return targetRef?.uid ?? addresses.join(",");
}
