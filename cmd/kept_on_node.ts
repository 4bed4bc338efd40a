import type { EndpointAddress, Endpoints, EndpointSubset, Service } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { ENDPOINTS, type Resource, SERVICES } from "../api/types/resources.ts";
import type { Transform } from "../client/reflector.ts";

/** More names of nodes than a cluster has; what stands behind them is kept each time it comes. */
const TEXTS_MAX = 20_000;

/**
 * What an agent keeps of the objects that it follows. A node of a large cluster has every pod's address, while neither
 * its services nor its names have to do with the rest that Endpoints say of pods, nor with what Services say because
 * everybody does. Nothing of it is written back. Record 0093.
 */
export function keptOnNode(): Transform {
  const texts = new KnownTexts();
  return <T extends KubeObject>(object: T, { kind, apiVersion }: Resource<T>): T => {
    if (apiVersion !== ENDPOINTS.apiVersion) return object;
    const any: KubeObject = object;
    if (kind === ENDPOINTS.kind) {
      return new KeptEndpoints(any as Endpoints, texts) as KubeObject as T;
    }
    if (kind === SERVICES.kind) return keptOfService(any as Service, texts) as KubeObject as T;
    return object;
  };
}

/** One copy of each text that many objects have, and its number. */
class KnownTexts {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  /** @returns the text itself where there are too many */
  numberOf(text: string): number | string {
    const known = this.#numbers.get(text);
    if (known !== undefined || this.#texts.length === TEXTS_MAX) return known ?? text;
    this.#numbers.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  textOf(number: number | string): string {
    return typeof number === "string" ? number : this.#texts[number] ?? "";
  }

  same(text: string): string {
    return this.textOf(this.numberOf(text));
  }
}

/** Address, number of the node's name, host name; from the first that is missing on all are. */
type Packed = [ip: string, node?: number | string | null, hostname?: string];

/** Subsets as one text, objects again when somebody looks: ten pods take a tenth. */
class KeptEndpoints implements Endpoints {
  readonly apiVersion: Endpoints["apiVersion"];
  readonly kind: Endpoints["kind"];
  readonly metadata: Endpoints["metadata"];
  readonly #subsets: string;
  readonly #texts: KnownTexts;

  constructor({ apiVersion, kind, metadata, subsets = [] }: Endpoints, texts: KnownTexts) {
    const { name, namespace = "", uid, resourceVersion } = metadata;
    this.apiVersion = apiVersion;
    this.kind = kind;
    this.metadata = { name, namespace: texts.same(namespace), uid, resourceVersion } as Endpoints[
      "metadata"
    ];
    this.#texts = texts;
    this.#subsets = JSON.stringify(
      subsets.map(({ addresses = [], ports = [] }) => [
        ports,
        ...addresses.map((address) => packedOf(address, texts)),
      ]),
    );
  }

  get subsets(): EndpointSubset[] {
    const packed = JSON.parse(this.#subsets) as [EndpointSubset["ports"], ...Packed[]][];
    return packed.map(([ports = [], ...addresses]) => ({
      addresses: addresses.map((address) => addressOf(address, this.#texts)),
      ports,
    }));
  }
}

function packedOf({ ip, nodeName, hostname }: EndpointAddress, texts: KnownTexts): Packed {
  const node = nodeName === undefined ? undefined : texts.numberOf(nodeName);
  if (hostname !== undefined) return [ip, node ?? null, hostname];
  return node === undefined ? [ip] : [ip, node];
}

function addressOf([ip, node, hostname]: Packed, texts: KnownTexts): EndpointAddress {
  const address: EndpointAddress = { ip };
  if (node !== undefined && node !== null) address.nodeName = texts.textOf(node);
  if (hostname !== undefined) address.hostname = hostname;
  return address;
}

/** What every service says that was made without a word on it. */
const SAID_BY_ALL: Readonly<Record<string, unknown>> = {
  ...{
    sessionAffinity: "None",
    internalTrafficPolicy: "Cluster",
    externalTrafficPolicy: "Cluster",
  },
};
/** What no node asks for, of a service, its metadata and its ports. */
const NOT_ASKED: ReadonlySet<string> = new Set([
  ...["ipFamilies", "ipFamilyPolicy", "allocateLoadBalancerNodePorts", "targetPort"],
  ...["creationTimestamp", "finalizers", "ownerReferences"],
]);
/** The same object once more, for a client that is no node. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

function keptOfService(service: Service, texts: KnownTexts): Service {
  const { apiVersion, kind, metadata, spec, status } = service;
  const kept = {
    apiVersion,
    kind,
    metadata: asked(metadata, texts),
    spec: asked(specOf(spec), texts),
  };
  if (LAST_APPLIED in (metadata.annotations ?? {})) {
    const { [LAST_APPLIED]: _, ...annotations } = metadata.annotations ?? {};
    kept.metadata.annotations = annotations;
  }
  if (spec.ports !== undefined) kept.spec.ports = spec.ports.map((port) => asked(port, texts));
  return status?.loadBalancer?.ingress === undefined ? kept : { ...kept, status };
}

/** Readers take the one address from clusterIP where there is no list. */
function specOf(spec: Service["spec"]): Service["spec"] {
  const { clusterIPs, ...rest } = spec;
  return clusterIPs === undefined || clusterIPs.join() !== spec.clusterIP ? spec : rest;
}

/** No spreads and nothing left out later: objects made like that take twice as much. */
function asked<T extends object>(object: T, texts: KnownTexts): T {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(object)) {
    if (NOT_ASKED.has(key) || (key in SAID_BY_ALL && SAID_BY_ALL[key] === value)) continue;
    kept[key] = typeof value === "string" && !OWN.has(key) ? texts.same(value) : value;
  }
  return kept as T;
}

/** Texts that differ from object to object. */
const OWN: ReadonlySet<string> = new Set([
  ...["name", "uid", "resourceVersion", "clusterIP", "externalName", "deletionTimestamp"],
]);
