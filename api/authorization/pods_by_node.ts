import type { Pod } from "../types/core_v1.ts";
import type { Key } from "../../store/ledger.ts";
import type { Store, StoreEvent } from "../../store/store.ts";
import { type PodReferences, referencesOf } from "./pod_references.ts";

const PODS = "pods/";

interface BoundPod {
  readonly pod: Pod;
  /** Worked out when somebody asks. */
  references?: PodReferences;
}

/** Which pods a node has, from the first question on: until then it costs nothing. */
export class PodsByNode {
  readonly #store: Store;
  readonly #byNode = new Map<string, Map<Key, BoundPod>>();
  #stop: (() => void) | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** True when a pod of the node in the namespace has this reference. */
  refers(node: string, namespace: string, to: keyof PodReferences, name: string): boolean {
    this.#open();
    const prefix = `${PODS}${namespace}/`;
    for (const [key, bound] of this.#byNode.get(node) ?? []) {
      if (!key.startsWith(prefix)) continue;
      bound.references ??= referencesOf(bound.pod);
      if (bound.references[to].has(name)) return true;
    }
    return false;
  }

  /** True when a pod of the node runs as this service account. */
  runsAs(node: string, namespace: string, account: string): boolean {
    this.#open();
    for (const { pod } of this.#byNode.get(node)?.values() ?? []) {
      const isHere = pod.metadata.namespace === namespace;
      if (isHere && pod.spec.serviceAccountName === account) return true;
    }
    return false;
  }

  close(): void {
    this.#stop?.();
  }

  #open(): void {
    if (this.#stop !== undefined) return;
    for (const { key, object } of this.#store.list(PODS)) this.#put(key, object as Pod);
    this.#stop = this.#store.watch(PODS, this.#store.revision, (events) => this.#apply(events));
  }

  #apply(events: readonly StoreEvent[]): void {
    for (const { type, key, current, previous } of events) {
      const before = previous === undefined ? undefined : nodeNameOf(previous.object as Pod);
      const after = type === "DELETE" ? undefined : nodeNameOf(current.object as Pod);
      if (before !== undefined && before !== after) this.#remove(before, key);
      if (after !== undefined) this.#put(key, current.object as Pod);
    }
  }

  #put(key: Key, pod: Pod): void {
    const node = nodeNameOf(pod);
    if (node === undefined) return;
    const known = this.#byNode.get(node);
    if (known === undefined) this.#byNode.set(node, new Map([[key, { pod }]]));
    else known.set(key, { pod });
  }

  #remove(node: string, key: Key): void {
    const known = this.#byNode.get(node);
    known?.delete(key);
    if (known?.size === 0) this.#byNode.delete(node);
  }
}

function nodeNameOf({ spec }: Pod): string | undefined {
  return spec.nodeName || undefined;
}
