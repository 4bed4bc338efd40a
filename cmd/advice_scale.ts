/** What would happen to pods, services and budgets if their controllers wanted fewer pods: played on a copy. */
import type { ObjectReads } from "../api/http/object_reads.ts";
import {
  CONTROLLER_REVISIONS,
  DEPLOYMENTS,
  REPLICA_SETS,
  STATEFUL_SETS,
} from "../api/types/apps_v1.ts";
import { HORIZONTAL_POD_AUTOSCALERS } from "../api/types/autoscaling_v2.ts";
import type { Pod } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { POD_DISRUPTION_BUDGETS } from "../api/types/policy_v1.ts";
import {
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  REPLICATION_CONTROLLERS,
  type Resource,
  SERVICES,
} from "../api/types/resources.ts";
import { controllerOf } from "../client/owners.ts";
import { budgetsHurt } from "../controllers/budgets_hurt.ts";
import { ClusterCopy } from "../controllers/cluster_copy.ts";
import { rehearse } from "../controllers/rehearsal.ts";
import type { Policy } from "../scheduler/policy.ts";
import { type WhatIf, whatIfFewer } from "../scheduler/what_if.ts";
import { worldOf } from "./advice_world.ts";
import { realClock } from "./clock.ts";

type Reads = Pick<ObjectReads, "list">;

/** All that the controllers of pods and of budgets look at. */
const LOOKED_AT: readonly Resource<KubeObject>[] = [
  PODS,
  SERVICES,
  PERSISTENT_VOLUME_CLAIMS,
  POD_DISRUPTION_BUDGETS,
  CONTROLLER_REVISIONS,
  REPLICATION_CONTROLLERS,
  REPLICA_SETS,
  DEPLOYMENTS,
  STATEFUL_SETS,
];

/** @throws {StatusError} BadRequest: what `rehearse` throws */
export async function fewer(
  { reads, policy }: { readonly reads: Reads; readonly policy: Policy },
  resource: Resource<KubeObject>,
  owner: { readonly namespace: string; readonly name: string },
  replicas: number,
): Promise<WhatIf> {
  const objects = await objectsIn(owner.namespace, reads);
  const [before, copy] = [new ClusterCopy(objects), new ClusterCopy(objects)];
  const now = realClock.now();
  const object = before.get(resource, owner.namespace, owner.name)!;
  rehearse(resource, owner, { copy, now }); // what is under way goes on without being asked
  copy.put(sized(copy.get(resource, owner.namespace, owner.name)!, replicas));
  const rehearsed = rehearse(resource, owner, { copy, now });
  const { world, services, pods } = await worldOf(reads);
  const question = { world, services, pods, policy };
  const waits = rehearsed.kept <= replicas ? [] : [
    `${rehearsed.kept} pods would stay until more of them are available: ` +
    "the controller waits for that",
  ];
  return {
    ...whatIfFewer(owner, replicas, rehearsed, question),
    budgetsHurt: budgetsHurt(before, copy, now),
    notes: [...waits, ...await whoElseSizes(object, reads)],
  };
}

/** Budgets that want more healthy pods than there are once these are gone. */
export async function budgetsWithout(gone: readonly Readonly<Pod>[], reads: Reads) {
  const namespaces = new Set(gone.map(({ metadata: { namespace = "" } }) => namespace));
  const hurt = await Promise.all([...namespaces].map(async (namespace) => {
    const { items } = await reads.list(POD_DISRUPTION_BUDGETS, { namespace });
    if (items.length === 0) return [];
    const objects = await objectsIn(namespace, reads);
    const after = new ClusterCopy(objects);
    for (const pod of gone) after.remove(pod);
    return budgetsHurt(new ClusterCopy(objects), after, realClock.now());
  }));
  return hurt.flat();
}

/** Whoever would change the size again. */
export async function whoElseSizes(object: Readonly<KubeObject>, reads: Reads): Promise<string[]> {
  const owner = controllerOf(object);
  const { kind, metadata: { namespace = "", name } } = object;
  const autoscalers: readonly Readonly<KubeObject>[] =
    (await reads.list(HORIZONTAL_POD_AUTOSCALERS, { namespace })).items;
  return [
    ...(owner === undefined ? [] : [`${owner.kind} ${owner.name} owns it and would size it again`]),
    ...autoscalers.flatMap((autoscaler) => {
      const { spec } = autoscaler as Autoscaler;
      const target = spec?.scaleTargetRef;
      if (target?.kind !== kind || target.name !== name) return [];
      const range = `from ${spec?.minReplicas ?? 1} to ${spec?.maxReplicas}`;
      return [`HorizontalPodAutoscaler ${autoscaler.metadata.name} keeps its size ${range}`];
    }),
  ];
}

type Autoscaler = KubeObject & {
  spec?: {
    scaleTargetRef?: { kind: string; name: string };
    minReplicas?: number;
    maxReplicas?: number;
  };
};

async function objectsIn(namespace: string, reads: Reads): Promise<readonly KubeObject[]> {
  const lists = await Promise.all(
    LOOKED_AT.map(async (resource) => (await reads.list(resource, { namespace })).items),
  );
  return lists.flat();
}

function sized(object: Readonly<KubeObject>, replicas: number): KubeObject {
  const { spec } = object as KubeObject & { spec?: Readonly<Record<string, unknown>> };
  return { ...object, spec: { ...spec, replicas } } as KubeObject;
}
