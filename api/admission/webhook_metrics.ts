import { type Amount, type Histogram, MetricRegistry } from "../types/metrics.ts";
import type { Review } from "./admission_review.ts";
import type { Hook } from "./webhook_index.ts";

/** Source: k8s.io/apiserver, pkg/admission/metrics: in seconds. */
const BUCKETS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25];

/** What came of asking one webhook. */
export interface Outcome {
  /** The code that it answers with instead of the server. */
  readonly deniedWith?: number | undefined;
  /** There was no answer, or none that can be understood. */
  readonly hasFailed?: boolean;
}

/** Who is asked how often, how long it takes, and what is refused, in Kubernetes's names. */
export class WebhookMetrics {
  readonly #durations: Histogram;
  readonly #asked: Amount;
  readonly #refused: Amount;
  readonly #passedOver: Amount;

  constructor(registry = new MetricRegistry()) {
    const asked = ["name", "type", "operation"];
    this.#durations = registry.histogram(
      "apiserver_admission_webhook_admission_duration_seconds",
      "Time until a webhook has answered.",
      [...asked, "rejected"],
      BUCKETS,
    );
    this.#asked = registry.counter(
      "apiserver_admission_webhook_request_total",
      "Questions to webhooks.",
      [...asked, "rejected"],
    );
    this.#refused = registry.counter(
      "apiserver_admission_webhook_rejection_count",
      "Requests that a webhook refused, or that failed with it.",
      [...asked, "error_type", "rejection_code"],
    );
    this.#passedOver = registry.counter(
      "apiserver_admission_webhook_fail_open_count",
      "Webhooks that failed and were passed over, as their policy says.",
      ["name", "type"],
    );
  }

  count(
    { webhook: { name, failurePolicy }, type }: Hook,
    operation: Review["operation"],
    { ms, deniedWith, hasFailed = false }: Outcome & { ms: number },
  ): void {
    const isPassedOver = hasFailed && failurePolicy === "Ignore";
    const isRejected = deniedWith !== undefined || hasFailed && !isPassedOver;
    const rejected = String(isRejected);
    this.#durations.observe(ms / 1000, name, type, operation, rejected);
    this.#asked.add(1, name, type, operation, rejected);
    if (isPassedOver) this.#passedOver.add(1, name, type);
    if (!isRejected) return;
    const errorType = hasFailed ? "calling_webhook_error" : "no_error";
    this.#refused.add(1, name, type, operation, errorType, String(deniedWith ?? 0));
  }
}
