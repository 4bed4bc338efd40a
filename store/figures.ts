/** Upper ends of the buckets, in seconds. Source: kube-apiserver, etcd_request_duration_seconds. */
const BUCKETS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10];

/** What a store counts of its appends, for `/metrics`. */
export class StoreFigures {
  readonly #counts: number[] = new Array(BUCKETS.length + 1).fill(0);
  #appends = 0;
  #seconds = 0;
  #records = 0;
  #failures = 0;

  /** @param records 0 where it failed or another server was first */
  countAppend(records: number, ms: number): void {
    const seconds = ms / 1_000;
    const at = BUCKETS.findIndex((end) => seconds <= end);
    this.#counts[at < 0 ? BUCKETS.length : at]! += 1;
    this.#appends += 1;
    this.#seconds += seconds;
    this.#records += records;
    if (records === 0) this.#failures += 1;
  }

  /** In Prometheus's text format. */
  lines(): string[] {
    const name = "etcd_request_duration_seconds";
    let sum = 0;
    const buckets = [...BUCKETS, "+Inf"].map((end, at) => {
      sum += this.#counts[at] ?? 0;
      return `${name}_bucket{operation="append",le="${end}"} ${sum}`;
    });
    return [
      `# HELP ${name} Time until an append was durable.`,
      `# TYPE ${name} histogram`,
      ...buckets,
      `${name}_sum{operation="append"} ${this.#seconds}`,
      `${name}_count{operation="append"} ${this.#appends}`,
      "# HELP etcd_request_errors_total Appends that failed, or came second.",
      "# TYPE etcd_request_errors_total counter",
      `etcd_request_errors_total{operation="append"} ${this.#failures}`,
      "# HELP wherry_store_writes_total Versions that were written.",
      "# TYPE wherry_store_writes_total counter",
      `wherry_store_writes_total ${this.#records}`,
    ];
  }
}
