import type { Namespace, Pod } from "../api/types/core_v1.ts";
import { selectorOf } from "../api/types/labels.ts";
import type { LabelSelector } from "../api/types/meta.ts";
import { digestOf } from "./names.ts";
import type { PolicySet } from "./policy_rules.ts";

export interface WiredPod {
  readonly pod: Readonly<Pod>;
  readonly ip: string;
}

/** Addresses by what selects them, each selection once, however many rules use it. Pure. */
export class PolicyPeers {
  readonly sets = new Map<string, PolicySet>();

  constructor(
    readonly pods: readonly WiredPod[],
    readonly namespaces: readonly Readonly<Namespace>[],
  ) {}

  /** @returns the set's name. Without a selector of namespaces it is about `namespace` alone */
  setOf(
    namespace: string,
    namespaceSelector: LabelSelector | undefined,
    podSelector: LabelSelector | undefined,
  ): string {
    const [inNamespaces, ofPods] = [selectorOf(namespaceSelector), selectorOf(podSelector ?? {})];
    const scope = namespaceSelector === undefined ? namespace : [String(inNamespaces)];
    const name = `peers-${digestOf(JSON.stringify([scope, String(ofPods)]))}`;
    if (this.sets.has(name)) return name;
    const those = namespaceSelector === undefined ? new Set([namespace]) : new Set(
      this.namespaces.filter(({ metadata }) => inNamespaces.matches(metadata.labels))
        .map(({ metadata }) => metadata.name),
    );
    const found = this.pods.filter(({ pod: { metadata } }) =>
      those.has(metadata.namespace ?? "") && ofPods.matches(metadata.labels)
    );
    this.#add(name, "ipv4_addr", found.map(({ ip }) => ip));
    return name;
  }

  /** Where pods listen at a port of this name. @returns the set's name */
  portsNamed(portName: string, protocol: string): string {
    const name = `ports-${digestOf(`${protocol} ${portName}`)}`;
    if (this.sets.has(name)) return name;
    const found = this.pods.flatMap(({ pod: { spec }, ip }) =>
      [...spec.containers, ...spec.initContainers ?? []].flatMap(({ ports = [] }) => ports)
        .filter((port) => port.name === portName && (port.protocol ?? "TCP") === protocol)
        .map(({ containerPort }) => `${ip} . ${containerPort}`)
    );
    this.#add(name, "ipv4_addr . inet_service", found);
    return name;
  }

  #add(name: string, type: PolicySet["type"], elements: readonly string[]): void {
    this.sets.set(name, { type, elements: [...new Set(elements)].sort() });
  }
}
