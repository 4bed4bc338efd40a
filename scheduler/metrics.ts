import {
  type Amount,
  ATTEMPT_BUCKETS,
  type Histogram,
  type MetricRegistry,
} from "../api/types/metrics.ts";

type Result = "scheduled" | "unschedulable" | "error";

/** What the scheduler counts. Source of the names: kube-scheduler, pkg/scheduler/metrics. */
export class SchedulerMetrics {
  readonly #profile: string;
  readonly #attempts: Amount;
  readonly #durations: Histogram;

  /** @param pending pods that wait, by the queue that they wait in */
  constructor(
    metrics: MetricRegistry,
    profile: string,
    pending: () => Readonly<Record<string, number>>,
  ) {
    this.#profile = profile;
    this.#attempts = metrics.counter(
      "scheduler_schedule_attempts_total",
      "Attempts to find a node for a pod.",
      ["result", "profile"],
    );
    this.#durations = metrics.histogram(
      "scheduler_scheduling_attempt_duration_seconds",
      "Time of an attempt, without the binding.",
      ["result", "profile"],
      ATTEMPT_BUCKETS,
    );
    const waiting = metrics.gauge(
      "scheduler_pending_pods",
      "Pods that wait: for their turn, for a time, for a change of the cluster.",
      ["queue"],
    );
    metrics.onText(() => {
      for (const [queue, count] of Object.entries(pending())) waiting.set(count, queue);
    });
  }

  count(result: Result, ms: number): void {
    this.#attempts.add(1, result, this.#profile);
    this.#durations.observe(ms / 1_000, result, this.#profile);
  }
}
