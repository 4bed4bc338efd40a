/**
 * How often a node renews its lease, and for how long that holds: longer in a large cluster, so that the heartbeats
 * of all nodes together stay a bounded load. The API server says how often, in what it answers to a renewal; the node
 * stores in its lease for how long it holds, and nobody gives up its pods sooner.
 */

/** The shortest time between two renewals. */
export const RENEW_SECONDS_MIN = 3;
/** The longest: a lease that was last for that long holds no longer than a controller that begins waits for its nodes. */
export const RENEW_SECONDS_MAX = 18;
/** Of all nodes together, where there are enough of them. */
export const RENEWALS_PER_SECOND = 300;
/** On a node's lease, by the API server: seconds between renewals; absent: the shortest. */
export const RENEW_ANNOTATION = "wherry.dev/renew-seconds";

export const LEASE_SECONDS_MIN = leaseSecondsFor(RENEW_SECONDS_MIN);
export const LEASE_SECONDS_MAX = leaseSecondsFor(RENEW_SECONDS_MAX);

export function renewSecondsFor(nodes: number, perSecond = RENEWALS_PER_SECOND): number {
  return Math.min(RENEW_SECONDS_MAX, Math.max(RENEW_SECONDS_MIN, Math.ceil(nodes / perSecond)));
}

/** A lease lasts for three renewals and a bit. */
export function leaseSecondsFor(renewSeconds: number): number {
  return Math.ceil(renewSeconds * 10 / 3);
}

/** What an answer says, or the shortest where it makes no sense. */
export function renewSecondsIn(annotations: Readonly<Record<string, string>> | undefined): number {
  const seconds = Number(annotations?.[RENEW_ANNOTATION] ?? RENEW_SECONDS_MIN);
  const isSense = seconds >= RENEW_SECONDS_MIN && seconds <= RENEW_SECONDS_MAX;
  return isSense ? seconds : RENEW_SECONDS_MIN;
}

/** In place of the resourceVersion of a lease that is not there. */
export const NO_LEASE = "none";
