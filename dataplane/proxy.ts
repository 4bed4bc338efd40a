import type { Clock, Log } from "../api/types/ambient.ts";
import type { Endpoints, Node, Service } from "../api/types/core_v1.ts";
import { ENDPOINT_SLICES, type EndpointSlice } from "../api/types/discovery_v1.ts";
import { ENDPOINTS, NODES, PODS, SERVICES } from "../api/types/resources.ts";
import { aborted } from "../client/aborted.ts";
import { Bell } from "../client/bell.ts";
import type { WatchedCache } from "../client/cache.ts";
import type { Backend } from "./backend.ts";
import { HostPorts } from "./host_ports.ts";
import { joinRules, keyOf, type NodeView, planService } from "./plan.ts";
import { leadsTo, packedRule } from "./packed_pods.ts";
import type { ServiceRule } from "./rules.ts";
import { type Holder, Waking } from "./waking.ts";
import { backingOf, serviceOfSlice, WRITTEN_BY_HAND } from "./written_slices.ts";

/** Changes that come within this time of a sync wait for one sync together; the first never waits. */
const COALESCE_MS = 5;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 30_000;
/** How long a pod that ends waits for its services at the most: without it the endpoints' writer could hold it. */
const UNUSED_MS_MAX = 2_000;
const ZONE = "topology.kubernetes.io/zone";

export interface DataplaneOptions {
  /** Watches the pods of this node where their host ports are to be served. */
  readonly cache: WatchedCache;
  readonly backend: Backend;
  readonly node: NodeView;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes connections of services that sleep; absent: they are refused. */
  readonly holder?: Holder;
  /** Whether connections may go by way of the holder at this moment. */
  readonly mayHold?: () => boolean;
  /** Ends the loop; the kernel keeps its rules, and closing the backend is the caller's. */
  readonly signal: AbortSignal;
}

/** Revisions, by resource, up to which every change is in the kernel. 0: none yet. */
export interface Programmed {
  readonly services: number;
  readonly endpoints: number;
}

export interface Dataplane {
  /** What the drain barrier waits for: a pod that left the endpoints at this revision gets nothing new. */
  readonly programmed: Programmed;
  /** Calls `listener` after each sync. @returns a function that ends it */
  onProgrammed(listener: (programmed: Programmed) => void): () => void;
  /** Services that sleep while nobody wants them. */
  readonly waking: Waking;
  /** Why the kernel has not what the API says; undefined while it has. */
  readonly trouble: string | undefined;
  /** Calls `listener` when `trouble` has changed. */
  onTrouble(listener: () => void): void;
  /** For a node whose addresses changed. */
  setNode(node: NodeView): void;
  /**
   * Resolves once nothing in the kernel sends new connections to this address, or after a bound: a pod
   * that is told to end before that would refuse some.
   */
  untilUnused(ip: string): Promise<void>;
  /** Resolves when `signal` has aborted and no sync is under way. */
  readonly done: Promise<void>;
}

/** Keeps the kernel at what services and endpoints say: no poll, and the first change goes out at once. */
export function runDataplane(options: DataplaneOptions): Dataplane {
  return new ServiceProxy(options);
}

class ServiceProxy implements Dataplane {
  readonly done: Promise<void>;
  #programmed: Programmed = { services: 0, endpoints: 0 };
  readonly #listeners = new Set<(programmed: Programmed) => void>();
  /** Rules of each service by `namespace/name`, and those that have changed since they were planned. */
  readonly #planned = new Map<string, readonly ServiceRule[]>();
  readonly #changed = new Set<string>();
  readonly #hostPorts = new HostPorts();
  readonly waking: Waking;
  /** The node has other addresses, or pods with other ports. */
  #isNodeChanged = true;
  #node: NodeView;
  readonly #zones = new Map<string, string>();
  #trouble: string | undefined;
  readonly #onTrouble: (() => void)[] = [];
  readonly #bell = new Bell();
  /** What is planned differs from what is in the kernel. */
  #isBehind = true;

  constructor(readonly options: DataplaneOptions) {
    this.#node = options.node;
    this.waking = new Waking(options);
    options.backend.onAttempt?.((rule) => this.waking.note(rule));
    this.done = this.#run();
  }

  get programmed(): Programmed {
    return this.#programmed;
  }

  onProgrammed(listener: (programmed: Programmed) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  onTrouble(listener: () => void): void {
    this.#onTrouble.push(listener);
  }

  #setTrouble(trouble: string | undefined): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    for (const listener of this.#onTrouble) listener();
  }

  setNode(node: NodeView): void {
    this.#node = node;
    this.#isNodeChanged = true;
    this.#bell.ring();
  }

