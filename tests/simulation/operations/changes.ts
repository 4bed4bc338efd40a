/** What users do to objects of one kind. */
import type { KubeObject } from "../../../api/types/meta.ts";
import type { Resource } from "../../../api/types/resources.ts";
import { StatusError } from "../../../api/types/status.ts";
import type { SimulatedCluster } from "../cluster.ts";
import type { Dice } from "../seeded.ts";
import type { Wanted } from "./objects.ts";
import { NAMESPACES_USED, type Operation } from "./operation.ts";

export interface Workload<T extends KubeObject> {
  readonly resource: Resource<T>;
  /** Of the names; others are not looked for. */
  readonly prefix: string;
  /** How many names there are. */
  readonly most: number;
  readonly weight: number;
  readonly replicas: readonly [least: number, most: number];
  readonly make: (wanted: Wanted) => T;
  readonly isScaled?: boolean;
  readonly isRolled?: boolean;
}

export type Change<T extends KubeObject> = (
  cluster: SimulatedCluster,
  object: Readonly<T>,
  dice: Dice,
) => Promise<unknown>;

export function operationsOf<T extends KubeObject>(workload: Workload<T>): Operation[] {
  const { prefix, weight, isScaled = false, isRolled = false } = workload;
  const changes = (what: string, how: Change<T>, weight: number): Operation => ({
    name: `${what} ${prefix}`,
    weight,
    do: (cluster, dice) => change(cluster, dice, workload, how),
  });
  return [
    { name: `create ${prefix}`, weight, do: (...on) => create(workload, ...on) },
    changes("delete", deletion(workload.resource), weight / 4),
    ...isScaled ? [changes("scale", scaling(workload), weight)] : [],
    ...isRolled ? [changes("roll", rollout(workload), weight)] : [],
  ];
}

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

/** One object of these whose name begins so, where there is any. */
export async function change<T extends KubeObject>(
  cluster: SimulatedCluster,
  dice: Dice,
  { resource, prefix }: Pick<Workload<T>, "resource" | "prefix">,
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

export function deletion<T extends KubeObject>(resource: Resource<T>): Change<T> {
  return ({ user }, { metadata: { namespace = "", name } }, dice) => {
    const propagationPolicy = dice.chance(0.2) ? "Foreground" : "Background";
    return user.delete(resource, namespace, name, { propagationPolicy });
  };
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
export async function told(about: string, act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return about;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return `${about}: ${error.reason}`;
  }
}
