import {
  DEPLOYMENTS,
  REPLICA_SETS,
  STATEFUL_SETS,
  type StatefulSet,
} from "../../api/types/apps_v1.ts";
import { JOBS } from "../../api/types/batch_v1.ts";
import type { Pod, ReplicationController } from "../../api/types/core_v1.ts";
import { ENDPOINT_SLICES } from "../../api/types/discovery_v1.ts";
import { matchesLabels } from "../../api/types/labels.ts";
import {
  ENDPOINTS,
  PODS,
  REPLICATION_CONTROLLERS,
  RESOURCE_QUOTAS,
  SERVICES,
} from "../../api/types/resources.ts";
import { controllerOf } from "../../client/owners.ts";
import { isActive, isOver, isReady } from "../../controllers/pods.ts";
import type { SimulatedCluster } from "./cluster.ts";
import { readyUidsOf } from "./invariants/endpoints.ts";
import type { Sight } from "./sight.ts";
import { NAMESPACES_USED } from "./operations/operation.ts";

/** What the cluster has not brought about yet; empty: it has come to rest where it should. */
export async function outstanding(cluster: SimulatedCluster): Promise<string[]> {
  const { sight } = cluster;
  return [
    ...podsThatShouldGo(sight),
    ...NAMESPACES_USED.flatMap((namespace) => replicasMissing(sight, namespace)),
    ...jobsUnfinished(sight),
    ...endpointsWrong(sight),
    ...rulesMissing(cluster),
    ...await containersWrong(cluster),
  ];
}

const uidOf = ({ metadata }: { metadata: { uid?: string } }) => metadata.uid ?? "";
const nameOf = (
  { kind, metadata }: { kind: string; metadata: { namespace?: string; name: string } },
) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;

function podsThatShouldGo(sight: Sight): string[] {
  const owners = new Set(
    [REPLICATION_CONTROLLERS, REPLICA_SETS, STATEFUL_SETS, JOBS, DEPLOYMENTS]
      .flatMap((resource) => sight.list<{ kind: string } & Pod>(resource as never)).map(uidOf),
  );
  const isOrphan = (pod: Readonly<Pod>) => {
    const owner = controllerOf(pod);
    return owner !== undefined && !owners.has(owner.uid);
  };
  return [
    ...sight.list(PODS).filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
      .map((pod) => `${nameOf(pod)} is still being deleted`),
    ...sight.list(PODS).filter(isOrphan).map((pod) => `${nameOf(pod)} has outlived its owner`),
    ...sight.list(REPLICA_SETS).filter(isOrphan as never)
      .map((set) => `${nameOf(set)} has outlived its owner`),
  ];
}

/** Where a quota is full, fewer pods than wanted are right. */
function replicasMissing(sight: Sight, namespace: string): string[] {
  const pods = sight.list(PODS, namespace);
  const limits = sight.list(RESOURCE_QUOTAS, namespace)
    .map(({ spec }) => Number(spec?.hard?.["pods"] ?? Infinity));
  const counted = pods.filter((pod) => !isOver(pod)).length;
  const isAtLimit = counted >= Math.min(...limits);
  const old = new Set(
    sight.list(REPLICA_SETS, namespace).filter(({ spec }) => spec.replicas === 0).map(uidOf),
  );
  const sets = [
    ...sight.list(REPLICATION_CONTROLLERS, namespace),
    ...sight.list(REPLICA_SETS, namespace),
    ...sight.list(STATEFUL_SETS, namespace),
  ] as readonly Readonly<ReplicationController | StatefulSet>[];
  const missing = sets.flatMap((set) => {
    const mine = pods.filter((pod) => isActive(pod) && controllerOf(pod)?.uid === uidOf(set));
    const ready = mine.filter(isReady).length;
    const { replicas = 1 } = set.spec ?? {};
    const isRight = mine.length === replicas && ready === replicas;
    const isExcused = isAtLimit && mine.length <= replicas && ready === mine.length;
    if (isRight || isExcused) return [];
    return [`${nameOf(set)} has ${ready} ready of ${mine.length} pods and wants ${replicas}`];
  });
  const unrolled = isAtLimit ? [] : sight.list(DEPLOYMENTS, namespace).flatMap((deployment) => {
    const { replicas = 1 } = deployment.spec;
    const current = sight.list(REPLICA_SETS, namespace).filter((set) =>
      controllerOf(set)?.uid === uidOf(deployment) && !old.has(uidOf(set))
    );
    const sum = current.reduce((sum, { spec }) => sum + (spec.replicas ?? 1), 0);
    const isRight = sum === replicas && current.length <= 1 &&
      (deployment.status?.observedGeneration ?? 0) === deployment.metadata.generation &&
      (deployment.status?.updatedReplicas ?? 0) === replicas;
    return isRight ? [] : [`${nameOf(deployment)} is not rolled out`];
  });
  return [...missing, ...unrolled];
}

