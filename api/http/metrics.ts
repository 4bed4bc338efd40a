import { prefixOf, qualifiedName } from "../registry/keys.ts";
import type { Catalog, Served } from "./catalog.ts";

interface Counted {
  requests: number;
  seconds: number;
}

/** What the server counts of itself, in Kubernetes's names where it has them. */
export class Metrics {
  readonly #requests = new Map<string, Counted>();
  inFlight = 0;

  /** @param ms from the arrival of the call to its answer; long-running bodies go on after it */
  count(verb: string, resource: string, code: number, ms: number): void {
    const labels = `verb="${verb}",resource="${resource}",code="${code}"`;
    const counted = this.#requests.get(labels) ?? { requests: 0, seconds: 0 };
    this.#requests.set(labels, counted);
    counted.requests += 1;
    counted.seconds += ms / 1000;
  }

  /** Prometheus's text format. */
  text(catalog: Catalog, revision: number): string {
    const counted = [...this.#requests];
    const lasting = catalog.all.find(({ kind }) => !kind.isVolatile);
    const watchers = catalog.all.map(({ kind, hub }) =>
      `apiserver_longrunning_requests{verb="WATCH",resource="${kind.resource.resource}"} ${hub.size}`
    );
    return [
      "# TYPE apiserver_request_total counter",
      ...counted.map(([labels, { requests }]) => `apiserver_request_total{${labels}} ${requests}`),
      "# TYPE apiserver_request_duration_seconds summary",
      ...counted.flatMap(([labels, { requests, seconds }]) => [
        `apiserver_request_duration_seconds_sum{${labels}} ${seconds.toFixed(6)}`,
        `apiserver_request_duration_seconds_count{${labels}} ${requests}`,
      ]),
      "# TYPE apiserver_longrunning_requests gauge",
      ...watchers,
      "# TYPE apiserver_current_inflight_requests gauge",
      `apiserver_current_inflight_requests ${this.inFlight}`,
      "# TYPE wherry_store_revision gauge",
      `wherry_store_revision ${revision}`,
      ...lasting?.registry.store.metrics() ?? [],
      "# TYPE apiserver_storage_objects gauge",
      ...catalog.all.filter(isStored).map(objectsLine),
      "",
    ].join("\n");
  }
}

/** Other forms of a stored object are not counted again. */
function isStored({ kind }: Served): boolean {
  return !kind.isReview && kind.storedThrough === undefined;
}

function objectsLine({ kind, registry }: Served): string {
  const { length } = registry.store.list(prefixOf(kind.resource));
  return `apiserver_storage_objects{resource="${qualifiedName(kind.resource)}"} ${length}`;
}
