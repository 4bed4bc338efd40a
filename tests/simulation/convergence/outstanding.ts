import type { SimulatedCluster } from "../cluster.ts";
import { NAMESPACES_USED } from "../operations/operation.ts";
import { claimsUnbound } from "./claims.ts";
import { daemonsMissing } from "./daemon_sets.ts";
import { endpointsWrong, rulesMissing } from "./endpoints.ts";
import { jobsUnfinished, schedulesMissed } from "./jobs.ts";
import { autoscalersWrong, budgetsWrong } from "./policies.ts";
import { containersWrong, podsThatShouldGo } from "./pods.ts";
import { heavyPodsMissing, replicasMissing, rolloutsMissing } from "./replicas.ts";

/** What the cluster has not brought about yet; empty: it has come to rest where it should. */
export async function outstanding(cluster: SimulatedCluster): Promise<string[]> {
  const { sight } = cluster;
  return [
    ...podsThatShouldGo(sight),
    ...NAMESPACES_USED.flatMap((namespace) => [
      ...replicasMissing(sight, namespace),
      ...rolloutsMissing(sight, namespace),
      ...daemonsMissing(cluster, namespace),
      ...claimsUnbound(sight, namespace),
      ...budgetsWrong(sight, namespace),
      ...autoscalersWrong(cluster, namespace),
      ...endpointsWrong(sight, namespace),
    ]),
    ...heavyPodsMissing(cluster),
    ...jobsUnfinished(sight),
    ...schedulesMissed(cluster),
    ...rulesMissing(cluster),
    ...await containersWrong(cluster),
  ];
}
