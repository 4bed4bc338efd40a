import type { Clock } from "../../api/types/ambient.ts";
import type { Pod } from "../../api/types/core_v1.ts";
import { cadvisorMetrics, metricText, resourceMetrics } from "./exposition.ts";
import { type ServiceCount, serviceMetrics } from "./service_metrics.ts";
import type { Sampler } from "./sampler.ts";
import { summaryOf } from "./summary.ts";

export interface StatsPagesOptions {
  readonly sampler: Sampler;
  readonly nodeName: string;
  readonly pods: () => readonly Readonly<Pod>[];
  /** Of this process, in bytes. */
  readonly residentBytes: () => number;
  /** What other parts of the process count, in the same text. */
  readonly more?: () => string | Promise<string>;
  readonly clock: Clock;
  /** Of services, by `namespace/name:port`; absent where nobody counts. */
  readonly services?: () => Iterable<[string, ServiceCount]>;
}

export interface Page {
  readonly type: string;
  readonly body: string;
}

const TEXT = "text/plain; version=0.0.4; charset=utf-8";

/** What the agent's server shows under `/stats` and `/metrics`. */
export class StatsPages {
  readonly #with: StatsPagesOptions;
  readonly #since: number;

  constructor(options: StatsPagesOptions) {
    this.#with = options;
    this.#since = options.clock.now();
  }

  /** @param path split at its slashes. @returns undefined where there is no such page */
  async page(path: readonly string[], query: URLSearchParams): Promise<Page | undefined> {
    const { sampler, nodeName, pods } = this.#with;
    switch (path.join("/")) {
      case "stats/summary": {
        const isShort = query.get("only_cpu_and_memory") === "true";
        const sample = await sampler.sample();
        const summary = summaryOf({
          ...{ nodeName, sample, isShort },
          pods: pods(),
          since: this.#since,
        });
        return { type: "application/json", body: JSON.stringify(summary) };
      }
      case "metrics/resource":
        return { type: TEXT, body: resourceMetrics(await sampler.sample(), pods()) };
      case "metrics/cadvisor":
        return { type: TEXT, body: cadvisorMetrics(await sampler.sample(), pods()) };
      case "metrics":
        return { type: TEXT, body: await this.#own() };
      default:
        return undefined;
    }
  }

  /** Source of the names: kubelet. */
  async #own(): Promise<string> {
    const { nodeName, pods, residentBytes, more = () => "" } = this.#with;
    const phases = Map.groupBy(pods(), ({ status }) => status?.phase ?? "Pending");
    return [
      metricText("kubelet_node_name", "gauge", "The node's name. The count is always 1.", [
        { labels: { node: nodeName }, value: 1 },
      ]),
      metricText(
        "kubelet_running_pods",
        "gauge",
        "Number of pods that have a running pod sandbox",
        [
          { labels: {}, value: phases.get("Running")?.length ?? 0 },
        ],
      ),
      metricText("kubelet_pods", "gauge", "Number of pods of the node, by phase", [
        ...[...phases].map(([phase, of]) => ({ labels: { phase }, value: of.length })),
      ]),
      metricText("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", [
        { labels: {}, value: residentBytes() },
      ]),
      metricText("process_start_time_seconds", "gauge", "Start time of the process.", [
        { labels: {}, value: this.#since / 1000 },
      ]),
      serviceMetrics(this.#with.services?.() ?? []),
      await more(),
    ].join("");
  }
}
