import { type Amount, type Histogram, MetricRegistry, REQUEST_BUCKETS } from "../types/metrics.ts";
import { groupOf, prefixOf, qualifiedName } from "../registry/keys.ts";
import type { Attributes } from "../authorization/attributes.ts";
import type { InFlight } from "./in_flight.ts";
import type { Catalog, Served } from "./catalog.ts";

/** What every metric about requests says of them. Source: k8s.io/apiserver, endpoints/metrics. */
const REQUEST = ["verb", "group", "version", "resource", "subresource", "scope", "component"];
const COMPONENT = "apiserver";

/** What is looked at when somebody asks. */
export interface Present {
  readonly revision: number;
  readonly inFlight: InFlight["counts"];
}

/** What the server counts of itself, in Kubernetes's names where it has them. */
export class Metrics {
  readonly registry: MetricRegistry;
  readonly #requests: Amount;
  readonly #durations: Histogram;
  readonly #terminated: Amount;
  readonly #longRunning: Amount;
  readonly #streams = new Map<string, { values: readonly string[]; count: number }>();

  constructor(registry = new MetricRegistry()) {
    this.registry = registry;
    this.#requests = registry.counter(
      "apiserver_request_total",
      "Requests that were answered.",
      [...REQUEST, "code"],
    );
    this.#durations = registry.histogram(
      "apiserver_request_duration_seconds",
      "Time from the arrival of a request to its answer; long-running bodies go on after it.",
      REQUEST,
      REQUEST_BUCKETS,
    );
    this.#terminated = registry.counter(
      "apiserver_request_terminations_total",
      "Requests that were turned away because too many were in flight.",
      [...REQUEST, "code"],
    );
    this.#longRunning = registry.gauge(
      "apiserver_longrunning_requests",
      "Watches and streams that are open.",
      REQUEST,
    );
  }

  /** @param ms from the arrival of the call to its answer */
  count(attributes: Attributes | undefined, method: string, code: number, ms: number): void {
    const values = requestOf(attributes, method);
    this.#requests.add(1, ...values, String(code));
    if (code === 429) this.#terminated.add(1, ...values, "429");
    const isLasting = values[0] === "WATCH" || values[0] === "CONNECT";
    if (!isLasting) this.#durations.observe(ms / 1000, ...values);
  }

  /** A stream to a pod or node is open until the returned function is called. */
  beginStream(attributes: Attributes): () => void {
    const values = requestOf(attributes, "CONNECT");
    const key = values.join();
    const stream = this.#streams.get(key) ?? { values, count: 0 };
    this.#streams.set(key, stream);
    stream.count += 1;
    return () => void (stream.count -= 1);
  }

  /** Prometheus's text format. */
  text(catalog: Catalog, now: Present): string {
    this.#look(catalog, now);
    const lasting = catalog.all.find(({ kind }) => !kind.isVolatile);
    const store = lasting?.registry.store.metrics() ?? [];
    return `${this.registry.text()}${store.join("\n")}\n`;
  }

  /** What is not counted as it happens, but looked at. */
  #look(catalog: Catalog, { revision, inFlight }: Present): void {
    const { registry } = this;
    const flying = registry.gauge(
      "apiserver_current_inflight_requests",
      "Requests that are being answered, watches and other streams aside.",
      ["request_kind"],
    );
    flying.set(inFlight.readOnly, "readOnly");
    flying.set(inFlight.mutating, "mutating");
    this.#longRunning.clear();
    for (const { values, count } of this.#streams.values()) {
      this.#longRunning.set(count, ...values);
    }
    const events = registry.counter(
      "apiserver_watch_events_total",
      "Events that were sent to watchers.",
      ["group", "version", "kind"],
    );
    const objects = registry.gauge(
      "apiserver_storage_objects",
      "Objects that are stored.",
      ["resource"],
    );
    objects.clear();
    events.clear();
    for (const served of catalog.all) {
      const { kind: { resource }, hub } = served;
      const { group, version } = partsOf(resource.apiVersion);
      if (isStored(served)) objects.set(countOf(served), qualifiedName(resource));
      if (hub.sent > 0) events.set(hub.sent, group, version, resource.kind);
      if (hub.size === 0) continue;
      this.#longRunning.set(hub.size, ...watchOf(group, version, resource.resource));
    }
    registry.gauge("wherry_store_revision", "The newest revision.").set(revision);
  }
}

function watchOf(group: string, version: string, resource: string): string[] {
  return ["WATCH", group, version, resource, "", "cluster", COMPONENT];
}

/** The values of `REQUEST`: names of what is served, so that callers can't make any up. */
function requestOf(attributes: Attributes | undefined, method: string): string[] {
  const { verb = "", resource } = attributes ?? {};
  if (resource === undefined) return [verbOf(method), "", "", "", "", "", COMPONENT];
  const { group, resource: name, subresource, namespace, name: object, version } = resource;
  const scope = object !== "" || verb === "create"
    ? "resource"
    : namespace !== ""
    ? "namespace"
    : "cluster";
  const isStream = CONNECTED.has(subresource);
  const said = isStream ? "CONNECT" : SAID[verb] ?? verb.toUpperCase();
  return [said, group, version ?? "", name, subresource, scope, COMPONENT];
}

/** Source: k8s.io/apiserver, canonical verbs of metrics. */
const SAID: Readonly<Record<string, string>> = { create: "POST", update: "PUT" };
const CONNECTED: ReadonlySet<string> = new Set(["proxy", "exec", "attach", "portforward"]);
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]);

function verbOf(method: string): string {
  return METHODS.has(method) ? method : "other";
}

/** Other forms of a stored object are not counted again. */
function isStored({ kind }: Served): boolean {
  return !kind.isReview && kind.storedThrough === undefined;
}

function countOf({ kind, registry }: Served): number {
  return registry.store.list(prefixOf(kind.resource)).length;
}

function partsOf(apiVersion: string): { group: string; version: string } {
  return { group: groupOf(apiVersion), version: apiVersion.slice(apiVersion.indexOf("/") + 1) };
}
