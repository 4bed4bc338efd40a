import type { Clock, Log } from "../api/types/ambient.ts";
import type { Service } from "../api/types/core_v1.ts";
import { SERVICES } from "../api/types/resources.ts";
import { aborted } from "../client/aborted.ts";
import { Bell } from "../client/bell.ts";
import type { WatchedCache } from "../client/cache.ts";
import { ClusterAnswers } from "./cluster_answers.ts";
import { type Exchange, Forwarder } from "./forwarder.ts";
import { DatagramServer } from "./host_datagrams.ts";
import { KernelAnswers, type KernelTable } from "./kernel_answers.ts";
import { StreamServer } from "./host_streams.ts";
import { DnsMetrics } from "./metrics.ts";
import { Resolver } from "./resolver.ts";

const NAMESPACE = "kube-system";
/** As every cluster calls it, whatever answers there. */
const NAME = "kube-dns";
/** The label says that no data path leads to the service's endpoints; its value, who answers instead. */
export const ANSWERED_BY_LABEL = "service.kubernetes.io/service-proxy-name";
export const ANSWERED_BY_AGENTS = "wherry-dns";

const PORT = 53;
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 30_000;

export interface DnsOptions {
  /** Watches services and endpoints of the whole cluster. */
  readonly cache: WatchedCache;
  readonly domain: string;
  /** Makes the host carry the address, which no other cluster's DNS has; undefined: none. */
  readonly carry: (ip: string | undefined) => Promise<void>;
  readonly exchange: Exchange;
  /** Answers what is known before it reaches us; or why this host has none. */
  readonly kernel: KernelTable | { readonly missing: string };
  /** Text of the node's own resolv.conf. */
  readonly resolvConf: () => Promise<string>;
  readonly clock: Clock;
  readonly newId: () => number;
  readonly log: Log;
  /** Ends it; the host keeps the address, so that the next process of this node finds it there. */
  readonly signal: AbortSignal;
  /** 53, but in tests. */
  readonly port?: number;
}

/** What a node says of itself. */
export interface NamesState {
  readonly address: string | undefined;
  /** Why nothing is answered there. */
  readonly trouble: string | undefined;
  /** Why the kernel does not help. */
  readonly fallenBack: string | undefined;
}

/** The address that pods ask for names; undefined while the cluster has no DNS. */
export function clusterDnsIp(cache: Pick<WatchedCache, "get">): string | undefined {
  return ipOf(cache.get(SERVICES, NAMESPACE, NAME));
}

function ipOf(service: Readonly<Service> | undefined): string | undefined {
  const { clusterIP = "" } = service?.spec ?? {};
  return clusterIP === "" || clusterIP === "None" ? undefined : clusterIP;
}

/** Where the agents are to answer: nowhere when the service leads to pods of its own. */
function ownIpOf(service: Readonly<Service> | undefined): string | undefined {
  const isOurs = service?.metadata.labels?.[ANSWERED_BY_LABEL] === ANSWERED_BY_AGENTS;
  return isOurs ? ipOf(service) : undefined;
}

/** Answers names on this node, at the address of the service `kube-system/kube-dns`, as long as that says so. */
export class DnsServer {
  readonly metrics: DnsMetrics;
  readonly #with: DnsOptions;
  readonly #kernel: KernelAnswers | undefined;
  readonly #listeners: (() => void)[] = [];
  /** Undefined until the service is known. */
  #state: Omit<NamesState, "fallenBack"> | undefined;
  #ip: string | undefined;
  #wake: () => void = () => {};

  constructor(options: DnsOptions) {
    this.#with = options;
    const { kernel, log } = options;
    this.#kernel = "missing" in kernel ? undefined : new KernelAnswers(kernel, log);
    this.#kernel?.onTrouble(() => this.#tell());
    this.metrics = new DnsMetrics(() => this.#kernel?.given() ?? new Map());
  }

  /** Undefined until the service is known. */
  state(): NamesState | undefined {
    const { kernel } = this.#with;
    const fallenBack = "missing" in kernel ? kernel.missing : this.#kernel?.trouble;
    return this.#state && { ...this.#state, fallenBack };
  }

  /** Told when the state may have changed. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Works until the signal aborts. */
  async run(): Promise<void> {
    const { cache, signal } = this.#with;
    await Promise.race([cache.synced(), aborted(signal)]);
    if (signal.aborted) return;
    this.#ip = ownIpOf(cache.get(SERVICES, NAMESPACE, NAME));
    const end = cache.onChange(SERVICES, (before, after) => {
      const { namespace, name } = (after ?? before)?.metadata ?? {};
      if (namespace !== NAMESPACE || name !== NAME) return;
      this.#ip = ownIpOf(after);
      this.#wake();
    });
    while (!signal.aborted) await this.#atOneAddress(this.#ip);
    end();
  }

  /** Answers there until the address is another one. */
  async #atOneAddress(ip: string | undefined): Promise<void> {
    const { carry, log, clock, signal } = this.#with;
    const isOver = () => signal.aborted || this.#ip !== ip;
    for (let retryMs = RETRY_MS_MIN; !isOver(); retryMs = Math.min(2 * retryMs, RETRY_MS_MAX)) {
      try {
        await carry(ip);
        if (ip !== undefined) return await this.#answerAt(ip, isOver);
        this.#kernel?.answerAt(undefined);
        this.#enter({ address: undefined, trouble: undefined });
        return await this.#until(isOver);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log("names of services are not answered on this node", { reason, retryMs });
        this.#kernel?.answerAt(undefined); // nobody would tell it of changes
        this.#enter({ address: ip, trouble: reason });
        const woken = new AbortController();
        this.#wake = () => woken.abort();
        await clock.sleep(retryMs, AbortSignal.any([signal, woken.signal]));
      }
    }
  }

  async #answerAt(ip: string, isOver: () => boolean): Promise<void> {
    const { clock, log, port = PORT, cache, domain } = this.#with;
    const datagrams = DatagramServer.open(ip, port, clock);
    let streams: StreamServer;
    try {
      streams = StreamServer.open(ip, datagrams.port, clock);
    } catch (error) {
      datagrams.close();
      await datagrams.run(() => 0);
      throw error;
    }
    this.#kernel?.answerAt(ip);
    const cluster = new ClusterAnswers(cache, domain, () => ip, this.#kernel);
    const forwarder = new Forwarder({ ...this.#with, serverIp: () => ip, metrics: this.metrics });
    const resolver = new Resolver(cluster, forwarder, this.metrics);
    const answering = Promise.all([
      datagrams.run((packet, length, out) =>
        resolver.answer({ packet, length, isStream: false }, out)
      ),
      streams.run((packet, length, out) =>
        resolver.answer({ packet, length, isStream: true }, out)
      ),
    ]);
    log("names are answered", { address: `${ip}:${datagrams.port}`, domain });
    this.#enter({ address: ip, trouble: undefined });
    await this.#until(isOver);
    datagrams.close();
    streams.close();
    cluster.close();
    await answering;
  }

  #enter(state: Omit<NamesState, "fallenBack">): void {
    this.#state = state;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  async #until(isOver: () => boolean): Promise<void> {
    const { signal } = this.#with;
    while (!isOver()) {
      const bell = new Bell();
      this.#wake = () => bell.ring();
      await bell.rung(signal);
    }
  }
}
