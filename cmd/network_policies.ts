import type { PodNetwork } from "../agent/pod_network.ts";
import type { Clock, Log } from "../api/types/ambient.ts";
import type { Api } from "../client/api.ts";
import { type WatchedCache } from "../client/cache.ts";
import { Informers } from "../client/informer.ts";
import type { Commands } from "../dataplane/host_commands.ts";
import type { ClusterNames } from "../dataplane/names.ts";
import { PolicyEnforcer } from "../dataplane/policy_enforcer.ts";

export interface PolicySurroundings {
  readonly api: Api;
  readonly cache: WatchedCache;
  readonly names: ClusterNames;
  readonly commands: Commands;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Source: PolicyOptions. */
  readonly guard?: (ips: ReadonlySet<string>) => void;
}

/** Restricts what the node's pods send and get; pods of other nodes are followed only while a policy is there. */
export function enforcePolicies({ api, ...surroundings }: PolicySurroundings): PolicyEnforcer {
  const { clock, log } = surroundings;
  const openPeers = (signal: AbortSignal) =>
    new Informers({ api, clock, random: Math.random, log, signal });
  return new PolicyEnforcer({ ...surroundings, openPeers });
}

/** A network whose pods have their policies before they have processes. */
export function behindPolicies(network: PodNetwork, policies: PolicyEnforcer): PodNetwork {
  return {
    async attach(pod, sandboxPid) {
      const wired = await network.attach(pod, sandboxPid);
      await policies.wired(pod.uid, wired.ip);
      return wired;
    },
    detach: (podUid) => network.detach(podUid),
    list: () => network.list(),
  };
}
