import { podInfoOf } from "../scheduler/pod_info.ts";
import { nodeWith, podWith, worldOf } from "../scheduler/fake_world.ts";
import { DEFAULT_POLICY } from "../scheduler/policy.ts";
import { planPreemption } from "../scheduler/preemption.ts";
import { Decider, summaryOf } from "../scheduler/schedule.ts";
import type { Snapshot } from "../scheduler/snapshot.ts";
import { count } from "./api.ts";
import type { Row } from "./run.ts";
import { durableBindings } from "./scheduler_durable.ts";
import { type Workload, WORKLOADS } from "./scheduler_workloads.ts";

const NODES = [500, 5_000];
const MARK_TIMES = 3;
const BASIC_GOAL = 4_000;

/** Every node is tried and scored for every pod. Decisions alone, then with durable bindings through the API. */
export async function run(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const workload of WORKLOADS) {
    for (const nodes of NODES) {
      const perSecond = decide(workload, nodes);
      const goal = workload.name === "SchedulingBasic"
        ? BASIC_GOAL
        : (workload.mark ?? 0) * MARK_TIMES;
      rows.push({
        what: `${workload.name}, ${count(nodes)} nodes: decisions/s`,
        figure: count(perSecond),
        ...(nodes === 5_000 && goal > 0 && { goal: `≥ ${count(goal)}` }),
      });
    }
  }
  return [...rows, ...await durableBindings()];
}

/** @returns pods decided a second; those that no node takes count where the workload is about them */
function decide(workload: Workload, nodes: number): number {
  const world = worldOf(Array.from({ length: nodes }, (_, i) => workload.node(i)));
  const decider = new Decider(world, DEFAULT_POLICY);
  const random = seeded(7);
  for (const pod of workload.before(nodes)) {
    const info = podInfoOf(pod);
    const decision = decider.decide(info, random);
    if (decision.fits) world.assume(info, decision.nodeName);
  }
  const pods = workload.measured(nodes);
  const churn = workload.churns ? churning(world) : () => {};
  const from = performance.now();
  for (const pod of pods) {
    const info = podInfoOf(pod);
    const decision = decider.decide(info, random);
    if (decision.fits) world.assume(info, decision.nodeName);
    else {
      summaryOf(decision.why);
      const plan = planPreemption(info, decision.why, {
        ...{ world, policy: DEFAULT_POLICY, budgets: [], random },
      });
      if (typeof plan === "object") {
        for (const { pod } of plan.victims) world.removePod(pod);
        world.assume(info, plan.nodeName);
      }
    }
    churn();
  }
  return pods.length / (performance.now() - from) * 1_000;
}

/** A node and a pod of high priority come and go, twice a second. */
function churning(world: Snapshot): () => void {
  const PERIOD_MS = 500;
  let [last, isThere] = [performance.now(), false];
  const node = nodeWith("churn", { cpu: "1" });
  const pod = podWith("churn", { nodeName: "node-0", spec: { priority: 10 } });
  return () => {
    if (performance.now() - last < PERIOD_MS) return;
    last = performance.now();
    if (isThere) {
      world.removeNode("churn");
      world.removePod(pod);
    } else {
      world.setNode(node);
      world.setPod(pod);
    }
    isThere = !isThere;
  };
}

function seeded(state: number) {
  return () => (state = state * 48271 % 2147483647) / 2147483647;
}
