import {
  DEPLOYMENTS,
  REPLICA_SETS,
  STATEFUL_SETS,
  type StatefulSet,
} from "../../../api/types/apps_v1.ts";
import type { ReplicationController } from "../../../api/types/core_v1.ts";
import { PODS, REPLICATION_CONTROLLERS } from "../../../api/types/resources.ts";
import { controllerOf } from "../../../client/owners.ts";
import { isActive, isReady } from "../../../controllers/pods.ts";
import type { SimulatedCluster } from "../cluster.ts";
import { HEAVY_MILLI } from "../operations/objects.ts";
import type { Sight } from "../sight.ts";
import { isAtLimit, nameOf, uidOf } from "./names.ts";

/** Of controllers and sets, those whose pods are too many, too few or not ready. */
export function replicasMissing(sight: Sight, namespace: string): string[] {
  const pods = sight.list(PODS, namespace).filter(isActive);
  const isFull = isAtLimit(sight, namespace);
  const sets = [
    ...sight.list(REPLICATION_CONTROLLERS, namespace),
    ...sight.list(REPLICA_SETS, namespace),
    ...sight.list(STATEFUL_SETS, namespace),
  ] as readonly Readonly<ReplicationController | StatefulSet>[];
  return sets.flatMap((set) => {
    const mine = pods.filter((pod) => controllerOf(pod)?.uid === uidOf(set));
    const ready = mine.filter(isReady).length;
    const { replicas = 1 } = set.spec ?? {};
    const isCount = isFull ? mine.length <= replicas : mine.length === replicas;
    if (isCount && (ready === mine.length || mine.some(isHeavy))) return [];
    return [`${nameOf(set)} has ${ready} ready of ${mine.length} pods and wants ${replicas}`];
  });
}

export function rolloutsMissing(sight: Sight, namespace: string): string[] {
  if (isAtLimit(sight, namespace)) return [];
  return sight.list(DEPLOYMENTS, namespace).flatMap((deployment) => {
    const { metadata: { generation }, spec: { replicas = 1 }, status = {} } = deployment;
    const current = sight.list(REPLICA_SETS, namespace).filter((set) =>
      controllerOf(set)?.uid === uidOf(deployment) && set.spec.replicas !== 0
    );
    const sum = current.reduce((sum, { spec }) => sum + (spec.replicas ?? 1), 0);
    const isRight = sum === replicas && current.length <= 1 &&
      (status.observedGeneration ?? 0) === generation &&
      (status.updatedReplicas ?? 0) === replicas;
    return isRight ? [] : [`${nameOf(deployment)} is not rolled out`];
  });
}

/** One fits on each node, and those that are important come first. */
export function heavyPodsMissing({ sight, nodes }: SimulatedCluster): string[] {
  const heavy = sight.list(PODS).filter((pod) => isHeavy(pod) && isActive(pod));
  const fitting = Math.min(nodes.length, heavy.length);
  const ready = heavy.filter(isReady);
  const waiting = heavy.filter((pod) => (pod.spec.priority ?? 0) > 0 && !isReady(pod));
  return [
    ...ready.length === fitting ? [] : [`${ready.length} heavy pods are ready of ${fitting}`],
    ...waiting.map((pod) => `${nameOf(pod)} is important and waits`),
  ];
}

function isHeavy({ spec }: { spec: { containers: readonly { resources?: unknown }[] } }): boolean {
  const [main] = spec.containers as readonly {
    resources?: { requests?: Record<string, string> };
  }[];
  return [`${HEAVY_MILLI}m`, `${HEAVY_MILLI / 1000}`].includes(main?.resources?.requests?.["cpu"]!);
}
