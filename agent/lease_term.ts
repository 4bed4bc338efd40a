import type { Lease } from "../api/types/coordination_v1.ts";
import {
  LEASE_SECONDS_MIN,
  leaseSecondsFor,
  RENEW_SECONDS_MIN,
  renewSecondsIn,
} from "../api/types/node_lease.ts";

/** Renewals that say what was programmed come at least so far apart; the first goes out at once. */
const ACKNOWLEDGE_MS_MIN = 20;
/** For each second more between renewals, so much more: then there are many nodes that all have news at once. */
const ACKNOWLEDGE_MS_PER_SECOND = 120;
/** Less than pods wait for nodes. */
const ACKNOWLEDGE_MS_MAX = 2_000;

/** What changes the length of a lease, sent along with a renewal. */
export interface LeaseChange {
  /** A change that is late must not undo a newer one. */
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: { readonly leaseDurationSeconds: number };
}

/**
 * How long the node's lease holds and how often it is renewed, by what the API answers. The node counts on what is
 * stored or on what it has asked to become, whichever is shorter: others then never give up its pods sooner.
 */
export class LeaseTerm {
  #storedSeconds = LEASE_SECONDS_MIN;
  #renewSeconds = RENEW_SECONDS_MIN;
  #resourceVersion: string | undefined;

  /** The lease as the API has it after a renewal. */
  read({ metadata, spec }: Readonly<Lease>): void {
    // one without a length is of nobody that counts on it
    this.#storedSeconds = spec.leaseDurationSeconds ?? 0;
    this.#renewSeconds = renewSecondsIn(metadata.annotations);
    this.#resourceVersion = metadata.resourceVersion;
  }

  /** How long the lease holds after a renewal. */
  get leaseMs(): number {
    return Math.max(LEASE_SECONDS_MIN, Math.min(this.#storedSeconds, this.#wantedSeconds)) * 1000;
  }

  get renewMs(): number {
    const seconds = Math.min(this.#renewSeconds, Math.floor(this.leaseMs * 3 / 10_000));
    return Math.max(RENEW_SECONDS_MIN, seconds) * 1000;
  }

  /** After a renewal that failed. */
  get retryMs(): number {
    return Math.max(RENEW_SECONDS_MIN * 1000, this.renewMs / 3);
  }

  get acknowledgeMsMin(): number {
    const more = ACKNOWLEDGE_MS_PER_SECOND * (this.renewMs / 1000 - RENEW_SECONDS_MIN);
    return Math.min(ACKNOWLEDGE_MS_MAX, ACKNOWLEDGE_MS_MIN + more);
  }

  /** To go with the next renewal; undefined where the lease has the length that it should. Each is sent once. */
  takeChange(): LeaseChange | undefined {
    const resourceVersion = this.#resourceVersion;
    this.#resourceVersion = undefined;
    if (resourceVersion === undefined || this.#storedSeconds === this.#wantedSeconds) return;
    return { metadata: { resourceVersion }, spec: { leaseDurationSeconds: this.#wantedSeconds } };
  }

  get #wantedSeconds(): number {
    return leaseSecondsFor(this.#renewSeconds);
  }
}
