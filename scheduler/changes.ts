/** Changes of the cluster that may let a waiting pod run, as bits: what a predicate waits for, and what a watch tells. */
export const CHANGES = {
  nodeAdded: 1,
  nodeAllocatable: 2,
  nodeLabels: 4,
  /** Taints, and whether the node is cordoned. */
  nodeTaints: 8,
  nodeReady: 16,
  podGone: 32,
  podPlaced: 64,
  podLabels: 128,
  volumes: 256,
  services: 512,
  namespaces: 1024,
} as const;

/** Any of `CHANGES`, added up. */
export type Changes = number;

export const ANY_CHANGE: Changes = 2047;
