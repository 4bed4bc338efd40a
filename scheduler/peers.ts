import { matchesLabels } from "../api/types/labels.ts";
import type { Pod, Service } from "../api/types/core_v1.ts";

interface Selecting {
  readonly name: string;
  readonly selector: Readonly<Record<string, string>>;
  /** Pods by node: what `World.peersOf` shows. */
  readonly counts: Map<string, number>;
}

interface Placed {
  readonly pod: Readonly<Pod>;
  readonly nodeName: string;
}

/** Services and pods of one namespace. */
class Namespace {
  readonly services = new Map<string, Selecting>();
  /** Services by one pair of their selector, `label=value`: a pod looks up only its own labels. */
  readonly byPair = new Map<string, Selecting[]>();
  readonly pods = new Map<string, Placed>();
}

/** Counts, for each service, its pods on each node, so that no decision has to look at pods. */
export class Peers {
  readonly #namespaces = new Map<string, Namespace>();

  /** Of the first service in name order that selects the pod. */
  of({ metadata }: Readonly<Pod>): ReadonlyMap<string, number> | undefined {
    const namespace = this.#namespaces.get(metadata.namespace ?? "");
    if (namespace === undefined) return undefined;
    let first: Selecting | undefined;
    for (const service of selecting(namespace, metadata.labels)) {
      if (first === undefined || service.name < first.name) first = service;
    }
    return first?.counts;
  }

  setService({ metadata, spec }: Readonly<Service>): void {
    this.removeService(metadata.namespace ?? "", metadata.name);
    const [pair] = Object.entries(spec.selector ?? {});
    if (spec.selector === undefined || pair === undefined) return;
    const namespace = this.#namespaceNamed(metadata.namespace ?? "");
    const service = { name: metadata.name, selector: spec.selector, counts: new Map() };
    namespace.services.set(service.name, service);
    const key = pair.join("=");
    namespace.byPair.set(key, [...namespace.byPair.get(key) ?? [], service]);
    for (const { pod, nodeName } of namespace.pods.values()) {
      if (matchesLabels(service.selector, pod.metadata.labels)) count(service.counts, nodeName, 1);
    }
  }

  removeService(namespaceName: string, name: string): void {
    const namespace = this.#namespaces.get(namespaceName);
    const service = namespace?.services.get(name);
    if (namespace === undefined || service === undefined) return;
    namespace.services.delete(name);
    const key = Object.entries(service.selector)[0]?.join("=") ?? "";
    const others = namespace.byPair.get(key)?.filter((other) => other !== service) ?? [];
    if (others.length === 0) namespace.byPair.delete(key);
    else namespace.byPair.set(key, others);
  }

  addPod(uid: string, pod: Readonly<Pod>, nodeName: string): void {
    const namespace = this.#namespaceNamed(pod.metadata.namespace ?? "");
    namespace.pods.set(uid, { pod, nodeName });
    for (const { counts } of selecting(namespace, pod.metadata.labels)) count(counts, nodeName, 1);
  }

  removePod(uid: string, namespaceName: string): void {
    const namespace = this.#namespaces.get(namespaceName);
    const placed = namespace?.pods.get(uid);
    if (namespace === undefined || placed === undefined) return;
    namespace.pods.delete(uid);
    const { pod, nodeName } = placed;
    for (const { counts } of selecting(namespace, pod.metadata.labels)) count(counts, nodeName, -1);
    if (namespace.pods.size + namespace.services.size === 0) this.#namespaces.delete(namespaceName);
  }

  #namespaceNamed(name: string): Namespace {
    let namespace = this.#namespaces.get(name);
    if (namespace === undefined) this.#namespaces.set(name, namespace = new Namespace());
    return namespace;
  }
}

function* selecting(
  { byPair }: Namespace,
  labels: Readonly<Record<string, string>> = {},
): Generator<Selecting, void, void> {
  if (byPair.size === 0) return;
  for (const label in labels) {
    for (const service of byPair.get(`${label}=${labels[label]}`) ?? []) {
      if (matchesLabels(service.selector, labels)) yield service;
    }
  }
}

function count(counts: Map<string, number>, nodeName: string, by: 1 | -1): void {
  const sum = (counts.get(nodeName) ?? 0) + by;
  if (sum === 0) counts.delete(nodeName);
  else counts.set(nodeName, sum);
}
