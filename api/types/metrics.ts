/** What a process counts of itself, in Prometheus's text format. */

/** Upper ends of buckets, in seconds. Source: component-base, the buckets of workqueue durations: 10 ns to 10 s. */
export const WORK_BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];
/** Source: kube-scheduler, scheduling_attempt_duration_seconds: 1 ms, doubled fourteen times. */
export const ATTEMPT_BUCKETS = Array.from({ length: 15 }, (_, at) => 0.001 * 2 ** at);
/** Source: kube-apiserver, apiserver_request_duration_seconds. */
// deno-fmt-ignore
export const REQUEST_BUCKETS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

/** Source: kube-apiserver, apiserver_response_sizes: a kilobyte to a gigabyte. */
export const SIZE_BUCKETS = Array.from({ length: 7 }, (_, at) => 1000 * 10 ** at);

/** Series of one metric; more would mean that a label says what a caller made up. The rest counts together. */
const SERIES_MAX = 4_000;

type Kind = "counter" | "gauge" | "histogram";

/** One metric: its series by the values of its labels, in the order of `labelNames`. */
abstract class Family<Series> {
  readonly #series = new Map<string, { labels: string; value: Series }>();

  constructor(
    readonly name: string,
    readonly kind: Kind,
    readonly help: string,
    readonly labelNames: readonly string[],
  ) {}

  protected abstract fresh(): Series;
  protected abstract linesOf(labels: string, value: Series): string[];

  protected at(values: readonly string[]): Series {
    const key = values.join("\0");
    const known = this.#series.get(key);
    if (known !== undefined) return known.value;
    const isFull = this.#series.size >= SERIES_MAX && values.some((value) => value !== OTHER);
    if (isFull) return this.at(values.map(() => OTHER));
    const value = this.fresh();
    this.#series.set(key, { labels: labelsText(this.labelNames, values), value });
    return value;
  }

  clear(): void {
    this.#series.clear();
  }

  text(): string {
    const head = `# HELP ${this.name} ${escapeHelp(this.help)}\n# TYPE ${this.name} ${this.kind}\n`;
    const lines = [...this.#series.values()].flatMap(({ labels, value }) =>
      this.linesOf(labels, value)
    );
    return lines.length === 0 ? "" : `${head}${lines.join("\n")}\n`;
  }
}

const OTHER = "other";

/** Goes up alone where it is a counter, and to any value where it is a gauge. */
export class Amount extends Family<{ amount: number }> {
  add(amount: number, ...values: string[]): void {
    this.at(values).amount += amount;
  }

  set(amount: number, ...values: string[]): void {
    this.at(values).amount = amount;
  }

  /** One series, found once: for what is counted with each request. */
  one(...values: string[]): { add(amount: number): void } {
    const series = this.at(values);
    return { add: (amount) => void (series.amount += amount) };
  }

  protected fresh() {
    return { amount: 0 };
  }

  protected linesOf(labels: string, { amount }: { amount: number }): string[] {
    return [`${this.name}${braced(labels)} ${amount}`];
  }
}

interface Distribution {
  /** One for each bucket, and one for what is above all. */
  readonly counts: number[];
  sum: number;
}

export class Histogram extends Family<Distribution> {
  readonly #ends: readonly number[];
  constructor(name: string, help: string, labelNames: readonly string[], ends: readonly number[]) {
    super(name, "histogram", help, labelNames);
    this.#ends = ends;
  }

  observe(value: number, ...values: string[]): void {
    this.#count(this.at(values), value);
  }

  /** One series, found once: for what is measured with each request. */
  one(...values: string[]): { observe(value: number): void } {
    const series = this.at(values);
    return { observe: (value) => this.#count(series, value) };
  }

  #count(series: Distribution, value: number): void {
    let at = 0;
    while (at < this.#ends.length && value > this.#ends[at]!) at += 1;
    series.counts[at]! += 1;
    series.sum += value;
  }

  protected fresh() {
    return { counts: new Array<number>(this.#ends.length + 1).fill(0), sum: 0 };
  }

  protected linesOf(labels: string, { counts, sum }: Distribution): string[] {
    const before = labels === "" ? "" : `${labels},`;
    let below = 0;
    const buckets = [...this.#ends, "+Inf"].map((end, at) => {
      below += counts[at] ?? 0;
      return `${this.name}_bucket{${before}le="${end}"} ${below}`;
    });
    const own = braced(labels);
    return [...buckets, `${this.name}_sum${own} ${sum}`, `${this.name}_count${own} ${below}`];
  }
}

/** The metrics of a process. Who asks for one that is there gets that one: components of one kind share it. */
export class MetricRegistry {
  readonly #families = new Map<string, Family<unknown>>();
  readonly #readers: (() => void)[] = [];

  counter(name: string, help: string, labelNames: readonly string[] = []): Amount {
    return this.#family(name, () => new Amount(name, "counter", help, labelNames));
  }

  gauge(name: string, help: string, labelNames: readonly string[] = []): Amount {
    return this.#family(name, () => new Amount(name, "gauge", help, labelNames));
  }

  histogram(
    name: string,
    help: string,
    labelNames: readonly string[],
    ends: readonly number[],
  ): Histogram {
    return this.#family(name, () => new Histogram(name, help, labelNames, ends));
  }

  /** `read` is called before each text, to set what is looked at rather than counted. */
  onText(read: () => void): void {
    this.#readers.push(read);
  }

  text(): string {
    for (const read of this.#readers) read();
    return [...this.#families.values()].map((family) => family.text()).join("");
  }

  #family<F extends Family<unknown>>(name: string, make: () => F): F {
    const known = this.#families.get(name) ?? make();
    this.#families.set(name, known);
    return known as F;
  }
}

function labelsText(names: readonly string[], values: readonly string[]): string {
  return names.map((name, at) => `${name}="${escapeValue(values[at] ?? "")}"`).join(",");
}

function braced(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}

function escapeValue(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
