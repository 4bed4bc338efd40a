import { DEPLOYMENTS, STATEFUL_SETS } from "../../../api/types/apps_v1.ts";
import { JOBS } from "../../../api/types/batch_v1.ts";
import type { KubeObject } from "../../../api/types/meta.ts";
import {
  PODS,
  REPLICATION_CONTROLLERS,
  type Resource,
  RESOURCE_QUOTAS,
  SERVICES,
} from "../../../api/types/resources.ts";
import { StatusError } from "../../../api/types/status.ts";
import type { SimulatedCluster } from "../cluster.ts";
import type { Dice } from "../seeded.ts";
import {
  controllerOf,
  deploymentOf,
  jobOf,
  quotaOf,
  serviceOf,
  statefulSetOf,
  type Wanted,
} from "./objects.ts";
import { NAMESPACES_USED, type Operation } from "./operation.ts";

/** What users do to one kind of object. */
interface Workload<T extends KubeObject> {
  readonly resource: Resource<T>;
  /** Of the names; others are not looked for. */
  readonly prefix: string;
  readonly most: number;
  readonly weight: number;
  readonly replicas: readonly [least: number, most: number];
  readonly make: (wanted: Wanted) => T;
  readonly isScaled: boolean;
  readonly isRolled: boolean;
}

const PLAIN = { isScaled: false, isRolled: false };

// deno-lint-ignore no-explicit-any -- one table holds workloads of different objects
const WORKLOADS: readonly Workload<any>[] = [
  {
    resource: REPLICATION_CONTROLLERS,
    prefix: "rc",
    ...{ most: 2, weight: 3, replicas: [0, 5] },
    ...{ make: controllerOf, isScaled: true, isRolled: false },
  },
  {
    resource: DEPLOYMENTS,
    prefix: "web",
    ...{ most: 2, weight: 3, replicas: [0, 5] },
    ...{ make: deploymentOf, isScaled: true, isRolled: true },
  },
  {
    resource: STATEFUL_SETS,
    prefix: "set",
    ...{ most: 1, weight: 2, replicas: [1, 3] },
    ...{ make: statefulSetOf, isScaled: true, isRolled: true },
  },
  {
    resource: JOBS,
    prefix: "job",
    ...{ most: 1, weight: 1, replicas: [1, 3] },
    ...{ make: jobOf, ...PLAIN },
  },
  {
    resource: SERVICES,
    prefix: "front",
    ...{ most: 2, weight: 2, replicas: [0, 0] },
    ...{ make: serviceOf, ...PLAIN },
  },
  {
    resource: RESOURCE_QUOTAS,
    prefix: "quota",
    ...{ most: 1, weight: 0.7, replicas: [2, 8] },
    ...{ make: quotaOf, ...PLAIN },
  },
];

export const WORKLOAD_OPERATIONS: readonly Operation[] = [
  ...WORKLOADS.flatMap(operationsOf),
  {
    name: "delete a pod",
    weight: 1.5,
    do: (cluster, dice) => change(cluster, dice, PODS, "", deletion(PODS)),
  },
  {
    name: "take a pod from its owner",
    weight: 0.5,
    do: (cluster, dice) =>
      change(cluster, dice, PODS, "rc-", async ({ user }, { metadata }) => {
        const { namespace = "", name } = metadata;
        const labels = { app: "none", tier: "none" };
        await user.patch(PODS, { namespace, name }, "merge", { metadata: { labels } });
      }),
  },
];

function operationsOf<T extends KubeObject>(workload: Workload<T>): Operation[] {
  const { resource, prefix, weight } = workload;
  const changes = (
    what: string,
    how: Change<T>,
    weight: number,
  ): Operation => ({
    name: `${what} a ${resource.kind}`,
    weight,
    do: (cluster, dice) => change(cluster, dice, resource, prefix, how),
  });
  return [
    { name: `create a ${resource.kind}`, weight, do: (...on) => create(workload, ...on) },
    changes("delete", deletion(resource), weight / 4),
    ...workload.isScaled ? [changes("scale", scaling(workload), weight)] : [],
    ...workload.isRolled ? [changes("roll", rollout(workload), weight)] : [],
  ];
}

type Change<T extends KubeObject> = (
  cluster: SimulatedCluster,
  object: Readonly<T>,
  dice: Dice,
) => Promise<unknown>;

async function create<T extends KubeObject>(
  { resource, prefix, most, replicas, make }: Workload<T>,
  cluster: SimulatedCluster,
  dice: Dice,
): Promise<string | undefined> {
  const namespace = dice.pick(NAMESPACES_USED)!;
  const wanted: Wanted = {
    namespace,
    name: `${prefix}-${dice.between(0, most - 1)}`,
    replicas: dice.between(...replicas),
    tier: dice.pick(["a", "b"])!,
  };
  const about = `${namespace}/${wanted.name}, ${wanted.replicas} wanted`;
  return await told(about, () => cluster.user.create(resource, make(wanted)));
}

async function change<T extends KubeObject>(
  cluster: SimulatedCluster,
  dice: Dice,
  resource: Resource<T>,
  prefix: string,
  how: Change<T>,
): Promise<string | undefined> {
  const all = cluster.sight.list(resource).filter(({ metadata: { name, namespace = "" } }) =>
    name.startsWith(prefix) && NAMESPACES_USED.includes(namespace)
  );
  const object = dice.pick(all);
  if (object === undefined) return undefined;
  const { namespace, name } = object.metadata;
  return await told(`${namespace}/${name}`, () => how(cluster, object, dice));
}

function deletion<T extends KubeObject>(resource: Resource<T>): Change<T> {
  return ({ user }, { metadata: { namespace = "", name } }) =>
    user.delete(resource, namespace, name, { propagationPolicy: "Background" });
}

function scaling<T extends KubeObject>({ resource, replicas: range }: Workload<T>): Change<T> {
  return ({ user }, { metadata: { namespace = "", name } }, dice) => {
    const spec = { replicas: dice.between(...range) };
    return user.patch(resource, { namespace, name }, "merge", { spec });
  };
}

function rollout<T extends KubeObject>({ resource }: Workload<T>): Change<T> {
  return ({ user }, { metadata: { namespace = "", name } }, dice) => {
    const annotations = { version: String(dice.between(1, 4)) };
    const spec = { template: { metadata: { annotations } } };
    return user.patch(resource, { namespace, name }, "merge", { spec });
  };
}

/** What the API refuses is part of the story. */
async function told(about: string, act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return about;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return `${about}: ${error.reason}`;
  }
}
