export type Direction = "ingress" | "egress";

/** Everything that a node's kernel should refuse to its pods, said by what it lets pass. */
export interface PolicyRules {
  /** One for each policy and direction in use. */
  readonly chains: readonly PolicyChain[];
  /** Pods of this node that a policy is about. */
  readonly pods: readonly IsolatedPod[];
  /** What matches name. */
  readonly sets: ReadonlyMap<string, PolicySet>;
}

export interface PolicyChain {
  /** `namespace/name`. */
  readonly policy: string;
  readonly direction: Direction;
  /** Any of them lets a connection pass; none: nothing passes. */
  readonly matches: readonly PolicyMatch[];
}

/** An absent side matches everything. */
export interface PolicyMatch {
  readonly peer?: PeerMatch;
  readonly port?: PortMatch;
}

export type PeerMatch =
  | { readonly set: string }
  | { readonly cidr: string; readonly except: readonly string[] };

export interface PortMatch {
  readonly protocol: "TCP" | "UDP" | "SCTP";
  /** Both ends belong to it; absent: every port. */
  readonly first?: number;
  readonly last?: number;
  /** Of addresses with a port each. */
  readonly set?: string;
}

export interface IsolatedPod {
  readonly ip: string;
  readonly namespace: string;
  readonly name: string;
  /** Policies of which one has to let a connection pass; absent: all pass. */
  readonly ingress?: readonly string[];
  readonly egress?: readonly string[];
}

export interface PolicySet {
  readonly type: "ipv4_addr" | "ipv4_addr . inet_service";
  /** Sorted, each once. */
  readonly elements: readonly string[];
}
