/** What the controllers of equal pods would do about an object, played on a copy of the cluster. Pure. */
import { DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS } from "../api/types/apps_v1.ts";
import type { Pod } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { PODS, REPLICATION_CONTROLLERS, type Resource } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import type { Write } from "../client/cache.ts";
import { isControlledBy } from "../client/owners.ts";
import type { ClusterCopy } from "./cluster_copy.ts";
import type { World } from "./controller.ts";
import { deploymentController } from "./deployment/deployment.ts";
import { isActive } from "./pods.ts";
import { replicaSetController } from "./replica_set.ts";
import { replicationController } from "./replication.ts";
import { statefulSetController } from "./stateful_set/stateful_set.ts";

/** A stateful set gives up one pod in a round; replica sets up to 500. */
const ROUNDS_MAX = 2_000;

type Planner = (object: Readonly<KubeObject>, world: World) => readonly Write[];

const PLANNERS = new Map<Resource<KubeObject>, Planner>([
  [DEPLOYMENTS, (object, world) => deploymentController.plan(object as never, world).writes],
  [REPLICA_SETS, (object, world) => replicaSetController.plan(object as never, world).writes],
  [STATEFUL_SETS, (object, world) => statefulSetController.plan(object as never, world).writes],
  [
    REPLICATION_CONTROLLERS,
    (object, world) => replicationController.plan(object as never, world).writes,
  ],
]);

export interface Rehearsed {
  /** Pods that would be given up, in this order. */
  readonly deleted: readonly Readonly<Pod>[];
  /** Pods that would be made, by names that stand for theirs. */
  readonly made: readonly Readonly<Pod>[];
  /** Pods that the owner has at the end. */
  readonly kept: number;
}

/**
 * Lets the owner's controller, and those of the replica sets that it owns, plan again until they write nothing
 * more. Nothing else goes on meanwhile: no new pod becomes ready, so that a rollout gets as far as without it.
 * @throws {StatusError} BadRequest when there is no end of it within some thousand steps
 */
export function rehearse(
  resource: Resource<KubeObject>,
  owner: { readonly namespace: string; readonly name: string },
  { copy, now }: { readonly copy: ClusterCopy; readonly now: number },
): Rehearsed {
  const before = new Set(copy.list(PODS, owner.namespace).map(({ metadata }) => metadata.uid));
  const deleted: Pod[] = [];
  const world = worldOf(copy, now);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const writes = roundOf(resource, owner, { copy, world });
    deleted.push(
      ...writes.flatMap((write) =>
        write.verb === "delete" && write.object.kind === "Pod" &&
          before.has(write.object.metadata.uid)
          ? [write.object as Pod]
          : []
      ),
    );
    if (writes.length > 0) continue;
    const pods = copy.list(PODS, owner.namespace);
    const made = pods.filter(({ metadata }) => !before.has(metadata.uid));
    return { deleted, made, kept: keptBy(resource, owner, copy) };
  }
  throw new StatusError("BadRequest", `more than ${ROUNDS_MAX} steps: ask for a smaller change`);
}

/** One plan of each, and its writes; @returns all of them */
function roundOf(
  resource: Resource<KubeObject>,
  { namespace, name }: { namespace: string; name: string },
  { copy, world }: { copy: ClusterCopy; world: World },
): Write[] {
  const made: Write[] = [];
  const play = (resource: Resource<KubeObject>, object: Readonly<KubeObject>) => {
    const writes = PLANNERS.get(resource)?.(object, world) ?? [];
    for (const write of writes) copy.write(write);
    made.push(...writes);
  };
  const owner = copy.get(resource, namespace, name);
  if (owner === undefined) return made;
  play(resource, owner);
  for (const set of copy.list(REPLICA_SETS, namespace)) {
    if (isControlledBy(set, owner)) play(REPLICA_SETS, set);
  }
  return made;
}

function keptBy(
  resource: Resource<KubeObject>,
  { namespace, name }: { namespace: string; name: string },
  copy: ClusterCopy,
): number {
  const owner = copy.get(resource, namespace, name);
  if (owner === undefined) return 0;
  const owners = [
    owner,
    ...copy.list(REPLICA_SETS, namespace)
      .filter((set) => isControlledBy(set, owner)),
  ];
  return copy.list(PODS, namespace).filter((pod) =>
    isActive(pod) && owners.some((one) => isControlledBy(pod, one))
  ).length;
}

function worldOf(cache: ClusterCopy, now: number): World {
  return {
    ...{ cache, now },
    heardAt: undefined,
    since: () => now,
    read: (resource) => cache.list(resource),
  };
}
