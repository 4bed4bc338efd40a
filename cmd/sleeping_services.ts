import { BlockList } from "node:net";
import type { SleepingServices } from "../agent/sleeping_services.ts";
import { NETWORK_POLICIES } from "../api/types/networking_v1.ts";
import type { Cache } from "../client/cache.ts";
import type { Backend } from "../dataplane/backend.ts";
import type { Dataplane } from "../dataplane/proxy.ts";

/** What the data path knows of services that may sleep, for the agent to tell. */
export function sleepingServices({ waking }: Dataplane, backend: Backend): SleepingServices {
  return {
    wanted: () => waking.wanted(),
    onWanted: (listener) => waking.onWanted(listener),
    used() {
      const watched = waking.watched();
      if (watched.size === 0) return new Map();
      const counters = backend.counters?.() ?? new Map();
      const connections = (rule: string) => counters.get(rule)?.connections ?? 0;
      return new Map(
        [...watched].map(([service, rules]) =>
          [service, rules.reduce((sum, rule) => sum + connections(rule), 0)] as const
        ),
      );
    },
  };
}

/** Behind a holder a policy would see the node in place of its client: with policies nobody is held. */
export function mayHold(cache: Cache): () => boolean {
  return () => cache.list(NETWORK_POLICIES).length === 0;
}

/** Pods, and processes of the node itself. */
export function ofNode(
  clusterCidr: string,
  ownAddresses: () => readonly string[],
): (address: string) => boolean {
  const pods = new BlockList();
  const [base = "", length = "32"] = clusterCidr.split("/");
  pods.addSubnet(base, Number(length));
  return (address) => pods.check(address) || ownAddresses().includes(address);
}
