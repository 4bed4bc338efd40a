export type Protocol = "TCP" | "UDP";

/** Where clients of a service connect to. */
export interface Frontend {
  /** Absent: every address of the node. */
  readonly address?: string;
  readonly port: number;
  /** Clients from outside the cluster come for it too. */
  readonly isExternal: boolean;
  /** From outside the node and its pods only clients of these IPv4 ranges are let in; absent: all. */
  readonly sources?: readonly string[];
}

/** One ready pod of a service, with the port already resolved. */
export interface PodAddress {
  readonly ip: string;
  readonly port: number;
}

/** A list, or something smaller that can be gone through like one. */
export interface Pods extends Iterable<PodAddress> {
  readonly length: number;
}

/**
 * One port of one service. Immutable, and planning gives the same object for as long as nothing changed, so
 * that a backend may compare by identity first.
 */
export interface ServiceRule {
  /** `namespace/name:portName`, with `/external` added where outside clients get other pods. Unique. */
  readonly name: string;
  readonly protocol: Protocol;
  /** Never empty; each stands in one rule only. */
  readonly frontends: readonly Frontend[];
  /** In order of address and port, each once. Empty: clients are refused. */
  readonly backends: Pods;
  /** How long a client keeps its pod after its last connection; 0: no affinity. */
  readonly affinitySeconds: number;
  /** While it has no backends, whoever connects wakes it. */
  readonly wakes?: true;
}

/** Everything that a node's data path should do. */
export interface Rules {
  /** Addresses of the node, on which its ports answer. */
  readonly nodeAddresses: readonly string[];
  readonly services: readonly ServiceRule[];
  /** By the name of each rule that wakes: who takes its connections while it sleeps; undefined: nobody. */
  readonly holders?: ReadonlyMap<string, PodAddress | undefined>;
}

export const NO_RULES: Rules = { nodeAddresses: [], services: [] };

/** What is left of a rule for packets that arrive from outside the cluster. */
export function ruleForArrivals(rule: ServiceRule): ServiceRule | undefined {
  const frontends = rule.frontends.filter(({ isExternal }) => isExternal);
  return frontends.length === 0 ? undefined : { ...rule, frontends };
}
