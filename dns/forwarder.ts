import type { Clock, Log } from "../api/types/ambient.ts";
import { encodeQuery, isReplyTo, readReply, type Reply } from "./messages.ts";
import type { DnsMetrics } from "./metrics.ts";
import type { Answer } from "./records.ts";
import { UpstreamCache } from "./upstream_cache.ts";
import { RCODE } from "./wire.ts";

/** Asks other servers. Implementations: HostExchange, and servers of a table in tests. */
export interface Exchange {
  /**
   * @param isReply whether a packet answers the query: others are passed over
   * @throws {Error} when nothing answers in time, or refuses to be asked
   */
  ask(server: string, query: Uint8Array, how: {
    isStream: boolean;
    timeoutMs: number;
    isReply: (packet: Uint8Array) => boolean;
  }): Promise<Uint8Array>;
}

export interface ForwarderOptions {
  readonly exchange: Exchange;
  /** Text of the node's own resolv.conf. */
  readonly resolvConf: () => Promise<string>;
  /** Where this server itself is asked: it never asks itself. */
  readonly serverIp: () => string;
  readonly clock: Clock;
  /** 16 random bits, hard to guess. */
  readonly newId: () => number;
  readonly log: Log;
  readonly metrics: DnsMetrics;
}

/** Clients wait 5 s for an answer (resolv.conf, timeout): two rounds through two servers end before that. */
const TIMEOUT_MS = 1_200;
const ROUNDS = 2;
const TOTAL_MS = 4_500;
/** Questions that wait for other servers: what comes beyond is told to try again. */
const WAITING_MAX = 512;
/** How long a server that did not answer is asked last. */
const DOWN_MS = 10_000;
const RESOLV_CONF_MS = 10_000;
/** Source: resolv.conf(5), MAXNS. */
const SERVERS_MAX = 3;

const FAILED: Answer = { rcode: RCODE.SERVFAIL, isAuthoritative: false, answers: [] };

/** Asks the node's servers what the cluster does not know, each question once at a time. */
export class Forwarder {
  readonly cache: UpstreamCache;
  readonly #with: ForwarderOptions;
  /** A server of ours that asks us again finds its question here: a circle ends with the time-out. */
  readonly #waiting = new Map<string, Promise<Answer>>();
  readonly #downUntil = new Map<string, number>();
  #servers: readonly string[] = [];
  #serversUntil = -Infinity;

  constructor(options: ForwarderOptions) {
    this.#with = options;
    this.cache = new UpstreamCache(options.clock);
  }

  /** Never rejects: a failure is an answer too. */
  ask(key: string, type: number): Promise<Answer> {
    const question = questionOf(key, type);
    const known = this.cache.answer(question);
    if (known !== undefined) return Promise.resolve(known);
    const asked = this.#waiting.get(question);
    if (asked !== undefined) return asked;
    if (this.#waiting.size >= WAITING_MAX) return Promise.resolve(FAILED);
    const asking = this.#ask(key, type).then((answer) => {
      this.cache.set(question, answer);
      return answer;
    }).finally(() => this.#waiting.delete(question));
    this.#waiting.set(question, asking);
    return asking;
  }

  async #ask(key: string, type: number): Promise<Answer> {
    const { clock, metrics } = this.#with;
    const end = clock.now() + TOTAL_MS;
    let last = FAILED;
    try {
      const servers = await this.#byHealth();
      for (let round = 0; round < ROUNDS; round++) {
        for (const server of servers) {
          const timeoutMs = Math.min(TIMEOUT_MS, end - clock.now());
          if (timeoutMs <= 0) return last;
          metrics.forwarded++;
          const reply = await this.#askOne(server, { key, type, timeoutMs });
          if (reply === undefined) continue;
          last = { ...reply, isAuthoritative: false };
          const isAnswer = reply.rcode === RCODE.NOERROR || reply.rcode === RCODE.NXDOMAIN;
          if (isAnswer) return last;
        }
      }
    } catch (error) {
      this.#with.log("a name could not be asked for", { reason: String(error) });
    }
    metrics.forwardFailures++;
    return last.rcode === RCODE.REFUSED ? FAILED : last;
  }

  /** @returns undefined when it does not answer, or with bytes that make no sense */
  async #askOne(
    server: string,
    { key, type, timeoutMs }: { key: string; type: number; timeoutMs: number },
  ): Promise<Reply | undefined> {
    const { exchange, clock, newId } = this.#with;
    const query = encodeQuery(newId() & 0xffff, key, type);
    const isReply = (packet: Uint8Array) => isReplyTo(query, packet);
    try {
      const ask = async (isStream: boolean) =>
        readReply(await exchange.ask(server, query, { isStream, timeoutMs, isReply }));
      const reply = await ask(false);
      const whole = reply?.isTruncated ? await ask(true) : reply;
      if (whole !== undefined) {
        this.#downUntil.delete(server);
        return whole;
      }
    } catch (error) {
      this.#tellOnce(server, error);
    }
    this.#downUntil.set(server, clock.now() + DOWN_MS);
    return undefined;
  }

  #tellOnce(server: string, error: unknown): void {
    if ((this.#downUntil.get(server) ?? 0) > this.#with.clock.now()) return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#with.log("a name server of the node does not answer", { server, reason });
  }

  /** In the file's order, those that did not answer lately at the end. */
  async #byHealth(): Promise<readonly string[]> {
    const now = this.#with.clock.now();
    if (now >= this.#serversUntil) {
      this.#servers = serversIn(await this.#with.resolvConf())
        .filter((server) => server !== this.#with.serverIp());
      this.#serversUntil = now + RESOLV_CONF_MS;
    }
    const isDown = (server: string) => (this.#downUntil.get(server) ?? 0) > now ? 1 : 0;
    return [...this.#servers].sort((a, b) => isDown(a) - isDown(b));
  }
}

/** Under which answers of other servers are kept. */
export function questionOf(key: string, type: number): string {
  return key + String.fromCharCode(type);
}

export function serversIn(resolvConf: string): string[] {
  const lines = resolvConf.split("\n").map((line) => line.trim().split(/\s+/));
  return lines.flatMap(([key, server = ""]) =>
    key === "nameserver" && server !== "" ? [server] : []
  )
    .slice(0, SERVERS_MAX);
}
