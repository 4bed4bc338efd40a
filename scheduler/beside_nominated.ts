import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";
import type { Policy } from "./policy.ts";
import { type Verdict, verdictOn } from "./ranking.ts";
import type { World } from "./world.ts";

/**
 * What speaks against a node as if those were on it already for which room is being made there and that the pod
 * does not go before; undefined: nothing, or there are none.
 */
export function verdictBesideNominated(
  pod: PodInfo,
  node: NodeInfo,
  world: World,
  policy: Policy,
): Verdict | undefined {
  if (world.nominated.size === 0) return undefined;
  const added = world.nominated.ahead(pod, node.name).filter(({ uid }) => !node.pods.has(uid));
  if (added.length === 0) return undefined;
  for (const other of added) node.addPod(other);
  const verdict = verdictOn(pod, node, world, policy);
  for (const { uid } of added) node.removePod(uid);
  return verdict;
}
