import type { Clock } from "../api/types/ambient.ts";
import { type MetricRegistry, WORK_BUCKETS } from "../api/types/metrics.ts";
import type { QueueWatcher } from "./queue.ts";

/** Counts one queue. Source of the names: component-base, metrics/prometheus/workqueue. */
export function watchQueue(metrics: MetricRegistry, name: string, clock: Clock): QueueWatcher {
  const adds = metrics.counter("workqueue_adds_total", "Keys that were added.", ["name"]);
  const retries = metrics.counter("workqueue_retries_total", "Keys that failed.", ["name"]);
  const depth = metrics.gauge("workqueue_depth", "Keys that wait.", ["name"]);
  const waited = metrics.histogram(
    "workqueue_queue_duration_seconds",
    "How long keys waited.",
    ["name"],
    WORK_BUCKETS,
  );
  const worked = metrics.histogram(
    "workqueue_work_duration_seconds",
    "How long keys were worked on.",
    ["name"],
    WORK_BUCKETS,
  );
  const unfinished = metrics.gauge(
    "workqueue_unfinished_work_seconds",
    "The time of all work that has not ended yet.",
    ["name"],
  );
  const longest = metrics.gauge(
    "workqueue_longest_running_processor_seconds",
    "The time of the longest work that has not ended yet.",
    ["name"],
  );
  const addedAt = new Map<string, number>();
  const takenAt = new Map<string, number>();
  metrics.onText(() => {
    const now = clock.now();
    const running = [...takenAt.values()].map((at) => (now - at) / 1_000);
    depth.set(addedAt.size, name);
    unfinished.set(running.reduce((sum, seconds) => sum + seconds, 0), name);
    longest.set(Math.max(0, ...running), name);
  });
  adds.add(0, name);
  retries.add(0, name);
  return {
    added(key) {
      adds.add(1, name);
      addedAt.set(key, clock.now());
    },
    taken(key) {
      const now = clock.now();
      waited.observe((now - (addedAt.get(key) ?? now)) / 1_000, name);
      addedAt.delete(key);
      takenAt.set(key, now);
    },
    done(key) {
      const now = clock.now();
      worked.observe((now - (takenAt.get(key) ?? now)) / 1_000, name);
      takenAt.delete(key);
    },
    retried: () => retries.add(1, name),
  };
}