function jobsUnfinished(sight: Sight): string[] {
  return sight.list(JOBS).flatMap((job) => {
    const isFinished = job.status?.conditions?.some(({ type, status }) =>
      (type === "Complete" || type === "Failed") && status === "True"
    );
    const isHindered = sight.list(RESOURCE_QUOTAS, job.metadata.namespace).length > 0;
    return isFinished || isHindered ? [] : [`${nameOf(job)} is not finished`];
  });
}

function endpointsWrong(sight: Sight): string[] {
  return NAMESPACES_USED.flatMap((namespace) =>
    sight.list(SERVICES, namespace).filter(({ spec }) => spec?.selector).flatMap((service) => {
      const { name } = service.metadata;
      const should = sight.list(PODS, namespace).filter((pod) =>
        matchesLabels(service.spec?.selector ?? {}, pod.metadata.labels) && isReady(pod) &&
        isActive(pod)
      ).map(uidOf).sort().join();
      const slices = sight.list(ENDPOINT_SLICES, namespace).filter(({ metadata }) =>
        metadata.labels?.["kubernetes.io/service-name"] === name
      );
      const endpoints = sight.list(ENDPOINTS, namespace)
        .filter(({ metadata }) => metadata.name === name);
      return [["slices", slices], ["endpoints", endpoints]].flatMap(([what, objects]) => {
        const named = (objects as typeof slices).flatMap(readyUidsOf).sort().join();
        return named === should ? [] : [`${what} of ${namespace}/${name} do not name its pods`];
      });
    })
  );
}

/** Every node sends connections to the pods that the endpoints name. */
function rulesMissing({ nodes, sight }: SimulatedCluster): string[] {
  return nodes.flatMap(({ name, host: { backend: { rules } } }) =>
    NAMESPACES_USED.flatMap((namespace) =>
      sight.list(ENDPOINTS, namespace).flatMap(({ metadata, subsets = [] }) => {
        const service = `${namespace}/${metadata.name}`;
        const should = subsets.flatMap(({ addresses = [] }) => addresses.map(({ ip }) => ip));
        const rule = rules.services.find((one) => one.name.startsWith(`${service}:`));
        const has = (rule?.backends ?? []).map(({ ip }) => ip);
        const isRight = should.sort().join() === [...has].sort().join();
        return isRight ? [] : [`${name} does not know the pods of ${service}`];
      })
    )
  );
}

async function containersWrong({ nodes, sight }: SimulatedCluster): Promise<string[]> {
  const all = await Promise.all(nodes.map(async (node) => {
    const run = new Set((await node.running()).map(({ podUid }) => podUid));
    const bound = sight.list(PODS).filter(({ spec }) => spec.nodeName === node.name);
    const missing = bound.filter((pod) => isActive(pod) && !run.has(uidOf(pod)));
    const known = new Set(bound.map(uidOf));
    return [
      ...missing.map((pod) => `${nameOf(pod)} does not run on ${node.name}`),
      ...[...run].filter((uid) => !known.has(uid)).map((uid) =>
        `${uid} runs on ${node.name} still`
      ),
    ];
  }));
  return all.flat();
}
