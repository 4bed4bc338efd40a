import {
  type Amount,
  type Histogram,
  MetricRegistry,
  REQUEST_BUCKETS,
  SIZE_BUCKETS,
} from "../types/metrics.ts";
import { groupOf, prefixOf, qualifiedName } from "../registry/keys.ts";
import type { Attributes } from "../authorization/attributes.ts";
import { AccessMetrics } from "./access_metrics.ts";
import type { InFlight } from "./in_flight.ts";
import type { Catalog, Served } from "./catalog.ts";

/** What every metric about requests says of them. Source: k8s.io/apiserver, endpoints/metrics. */
const REQUEST = ["verb", "group", "version", "resource", "subresource", "scope", "component"];
const COMPONENT = "apiserver";

/** All that is counted of requests of one sort, found once for each sort. */
interface Sort {
  readonly values: readonly string[];
  readonly codes: Map<number, { add(amount: number): void }>;
  /** Absent for what lasts. */
  readonly duration: { observe(seconds: number): void } | undefined;
  readonly sliDuration: { observe(seconds: number): void } | undefined;
  /** Of reads. */
  readonly size: { observe(bytes: number): void } | undefined;
}

/** Sorts that are kept; there are fewer: verbs times kinds. */
const SORTS_MAX = 4_000;

/** What is looked at when somebody asks. */
export interface Present {
  readonly revision: number;
  readonly inFlight: InFlight["counts"];
}

/** How a request ended. */
export interface Told {
  readonly code: number;
  /** From the arrival of the call to its answer. */
  readonly ms: number;
  /** Of the answer, where they are known. */
  readonly bytes: number | undefined;
}

/** What the server counts of itself, in Kubernetes's names where it has them. */
export class Metrics {
  readonly registry: MetricRegistry;
  readonly access: AccessMetrics;
  readonly #sorts = new Map<string, Sort>();
  readonly #requests: Amount;
  readonly #durations: Histogram;
  readonly #sliDurations: Histogram;
  readonly #sizes: Histogram;
  readonly #terminated: Amount;
  readonly #longRunning: Amount;
  readonly #streams = new Map<string, { values: readonly string[]; count: number }>();

  constructor(registry = new MetricRegistry()) {
    this.registry = registry;
    this.access = new AccessMetrics(registry);
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
    this.#sliDurations = registry.histogram(
      "apiserver_request_sli_duration_seconds",
      "The same; what webhooks take is in it.",
      REQUEST,
      REQUEST_BUCKETS,
    );
    this.#sizes = registry.histogram(
      "apiserver_response_sizes",
      "Bytes of the answers to reads, before they are packed.",
      REQUEST,
      SIZE_BUCKETS,
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

  count(attributes: Attributes | undefined, method: string, told: Told): void {
    const { code, ms, bytes } = told;
    const { values, codes, duration, sliDuration, size } = this.#sortOf(attributes, method);
    const counted = codes.get(code) ?? this.#requests.one(...values, String(code));
    codes.set(code, counted);
    counted.add(1);
    if (code === 429) this.#terminated.add(1, ...values, "429");
    duration?.observe(ms / 1000);
    sliDuration?.observe(ms / 1000);
    if (bytes !== undefined) size?.observe(bytes);
  }

  #sortOf(attributes: Attributes | undefined, method: string): Sort {
    const values = requestOf(attributes, method);
    const key = values.join();
    const known = this.#sorts.get(key);
    if (known !== undefined) return known;
    const [verb] = values;
    const isLasting = verb === "WATCH" || verb === "CONNECT";
    const isRead = verb === "GET" || verb === "LIST";
    const sort: Sort = {
      values,
      codes: new Map(),
      duration: isLasting ? undefined : this.#durations.one(...values),
      sliDuration: isLasting ? undefined : this.#sliDurations.one(...values),
      size: isRead ? this.#sizes.one(...values) : undefined,
    };
    if (this.#sorts.size < SORTS_MAX) this.#sorts.set(key, sort);
    return sort;
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
