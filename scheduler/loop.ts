import type { Clock, Log, Random } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import type { MetricRegistry } from "../api/types/metrics.ts";
import { POD_DISRUPTION_BUDGETS } from "../api/types/policy_v1.ts";
import { hasReason, StatusError } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";
import type { WatchedCache } from "../client/cache.ts";
import { EventRecorder } from "../client/events.ts";
import { Slots } from "../client/slots.ts";
import { CHANGES } from "./changes.ts";
import { type PodInfo, podInfoOf } from "./pod_info.ts";
import { DEFAULT_POLICY, type Policy } from "./policy.ts";
import { planPreemption, type Preemption } from "./preemption.ts";
import { SchedulerMetrics } from "./metrics.ts";
import { SchedulingQueue } from "./queue.ts";
import { Decider, summaryOf, type Unschedulable } from "./schedule.ts";
import { Snapshot } from "./snapshot.ts";
import { claimsThatWait } from "./volume_binding.ts";
import { WaitingPods } from "./waiting_pods.ts";
import { WATCHED, Watching } from "./watching.ts";

export interface SchedulerOptions {
  api: Api;
  cache: WatchedCache;
  clock: Clock;
  random: Random;
  log: Log;
  signal: AbortSignal;
  policy?: Policy;
  /** Only pods that ask for this scheduler are looked at. */
  schedulerName?: string;
  metrics?: MetricRegistry | undefined;
}

/** Source: Kubernetes, core/v1 DefaultSchedulerName. */
const SCHEDULER_NAME = "default-scheduler";
/** Bindings and conditions on their way at one time, while the next decisions go on. */
const WRITES_AT_ONCE_MAX = 64;
/** After so long without a pause the rest of the process gets a turn. */
const TURN_MS = 10;

/** Gives every pod a node, until the signal aborts. */
export async function runScheduler(options: SchedulerOptions): Promise<void> {
  const { cache, signal } = options;
  for (const resource of [...WATCHED, POD_DISRUPTION_BUDGETS]) cache.watch(resource);
  await cache.synced();
  if (signal.aborted) return;
  await new Scheduler(options).run();
}

class Scheduler {
  readonly #with: SchedulerOptions;
  readonly #policy: Policy;
  readonly #decider: Decider;
  readonly #queue: SchedulingQueue;
  readonly #snapshot: Snapshot;
  readonly #watching: Watching;
  readonly #recorder: EventRecorder;
  readonly #waiting: WaitingPods;
  readonly #metrics: SchedulerMetrics | undefined;
  readonly #slots = new Slots(WRITES_AT_ONCE_MAX);

  constructor(options: SchedulerOptions) {
    const { clock, schedulerName = SCHEDULER_NAME } = options;
    this.#with = options;
    this.#policy = options.policy ?? DEFAULT_POLICY;
    this.#queue = new SchedulingQueue(clock);
    this.#metrics = options.metrics &&
      new SchedulerMetrics(options.metrics, schedulerName, () => this.#queue.counts());
    this.#snapshot = new Snapshot(clock, () => this.#queue.wake(CHANGES.podGone));
    this.#decider = new Decider(this.#snapshot, this.#policy);
    this.#watching = new Watching(schedulerName, this.#snapshot, this.#queue);
    this.#recorder = new EventRecorder({ ...options, component: schedulerName });
    this.#waiting = new WaitingPods({ ...options, schedulerName, recorder: this.#recorder });
  }

  async run(): Promise<void> {
    const { cache, clock, signal } = this.#with;
    const end = this.#watching.begin(cache);
    let turnBegan = clock.now();
    try {
      for (;;) {
        const pod = await this.#queue.next(signal);
        if (pod === undefined) return;
        await this.#slots.take();
        this.#try(pod);
        if (clock.now() - turnBegan < TURN_MS) continue;
        await clock.sleep(0, signal);
        turnBegan = clock.now();
      }
    } finally {
      end();
      this.#queue.close();
    }
  }

  /** Holds one slot on entry, and gives it back once everything is written. */
  #try(pod: Readonly<Pod>): void {
    const current = this.#queue.get(pod);
    if (current === undefined) return this.#slots.release(); // deleted while it waited for the slot
    const began = this.#with.clock.now();
    const info = podInfoOf(current);
    const decision = this.#decider.decide(info, this.#with.random);
    const writing = decision.fits
      ? this.#place(info, decision.nodeName)
      : this.#explain(info, decision.why);
    this.#metrics?.count(decision.fits ? "scheduled" : "unschedulable", this.#since(began));
    void writing.finally(() => this.#slots.release());
  }

  #since(began: number): number {
    return this.#with.clock.now() - began;
  }

