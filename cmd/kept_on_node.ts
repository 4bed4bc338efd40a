import type { EndpointAddress, Endpoints } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { ENDPOINTS, type Resource } from "../api/types/resources.ts";
import type { Transform } from "../client/reflector.ts";

/** More names of nodes than a cluster has; what stands behind them are copies then. */
const NODE_NAMES_MAX = 20_000;

/**
 * What an agent keeps of the objects that it follows. A node of a large cluster has every pod's address, while neither
 * its services nor its names have to do with the rest that Endpoints say of pods. Nothing of it is written back.
 */
export function keptOnNode(): Transform {
  const nodeNames = new Map<string, string>();
  const known = (name: string) => {
    const first = nodeNames.get(name);
    if (first === undefined && nodeNames.size < NODE_NAMES_MAX) nodeNames.set(name, name);
    return first ?? name;
  };
  return <T extends KubeObject>(object: T, { kind, apiVersion }: Resource<T>): T => {
    if (kind !== ENDPOINTS.kind || apiVersion !== ENDPOINTS.apiVersion) return object;
    return keptOfEndpoints(object as KubeObject as Endpoints, known) as KubeObject as T;
  };
}

function keptOfEndpoints(
  { apiVersion, kind, metadata, subsets = [] }: Endpoints,
  known: (name: string) => string,
): Endpoints {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, uid, resourceVersion } as Endpoints["metadata"],
    subsets: subsets.map(({ addresses = [], ports = [] }) => ({
      addresses: addresses.map((address) => keptOfAddress(address, known)),
      ports,
    })),
  };
}

/** @param known the one copy of a text that is kept */
function keptOfAddress(
  { ip, nodeName, hostname }: EndpointAddress,
  known: (name: string) => string,
): EndpointAddress {
  // no spreads: objects made of them take twice as much
  if (hostname !== undefined) {
    return nodeName === undefined ? { ip, hostname } : { ip, nodeName: known(nodeName), hostname };
  }
  return nodeName === undefined ? { ip } : { ip, nodeName: known(nodeName) };
}
