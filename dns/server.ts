import type { Clock, Log } from "../api/types/ambient.ts";
import type { Service } from "../api/types/core_v1.ts";
import { SERVICES } from "../api/types/resources.ts";
import type { WatchedCache } from "../client/cache.ts";
import { ClusterAnswers } from "./cluster_answers.ts";
import { type Exchange, Forwarder } from "./forwarder.ts";
import { DatagramServer } from "./host_datagrams.ts";
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
  readonly metrics = new DnsMetrics();
  readonly #with: DnsOptions;
  #ip: string | undefined;
  #wake: () => void = () => {};

  constructor(options: DnsOptions) {
    this.#with = options;
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
        if (ip === undefined) return await this.#until(isOver);
        return await this.#answerAt(ip, isOver);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log("names of services are not answered on this node", { reason, retryMs });
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
    const cluster = new ClusterAnswers(cache, domain, () => ip);
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
    await this.#until(isOver);
    datagrams.close();
    streams.close();
    cluster.close();
    await answering;
  }

  async #until(isOver: () => boolean): Promise<void> {
    const { signal } = this.#with;
    while (!isOver()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
