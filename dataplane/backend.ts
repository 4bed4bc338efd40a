import type { Rules } from "./rules.ts";

export interface ServiceCounters {
  readonly connections: number;
  /** For want of a ready endpoint. */
  readonly refusals: number;
  /** Of every backend that has had a connection and is one still. */
  readonly backends: readonly BackendCounters[];
}

export interface BackendCounters {
  readonly ip: string;
  readonly port: number;
  readonly connections: number;
  /** From clients, and to them, where packets come by a program: those of clients from outside. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Writes service rules into the kernel. Implementations: EbpfBackend, NftablesBackend, IptablesBackend. */
export interface Backend {
  readonly name: "ebpf" | "nftables" | "iptables";
  /**
   * Makes the kernel do exactly `rules`; one call at a time. After an error the state is unknown, and the next
   * call repairs it. Connections that are open are not cut.
   */
  sync(rules: Rules): Promise<void>;
  /** Frees what this process holds; the kernel goes on with the last rules until the next agent takes over. */
  close(): Promise<void>;
  /** Takes everything of this cluster out of the kernel, also what an earlier process left. */
  remove(): Promise<void>;
  /** Since the rule is in the kernel, by its name. */
  counters?(): ReadonlyMap<string, ServiceCounters>;
  /** Calls `listener` with the name of a rule that wakes, when somebody connects while it has no backends. */
  onAttempt?(listener: (rule: string) => void): void;
}
