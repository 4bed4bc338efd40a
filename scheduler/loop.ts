import type { Clock, Log, Random } from "../api/types/ambient.ts";
import type { Pod, PodCondition } from "../api/types/core_v1.ts";
import type { MetricRegistry } from "../api/types/metrics.ts";
import { NODES, PODS, SERVICES } from "../api/types/resources.ts";
import { hasReason, StatusError } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";
import type { WatchedCache } from "../client/cache.ts";
import { EventRecorder } from "../client/events.ts";
import { Slots } from "../client/slots.ts";
import { type PodInfo, podInfoOf } from "./pod_info.ts";
import { DEFAULT_POLICY, type Policy } from "./policy.ts";
import { SchedulerMetrics } from "./metrics.ts";
import { SchedulingQueue } from "./queue.ts";
import { Decider, summaryOf, type Unschedulable } from "./schedule.ts";
import { Snapshot } from "./snapshot.ts";
import { Watching } from "./watching.ts";

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
  for (const resource of [NODES, SERVICES, PODS]) cache.watch(resource);
  await cache.synced();
  if (signal.aborted) return;
  await new Scheduler(options).run();
}

class Scheduler {
  readonly #with: SchedulerOptions;
  readonly #decider: Decider;
  readonly #queue: SchedulingQueue;
  readonly #snapshot: Snapshot;
  readonly #watching: Watching;
  readonly #recorder: EventRecorder;
  readonly #metrics: SchedulerMetrics | undefined;
  readonly #slots = new Slots(WRITES_AT_ONCE_MAX);

  constructor(options: SchedulerOptions) {
    const { clock, schedulerName = SCHEDULER_NAME } = options;
    this.#with = options;
    this.#queue = new SchedulingQueue(clock);
    this.#metrics = options.metrics &&
      new SchedulerMetrics(options.metrics, schedulerName, () => this.#queue.counts());
    this.#snapshot = new Snapshot(clock, () => this.#queue.wake());
    this.#decider = new Decider(this.#snapshot, options.policy ?? DEFAULT_POLICY);
    this.#watching = new Watching(schedulerName, this.#snapshot, this.#queue);
    this.#recorder = new EventRecorder({ ...options, component: schedulerName });
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
      ? this.#bind(info, decision.nodeName)
      : this.#explain(current, decision.why);
    this.#metrics?.count(decision.fits ? "scheduled" : "unschedulable", this.#since(began));
    void writing.finally(() => this.#slots.release());
  }

  #since(began: number): number {
    return this.#with.clock.now() - began;
  }

  async #bind(info: PodInfo, nodeName: string): Promise<void> {
    const { pod } = info;
    const { namespace = "", name, uid = "" } = pod.metadata;
    this.#snapshot.assume(info, nodeName);
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
    this.#queue.wake();
    if (hasReason(error, "NotFound")) return this.#queue.remove(pod);
    this.#queue.retry(pod);
  }

  async #explain(pod: Readonly<Pod>, why: Unschedulable): Promise<void> {
    const message = summaryOf(why);
    this.#queue.park(pod);
    this.#recorder.record(pod, "Warning", "FailedScheduling", message);
    const have = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
    if (have?.status === "False" && have.message === message) return;
    const { namespace = "", name } = pod.metadata;
    const target = { namespace, name, subresource: "status" };
    const conditions = [this.#condition(message, have)];
    try {
      await this.#with.api.patch(PODS, target, "strategic", { status: { conditions } });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (hasReason(error, "NotFound")) return; // deleted: nobody asks any more why it waited
      this.#with.log(`Cannot say why pods/${namespace}/${name} waits: ${error.message}`);
    }
  }

  #condition(message: string, have: PodCondition | undefined): PodCondition {
    const now = new Date(this.#with.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
    return {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message,
      lastTransitionTime: have?.status === "False" ? have.lastTransitionTime ?? now : now,
    };
  }
}