  async untilUnused(ip: string): Promise<void> {
    if (!this.#isUsed(ip)) return;
    const { clock, log, signal } = this.options;
    const over = new AbortController();
    const end = this.onProgrammed(() => !this.#isUsed(ip) && over.abort());
    await clock.sleep(UNUSED_MS_MAX, AbortSignal.any([over.signal, signal]));
    end();
    if (!over.signal.aborted && !signal.aborted) {
      log("services still lead to a pod that ends", { ip });
    }
  }

  #isUsed(ip: string): boolean {
    if (this.#isBehind || this.#changed.size > 0) return true;
    for (const rules of this.#planned.values()) {
      if (rules.some((rule) => leadsTo(rule, ip))) return true;
    }
    return false;
  }

  async #run(): Promise<void> {
    const { cache, signal } = this.options;
    cache.watch(SERVICES);
    cache.watch(ENDPOINTS);
    cache.watch(ENDPOINT_SLICES, WRITTEN_BY_HAND);
    cache.watch(NODES);
    await Promise.race([cache.synced(), aborted(signal)]);
    const note = (before?: Service | Endpoints, after?: Service | Endpoints) => {
      const object = after ?? before;
      if (object === undefined) return;
      this.#changed.add(keyOf(object));
      this.#bell.ring();
    };
    for (const service of cache.list(SERVICES)) this.#changed.add(keyOf(service));
    const ends = [
      cache.onChange(SERVICES, note),
      cache.onChange(ENDPOINTS, note),
      cache.onChange(ENDPOINT_SLICES, (before, after) => this.#noteSlice(after ?? before)),
      cache.onChange(NODES, (before, after) => this.#noteZone(before, after)),
    ];
    if (cache.isWatching(PODS)) ends.push(this.#followHostPorts());
    try {
      await this.#loop();
    } finally {
      for (const end of ends) end();
    }
  }

  #noteSlice(slice: Readonly<EndpointSlice> | undefined): void {
    const service = serviceOfSlice(slice);
    if (service === undefined) return;
    this.#changed.add(service);
    this.#bell.ring();
  }

  /** Only services that ask for near pods have to do with zones. */
  #noteZone(before: Readonly<Node> | undefined, after: Readonly<Node> | undefined): void {
    const name = (after ?? before)?.metadata.name ?? "";
    const zone = after?.metadata.labels?.[ZONE];
    if (this.#zones.get(name) === zone) return;
    if (zone === undefined) this.#zones.delete(name);
    else this.#zones.set(name, zone);
    for (const service of this.options.cache.list(SERVICES)) {
      if (service.spec.trafficDistribution !== undefined) this.#changed.add(keyOf(service));
    }
    this.#bell.ring();
  }

  #followHostPorts(): () => void {
    return this.options.cache.onChange(PODS, (before, after) => {
      if (!this.#hostPorts.see(before, after)) return;
      this.#isNodeChanged = true;
      this.#bell.ring();
    });
  }

  async #loop(): Promise<void> {
    const { clock, log, signal } = this.options;
    let retryMs = RETRY_MS_MIN;
    while (!signal.aborted) {
      try {
        await this.#sync();
        retryMs = RETRY_MS_MIN;
        this.#setTrouble(undefined);
        await clock.sleep(COALESCE_MS, signal);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log("services could not be programmed", { reason, retryMs });
        this.#setTrouble(reason);
        this.#isNodeChanged = true;
        await clock.sleep(retryMs, signal);
        retryMs = Math.min(2 * retryMs, RETRY_MS_MAX);
      }
      if (this.#changed.size === 0 && !this.#isNodeChanged) await this.#bell.rung(signal);
    }
  }

  async #sync(): Promise<void> {
    const { cache, backend } = this.options;
    const programmed = {
      services: cache.revisionOf(SERVICES),
      endpoints: cache.revisionOf(ENDPOINTS),
    };
    this.#isBehind = true;
    for (const key of this.#changed) this.#replan(key);
    this.#changed.clear();
    this.#isNodeChanged = false;
    const planned = [...this.#planned.values(), ...this.#hostPorts.rules];
    const rules = joinRules(planned, this.#node);
    const holders = await this.waking.holders(rules.services);
    await backend.sync(holders === undefined ? rules : { ...rules, holders });
    this.#programmed = programmed;
    this.#isBehind = false;
    this.waking.programmed();
    for (const listener of this.#listeners) listener(programmed);
  }

  #replan(key: string): void {
    const { cache } = this.options;
    const [namespace = "", name = ""] = key.split("/");
    const service = cache.get(SERVICES, namespace, name);
    if (service === undefined) {
      this.#planned.delete(key);
      return;
    }
    const node = { ...this.#node, zones: this.#zones };
    this.#planned.set(key, planService(service, backingOf(cache, service), node).map(packedRule));
  }
}
