import {
  DAEMON_SETS,
  DEPLOYMENTS,
  REPLICA_SETS,
  STATEFUL_SETS,
} from "../../../api/types/apps_v1.ts";
import { CRON_JOBS, JOBS } from "../../../api/types/batch_v1.ts";
import type { KubeObject } from "../../../api/types/meta.ts";
import { PODS, REPLICATION_CONTROLLERS, type Resource } from "../../../api/types/resources.ts";
import { controllerOf } from "../../../client/owners.ts";
import { isActive } from "../../../controllers/pods.ts";
import type { SimulatedCluster } from "../cluster.ts";
import type { Sight } from "../sight.ts";
import { nameOf, uidOf } from "./names.ts";

const OWNERS: readonly Resource<KubeObject>[] = [
  REPLICATION_CONTROLLERS,
  REPLICA_SETS,
  STATEFUL_SETS,
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  CRON_JOBS,
];
const OWNED: readonly Resource<KubeObject>[] = [PODS, REPLICA_SETS, JOBS];

/** Whatever is being deleted is gone at the end, and so is what belonged to it. */
export function podsThatShouldGo(sight: Sight): string[] {
  const owners = new Set(OWNERS.flatMap((resource) => sight.list(resource)).map(uidOf));
  const isOrphan = (object: Readonly<KubeObject>) => {
    const owner = controllerOf(object);
    return owner !== undefined && !owners.has(owner.uid);
  };
  const orphans = OWNED.flatMap((resource) => sight.list(resource)).filter(isOrphan);
  const going = [PODS, ...OWNERS].flatMap((resource) => sight.list<KubeObject>(resource))
    .filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
  return [
    ...going.map((object) => `${nameOf(object)} is still being deleted`),
    ...orphans.map((object) => `${nameOf(object)} has outlived its owner`),
  ];
}

/** Nodes run what is bound to them and nothing else. */
export async function containersWrong({ nodes, sight }: SimulatedCluster): Promise<string[]> {
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