  /** A pod whose claims wait for its node keeps its room there until they are bound. */
  async #place(info: PodInfo, nodeName: string): Promise<void> {
    const claims = claimsThatWait(info, this.#snapshot);
    if (claims.length === 0) return await this.#bind(info, nodeName);
    this.#snapshot.nominated.set(info, nodeName);
    this.#queue.park(info.pod, CHANGES.volumes);
    const isTold = await this.#waiting.selectNode(claims, nodeName);
    if (!isTold) this.#queue.retry(info.pod);
  }

  async #bind(info: PodInfo, nodeName: string): Promise<void> {
    const { pod } = info;
    const { namespace = "", name, uid = "" } = pod.metadata;
    this.#snapshot.assume(info, nodeName);
    this.#snapshot.nominated.remove(info.uid);
    this.#queue.wake(CHANGES.podPlaced);
    try {
      await this.#with.api.bind(namespace, name, uid, nodeName);
    } catch (error) {
      return this.#unbind(pod, nodeName, error);
    }
    this.#queue.remove(pod);
    this.#snapshot.awaitWatch(pod);
    const message = `Successfully assigned ${namespace}/${name} to ${nodeName}`;
    this.#recorder.record(pod, "Normal", "Scheduled", message);
  }

  #unbind(pod: Readonly<Pod>, nodeName: string, error: unknown): void {
    if (!(error instanceof StatusError)) throw error;
    const { namespace = "", name } = pod.metadata;
    this.#with.log(`Cannot bind pods/${namespace}/${name} to ${nodeName}: ${error.message}`, {
      reason: error.reason,
    });
    if (!this.#snapshot.isAssumed(pod)) return; // the watch knows better: it is bound, or gone
    this.#snapshot.removePod(pod);
    this.#queue.wake(CHANGES.podGone);
    if (hasReason(error, "NotFound")) return this.#queue.remove(pod);
    this.#queue.retry(pod);
  }

  async #explain(info: PodInfo, why: Unschedulable): Promise<void> {
    const summary = summaryOf(why);
    const plan = why.nodesTotal === 0 ? "" : planPreemption(info, why, {
      world: this.#snapshot,
      policy: this.#policy,
      budgets: this.#with.cache.list(POD_DISRUPTION_BUDGETS),
      random: this.#with.random,
    });
    this.#queue.park(info.pod, why.helpedBy);
    if (typeof plan === "object") return await this.#preempt(info, summary, plan);
    const nominated = plan.includes("terminating pod") ? info.pod.status?.nominatedNodeName : "";
    if (!nominated) this.#snapshot.nominated.remove(info.uid);
    await this.#waiting.explain(info.pod, plan === "" ? summary : `${summary} ${plan}`, nominated);
  }

  /** Pods with less claim to the node look for another. */
  async #preempt(info: PodInfo, summary: string, plan: Preemption): Promise<void> {
    const { nominated } = this.#snapshot;
    const behind = nominated.behind(info, plan.nodeName);
    for (const { uid } of behind) nominated.remove(uid);
    nominated.set(info, plan.nodeName);
    await this.#waiting.explain(info.pod, summary, plan.nodeName);
    const isTold = await this.#waiting.makeRoom(info, plan);
    if (!isTold) this.#queue.retry(info.pod);
    await this.#waiting.disappoint(behind);
  }
}
