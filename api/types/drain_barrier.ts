/**
 * What nodes, controllers and agents tell each other so that a pod gets SIGTERM only when no node leads to it any
 * more, and counts as available only when every node does.
 */

/** On a node's lease, which is stored nowhere: the revision up to which its kernel has every change of endpoints. */
export const PROGRAMMED_ANNOTATION = "wherry.dev/programmed";
/** Of a pod that ends. True: no ready node leads to it any more; False: not all of them said so in time. */
export const DRAINED_CONDITION = "wherry.dev/Drained";
/** Of a pod that is ready. True: every ready node leads to it; False: not all of them said so in time. */
export const PROGRAMMED_CONDITION = "wherry.dev/Programmed";
/** Where nodes have their leases. Source: kubelet. */
export const NODE_LEASE_NAMESPACE = "kube-node-lease";
/** The longest that pods wait for nodes. Among fewer than 1,500 that is more than a heartbeat, which repeats what was lost. */
export const BARRIER_MS_MAX = 5_000;

/** How long a pod that ends waits at the most: its processes keep their whole grace period besides. */
export function drainMsMax(graceSeconds: number): number {
  return Math.min(BARRIER_MS_MAX, graceSeconds * 500);
}

/** Of that, what nodes have to let go of it. In the last fifth it is told who was late. */
export function lettingGoMsMax(graceSeconds: number): number {
  return drainMsMax(graceSeconds) * 4 / 5;
}
