import type { Clock, Log } from "../api/types/ambient.ts";
import { NETWORK_POLICIES } from "../api/types/networking_v1.ts";
import { NAMESPACES, PODS } from "../api/types/resources.ts";
import { aborted } from "../client/aborted.ts";
import { Bell } from "../client/bell.ts";
import type { WatchedCache } from "../client/cache.ts";
import type { Commands } from "./host_commands.ts";
import type { ClusterNames } from "./names.ts";
import { renderRemoval } from "./nftables_plan.ts";
import { policyMetrics } from "./policy_metrics.ts";
import { planPolicies } from "./policy_plan.ts";
import type { PolicyRules } from "./policy_rules.ts";
import { PolicyTable } from "./policy_table.ts";

/** Changes that come within this time of a sync wait for one sync together; the first never waits. */
const COALESCE_MS = 10;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 30_000;
/** How long the start of a pod waits for its policies at the most. */
const WIRED_MS_MAX = 5_000;

export interface PolicyOptions {
  /** Has the pods of this node. */
  readonly cache: WatchedCache;
  /** Opens a cache for the pods of all nodes and the namespaces: only while there is a policy. */
  readonly openPeers: (signal: AbortSignal) => WatchedCache;
  readonly names: ClusterNames;
  readonly commands: Commands;
  readonly nodeName: string;
  /** Makes the packets of these pods, and of no others, come by where policies are enforced. */
  readonly guard?: (ips: ReadonlySet<string>) => void;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the loop; the kernel keeps what it has. */
  readonly signal: AbortSignal;
}

interface Peers {
  readonly cache: WatchedCache;
  readonly close: () => void;
}

/** Keeps the kernel at what NetworkPolicies say of this node's pods. Without a policy it costs nothing. */
export class PolicyEnforcer {
  readonly done: Promise<void>;
  #table: PolicyTable | undefined;
  #rules: PolicyRules | undefined;
  #peers: Peers | undefined;
  readonly #wired = new Map<string, string>();
  #isChanged = true;
  readonly #bell = new Bell();
  /** Resolved by the next sync that begins from now on. */
  #next = Promise.withResolvers<void>();

  constructor(readonly options: PolicyOptions) {
    this.done = this.#run();
  }

  /** Resolves once the pod's policies hold for this address, or after a bound: its containers start then. */
  async wired(podUid: string, ip: string): Promise<void> {
    this.#wired.set(podUid, ip);
    const { clock, log, signal, cache } = this.options;
    if (cache.list(NETWORK_POLICIES).length === 0) return;
    const over = new AbortController();
    void this.#next.promise.then(() => over.abort());
    this.#change();
    await clock.sleep(WIRED_MS_MAX, AbortSignal.any([over.signal, signal]));
    if (!over.signal.aborted && !signal.aborted) log("a pod starts before its policies", { ip });
  }

  /** What was dropped, in Prometheus's text format. */
  async metrics(): Promise<string> {
    const { commands, names } = this.options;
    const rules = this.#rules;
    if (rules === undefined || this.#table === undefined) return "";
    const counters = ["-j", "list", "counters", "table", "ip", names.policyTable];
    return policyMetrics(await commands.run("nft", counters), rules.pods);
  }

  async #run(): Promise<void> {
    const { cache, signal } = this.options;
    cache.watch(NETWORK_POLICIES);
    await Promise.race([cache.synced(), aborted(signal)]);
    const ends = [
      cache.onChange(NETWORK_POLICIES, () => this.#change()),
      cache.onChange(PODS, (before, after) => {
        if (after === undefined) this.#wired.delete(before?.metadata.uid ?? "");
        if (this.#peers !== undefined) this.#change();
      }),
    ];
    await this.#loop();
    for (const end of ends) end();
    this.#peers?.close();
  }

  async #loop(): Promise<void> {
    const { clock, log, signal } = this.options;
    let retryMs = RETRY_MS_MIN;
    while (!signal.aborted) {
      try {
        await this.#sync();
        retryMs = RETRY_MS_MIN;
        await clock.sleep(COALESCE_MS, signal);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log("network policies could not be programmed", { reason, retryMs });
        this.#isChanged = true;
        this.#table = undefined;
        await clock.sleep(retryMs, signal);
        retryMs = Math.min(2 * retryMs, RETRY_MS_MAX);
      }
      if (!this.#isChanged) await this.#bell.rung(signal);
    }
  }

  #change(): void {
    this.#isChanged = true;
    this.#bell.ring();
  }

  async #sync(): Promise<void> {
    const { cache, nodeName, names, commands } = this.options;
    const next = this.#next;
    this.#next = Promise.withResolvers();
    this.#isChanged = false;
    try {
      const policies = cache.list(NETWORK_POLICIES);
      if (policies.length === 0) return await this.#end();
      const peers = await this.#openPeers();
      const own = cache.list(PODS);
      const others = peers.list(PODS).filter(({ spec }) => spec.nodeName !== nodeName);
      this.#rules = planPolicies({
        ...{ policies, nodeName, wired: this.#wired },
        pods: [...own, ...others],
        namespaces: peers.list(NAMESPACES),
      });
      this.#table ??= new PolicyTable(names.policyTable);
      const script = this.#table.plan(this.#rules);
      if (script !== "") await commands.run("nft", ["-f", "-"], script);
      this.options.guard?.(new Set(this.#rules.pods.map(({ ip }) => ip)));
      next.resolve();
    } catch (error) {
      void this.#next.promise.then(next.resolve); // who waits, waits for the one that succeeds
      throw error;
    }
  }

  /** Resolves when everything in it was listed once. */
  async #openPeers(): Promise<WatchedCache> {
    if (this.#peers === undefined) {
      const { openPeers, signal } = this.options;
      const ending = new AbortController();
      const cache = openPeers(AbortSignal.any([signal, ending.signal]));
      cache.watch(PODS);
      cache.watch(NAMESPACES);
      this.#peers = { cache, close: () => ending.abort() };
      await Promise.race([cache.synced(), aborted(signal)]);
      cache.onChange(PODS, () => this.#change());
      cache.onChange(NAMESPACES, () => this.#change());
      this.#isChanged = false;
    }
    return this.#peers.cache;
  }

  /** The last policy has gone, or an earlier agent had some. */
  async #end(): Promise<void> {
    this.#peers?.close();
    this.#peers = undefined;
    this.#rules = undefined;
    const { names, commands } = this.options;
    this.options.guard?.(new Set());
    if (await commands.has("nft")) await removePolicies(names, commands);
    this.#table = undefined;
  }
}

/** Takes away all that any process of the cluster has restricted. */
export async function removePolicies(names: ClusterNames, commands: Commands): Promise<void> {
  const script = renderRemoval(names.policyTable).join("\n");
  await commands.run("nft", ["-f", "-"], `${script}\n`);
}
