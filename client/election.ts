import type { Clock, Log } from "../api/types/ambient.ts";
import { type Lease, LEASES, type LeaseSpec } from "../api/types/coordination_v1.ts";
import { hasReason } from "../api/types/status.ts";
import type { Api } from "./api.ts";

/** How long one who is silent stays the leader. */
const LEASE_SECONDS = 8;

/** A leader that could not renew for so long stops, well before another may begin. */
const RENEW_DEADLINE_MS = 5_000;
const RENEW_MS = 2_000;
const RETRY_MS = 1_000;

const NAMESPACE = "kube-system";

export interface Candidacy {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends the candidacy: who leads stops, and gives the lease back. */
  readonly signal: AbortSignal;
  /** Of the lease, which all candidates share: what it is that only one may do. */
  readonly name: string;
  /** Nobody else has the same, not even the same process after a restart. */
  readonly identity: string;
  /** Leads until its signal aborts. It may begin again after that. */
  lead(signal: AbortSignal): Promise<void>;
  /** Told when it begins and when it ends to lead. */
  onLead?(isLeader: boolean): void;
}

/**
 * Lets one of several processes lead at a time, by a Lease. Nobody trusts the clocks of others: a lease is over
 * when it has not changed for its length, as the one who waits has measured. Resolves when the signal has aborted and
 * the leading has ended. Source of the protocol: client-go, tools/leaderelection.
 */
export async function runElected(candidacy: Candidacy): Promise<void> {
  const election = new Election(candidacy);
  const { clock, log, name, signal } = candidacy;
  while (!signal.aborted) {
    try {
      const lease = await election.acquired();
      if (lease !== undefined) await election.hold(lease);
    } catch (error) {
      log("Cannot take part in the election", { lease: name, error });
      await clock.sleep(RETRY_MS, signal);
    }
  }
}

class Election {
  readonly #with: Candidacy;
  /** What another's lease was when we last saw it change, and when that was. */
  #seen = { resourceVersion: "", at: 0 };

  constructor(candidacy: Candidacy) {
    this.#with = candidacy;
  }

  /** Waits for its turn. @returns the lease as we hold it; undefined when the signal has aborted */
  async acquired(): Promise<Lease | undefined> {
    const { api, clock, name, signal } = this.#with;
    while (!signal.aborted) {
      const there = await this.#read();
      if (there === undefined) return await api.create(LEASES, leaseOf(name, this.#spec()));
      const leftMs = this.#leftMs(there);
      if (leftMs > 0) {
        await this.#changed(there, leftMs);
        continue;
      }
      const taken = await this.#write(there, this.#spec(there));
      if (taken !== undefined) return taken;
      await clock.sleep(0, signal);
    }
    return undefined;
  }

  /** Leads while it can renew. */
  async hold(lease: Lease): Promise<void> {
    const { log, name, identity, lead, signal } = this.#with;
    const leading = new AbortController();
    const stop = () => leading.abort();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    log("leads", { lease: name, identity });
    this.#with.onLead?.(true);
    const led = lead(leading.signal).finally(stop);
    try {
      lease = await this.#renewOn(lease, leading.signal);
    } finally {
      stop();
      signal.removeEventListener("abort", stop);
      await led;
      this.#with.onLead?.(false);
      log("leads no more", { lease: name, identity });
    }
    await this.#release(lease);
  }

  /** @returns the lease as it was renewed last, once the signal has aborted or it could not be renewed in time */
  async #renewOn(lease: Lease, signal: AbortSignal): Promise<Lease> {
    const { clock, log, name } = this.#with;
    let renewedAt = clock.now();
    let pauseMs = RENEW_MS;
    for (;;) {
      await clock.sleep(pauseMs, signal);
      if (signal.aborted) return lease;
      const cutOff = new AbortController();
      try {
        const leftMs = renewedAt + RENEW_DEADLINE_MS - clock.now();
        const late = clock.sleep(Math.max(0, leftMs), cutOff.signal).then(() => "late" as const);
        const asked = clock.now();
        const renewed = await Promise.race([this.#write(lease, this.#spec(lease)), late]);
        if (renewed === "late" || renewed === undefined) return lease;
        lease = renewed;
        renewedAt = asked;
        pauseMs = RENEW_MS;
      } catch (error) {
        log("Cannot renew a lease", { lease: name, error });
        if (clock.now() - renewedAt >= RENEW_DEADLINE_MS) return lease;
        pauseMs = RETRY_MS;
      } finally {
        cutOff.abort();
      }
    }
  }

  /** So that the next need not wait for the lease to run out. */
  async #release(lease: Lease): Promise<void> {
    const { log, name, signal } = this.#with;
    if (!signal.aborted) return;
    try {
      await this.#write(lease, { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1 });
    } catch (error) {
      log("Cannot give a lease back", { lease: name, error });
    }
  }

  async #read(): Promise<Lease | undefined> {
    const { api, name } = this.#with;
    try {
      return await api.get(LEASES, NAMESPACE, name);
    } catch (error) {
      if (hasReason(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** @returns undefined when somebody else was faster, or has it by now */
  async #write(lease: Lease, spec: LeaseSpec): Promise<Lease | undefined> {
    try {
      return await this.#with.api.update(LEASES, { ...lease, spec });
    } catch (error) {
      if (hasReason(error, "Conflict", "NotFound")) return undefined;
      throw error;
    }
  }

  /** How long the holder has not lost the lease yet. */
  #leftMs({ metadata, spec }: Lease): number {
    const { clock, identity } = this.#with;
    const { holderIdentity = "", leaseDurationSeconds = LEASE_SECONDS } = spec;
    if (holderIdentity === "" || holderIdentity === identity) return 0;
    const { resourceVersion = "" } = metadata;
    if (resourceVersion !== this.#seen.resourceVersion) {
      this.#seen = { resourceVersion, at: clock.now() };
    }
    return this.#seen.at + leaseDurationSeconds * 1_000 - clock.now();
  }

  /** Resolves when the lease changes, the time is over, or the signal aborts. */
  async #changed({ metadata: { resourceVersion = "" } }: Lease, ms: number): Promise<void> {
    const { api, clock, name, signal } = this.#with;
    const waiting = new AbortController();
    const end = () => waiting.abort();
    signal.addEventListener("abort", end, { once: true });
    const cancel = clock.after(ms, end);
    const fieldSelector = `metadata.name=${name}`;
    const options = { namespace: NAMESPACE, fieldSelector, resourceVersion };
    try {
      for await (const { type } of api.watch(LEASES, options, waiting.signal)) {
        if (type !== "BOOKMARK") return;
      }
      await clock.sleep(RETRY_MS, waiting.signal); // the server ended it
    } catch (error) {
      if (!hasReason(error, "Expired")) throw error;
    } finally {
      cancel();
      end();
      signal.removeEventListener("abort", end);
    }
  }

  #spec(before?: Lease): LeaseSpec {
    const { clock, identity } = this.#with;
    const now = new Date(clock.now()).toISOString().replace("Z", "000Z");
    const { holderIdentity, acquireTime = now, leaseTransitions = 0 } = before?.spec ?? {};
    const isMine = holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: isMine ? acquireTime : now,
      renewTime: now,
      leaseTransitions: isMine || before === undefined ? leaseTransitions : leaseTransitions + 1,
    };
  }
}

function leaseOf(name: string, spec: LeaseSpec): Lease {
  const { apiVersion, kind } = LEASES;
  return { apiVersion, kind, metadata: { namespace: NAMESPACE, name }, spec };
}
