/** Wires pods to the network of the node and the cluster. Implemented by dataplane/, handed in by cmd/. */
export interface PodNetwork {
  /** Wires the sandbox's network namespace; the same answer for the same pod. */
  attach(
    pod: { uid: string; namespace: string; name: string },
    sandboxPid: number,
  ): Promise<{ ip: string }>;
  /** Takes the wiring away and frees the address. A pod that is not wired is no error. */
  detach(podUid: string): Promise<void>;
  /** uid → ip of every pod that is wired. */
  list(): Promise<ReadonlyMap<string, string>>;
}
