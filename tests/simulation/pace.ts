import { leaseSecondsFor, RENEW_SECONDS_MIN } from "../../api/types/node_lease.ts";
import { Dice, randomFrom } from "./seeded.ts";

/** As a cluster that grows and shrinks: leases become longer and shorter while the nodes use them. */
const RENEW_SECONDS_MOST = 7;
const CHANGES_MS = 40_000;
/** Of three seeds. */
const STEADY = 2;

/** How often the server asks nodes to renew their leases, at each moment. */
export function paceOf(seed: number): (now: number) => number {
  if (isSteady(seed)) return () => RENEW_SECONDS_MIN;
  return (now) => {
    const dice = new Dice(randomFrom(seed, `pace ${Math.floor(now / CHANGES_MS)}`));
    return dice.between(RENEW_SECONDS_MIN, RENEW_SECONDS_MOST);
  };
}

/** No lease of this seed holds for longer. */
export function leaseMsMost(seed: number): number {
  return leaseSecondsFor(isSteady(seed) ? RENEW_SECONDS_MIN : RENEW_SECONDS_MOST) * 1000;
}

function isSteady(seed: number): boolean {
  return new Dice(randomFrom(seed, "pace")).between(1, 3) <= STEADY;
}
