import type { Lease } from "../api/types/coordination_v1.ts";
import type { Endpoints } from "../api/types/core_v1.ts";

/** Leases of API servers, as kube-apiserver labels its own. */
export const API_SERVER_LEASES = "apiserver.kubernetes.io/identity=kube-apiserver";
export const ADDRESS_ANNOTATION = "wherry.dev/api-address";

/** How long a server that is silent still counts: it renews three times in between. */
export const LEASE_SECONDS = 30;

/** A lease, and when it was last seen to change, by the clock of who looks. */
export interface SeenLease {
  readonly lease: Readonly<Lease>;
  readonly changedAt: number;
}

/** Addresses of the servers that live, in order; nobody trusts the clocks of others. */
export function liveAddresses(seen: Iterable<SeenLease>, now: number): string[] {
  const live = [...seen].filter(({ lease, changedAt }) => {
    const seconds = lease.spec.leaseDurationSeconds ?? LEASE_SECONDS;
    return now < changedAt + seconds * 1_000;
  });
  const addresses = live.map(({ lease }) => lease.metadata.annotations?.[ADDRESS_ANNOTATION]);
  return [...new Set(addresses.filter((address) => address !== undefined))].sort();
}

/** @returns undefined where the endpoints say so already */
export function withServers(
  endpoints: Readonly<Endpoints>,
  addresses: readonly string[],
  port: number,
): Endpoints | undefined {
  const subsets = [{
    addresses: addresses.map((ip) => ({ ip })),
    ports: [{ name: "https", port, protocol: "TCP" as const }],
  }];
  const { subsets: have = [] } = endpoints;
  const [first] = have;
  const isSame = have.length === 1 && first?.ports?.[0]?.port === port &&
    (first.addresses ?? []).map(({ ip }) => ip).sort().join() === addresses.join();
  return isSame ? undefined : { ...endpoints, subsets };
}
