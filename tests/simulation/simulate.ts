import { NAMESPACES } from "../../api/types/resources.ts";
import { PRIORITY_CLASSES } from "../../api/types/scheduling_v1.ts";
import { type Sabotage, SimulatedCluster } from "./cluster.ts";
import { outstanding } from "./convergence/outstanding.ts";
import { ADMINISTRATION } from "./operations/administration.ts";
import { FAULT_OPERATIONS } from "./operations/faults.ts";
import { type Operation, repertoire } from "./operations/operation.ts";
import { IMPORTANT_CLASS } from "./operations/policies.ts";
import { WORKLOAD_OPERATIONS } from "./operations/workloads.ts";
import { Dice, randomFrom } from "./seeded.ts";

export interface SimulationOptions {
  readonly seed: number;
  readonly operations?: number;
  /** Operations that are left out, by number: the others stay as they are. */
  readonly without?: ReadonlySet<number>;
  readonly keepsLines?: boolean;
  readonly sabotage?: Sabotage;
}

export interface Outcome {
  readonly seed: number;
  /** The first thing that was wrong; undefined: nothing was. */
  readonly broken: string | undefined;
  /** The same for two runs that did the same. */
  readonly hash: string;
  readonly lines: readonly string[];
  /** That were carried out, by number. */
  readonly operations: readonly number[];
  readonly virtualMs: number;
  readonly revision: number;
}

export const OPERATIONS = 40;
const PAUSE_MS_MAX = 5_000;
const NODES = 4;
/** After the last fault the cluster comes to rest within this: the longest back-offs, twice, and an eviction. */
const REST_MS_MAX = 300_000;
const REST_STEP_MS = 5_000;

const ALL = [
  ...WORKLOAD_OPERATIONS,
  ...ADMINISTRATION,
  ...FAULT_OPERATIONS.map((fault) => [fault]),
];

/** One life of a cluster, from its seed alone. */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  const { seed, keepsLines = false, sabotage, without = new Set() } = options;
  const cluster = new SimulatedCluster({ seed, nodes: NODES, keepsLines, sabotage });
  const began = cluster.now;
  await cluster.start();
  await cluster.advance(2_000);
  await prepare(cluster);
  const known = repertoire(ALL, new Dice(randomFrom(seed, "repertoire")));
  const carriedOut: number[] = [];
  for (let number = 0; number < (options.operations ?? OPERATIONS); number += 1) {
    const dice = new Dice(randomFrom(seed, `operation ${number}`));
    const pauseMs = dice.between(0, PAUSE_MS_MAX);
    if (!without.has(number) && await operate(cluster, number, dice.weighted(known), dice)) {
      carriedOut.push(number);
    }
    await cluster.advance(pauseMs);
    if (cluster.violation !== undefined) break;
  }
  const broken = cluster.violation ?? await comeToRest(cluster);
  const lines = broken === undefined ? [] : [`BROKEN: ${broken}`];
  cluster.end();
  return {
    ...{ seed, broken, operations: carriedOut },
    hash: cluster.trace.digest(),
    lines: [...cluster.trace.lines, ...lines],
    virtualMs: cluster.now - began,
    revision: cluster.server.medium.head,
  };
}

async function prepare(cluster: SimulatedCluster): Promise<void> {
  const shop = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };
  const { user } = cluster;
  const created = Promise.all([
    user.create(NAMESPACES, shop),
    user.create(PRIORITY_CLASSES, IMPORTANT_CLASS),
  ]);
  await cluster.advance(2_000);
  if (cluster.violation === undefined) await created;
}

/** What the user asks for is answered while time goes on. */
async function operate(
  cluster: SimulatedCluster,
  number: number,
  operation: Operation,
  dice: Dice,
): Promise<boolean> {
  let isDone = false;
  const doing = operation.do(cluster, dice).then((how) => {
    if (how === undefined) return false;
    cluster.trace.add(`#${number} ${operation.name}: ${how}`);
    return true;
  }).finally(() => isDone = true);
  await cluster.clock.settle();
  while (!isDone && cluster.violation === undefined) await cluster.advance(1);
  return isDone ? await doing : false;
}

/** @returns what is still not as it should be, at the end of all patience */
async function comeToRest(cluster: SimulatedCluster): Promise<string | undefined> {
  cluster.trace.add("all faults end");
  await cluster.mend();
  let left: string[] = [];
  for (let waited = 0; waited < REST_MS_MAX; waited += REST_STEP_MS) {
    await cluster.advance(REST_STEP_MS);
    if (cluster.violation !== undefined) return cluster.violation;
    left = await outstanding(cluster);
    if (left.length === 0) return undefined;
  }
  return `no rest after ${REST_MS_MAX / 1000} s: ${left.slice(0, 5).join("; ")}`;
}
