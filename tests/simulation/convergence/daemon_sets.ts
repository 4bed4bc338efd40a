import { DAEMON_SETS } from "../../../api/types/apps_v1.ts";
import { PODS } from "../../../api/types/resources.ts";
import { controllerOf } from "../../../client/owners.ts";
import { isActive, isReady } from "../../../controllers/pods.ts";
import type { SimulatedCluster } from "../cluster.ts";
import { isAtLimit, nameOf, uidOf } from "./names.ts";

/** Each node has one pod of each set, made from its newest template. */
export function daemonsMissing({ sight, nodes }: SimulatedCluster, namespace: string): string[] {
  if (isAtLimit(sight, namespace)) return [];
  return sight.list(DAEMON_SETS, namespace).flatMap((set) => {
    const mine = sight.list(PODS, namespace)
      .filter((pod) => isActive(pod) && controllerOf(pod)?.uid === uidOf(set));
    const wrong = nodes.filter(({ name }) => {
      const here = mine.filter(({ spec }) => spec.nodeName === name);
      return here.length !== 1 || !isReady(here[0]!);
    });
    const { updatedNumberScheduled = 0, numberReady = 0 } = set.status ?? {};
    const isTold = updatedNumberScheduled === nodes.length && numberReady === nodes.length;
    return [
      ...wrong.map(({ name }) => `${nameOf(set)} has no pod, or several, on ${name}`),
      ...isTold ? [] : [`${nameOf(set)} says that ${updatedNumberScheduled} pods are updated`],
    ];
  });
}
