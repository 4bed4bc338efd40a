import type { PodNetwork } from "../agent/pod_network.ts";
import type { Log } from "../api/types/ambient.ts";
import type { BackendChoice } from "../dataplane/choose_backend.ts";
import type { Commands } from "../dataplane/host_commands.ts";
import { NameAnswers, removeNameAnswers } from "../dataplane/name_answers.ts";
import { type ClusterNames, linkNameOf } from "../dataplane/names.ts";
import type { DnsOptions, DnsServer } from "../dns/server.ts";

/** Answers in the kernel for the node's pods, or why there are none. */
export interface KernelNames {
  readonly table: DnsOptions["kernel"];
  /** A network whose pods get their answers from the kernel. */
  withAnswers(network: PodNetwork): PodNetwork;
  /** Once the agent answers, what others have left in the kernel has nothing to do any more. */
  settleWith(dns: Pick<DnsServer, "state" | "onChange">): void;
  close(): void;
}

/** Pods that are wired have the program of this process when this resolves; what the kernel knows stays until then. */
export async function openKernelNames(
  choice: BackendChoice,
  { names, commands, network, log }: {
    names: ClusterNames;
    commands: Commands;
    network: PodNetwork;
    log: Log;
  },
): Promise<KernelNames> {
  if (choice === "nftables" || choice === "iptables") {
    return without(`--backend=${choice} keeps programs out of the kernel`, { names, log });
  }
  try {
    const answers = await NameAnswers.open({ names, commands });
    const uids = [...(await network.list()).keys()];
    await answers.attachAll(uids.map((uid) => linkNameOf(names, uid)));
    return {
      table: answers,
      withAnswers: (network) => answering(network, { answers, names, log }),
      settleWith: (dns) => onceAnswered(dns, () => answers.dropOtherVersions(), log),
      close: () => answers.close(),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log("the kernel answers no names", { reason });
    return without(reason, { names, log });
  }
}

/** What an earlier process taught the kernel is right until something changes: that nobody would tell it. */
function without(
  missing: string,
  { names, log }: { names: ClusterNames; log: Log },
): KernelNames {
  return {
    table: { missing },
    withAnswers: (network) => network,
    settleWith: (dns) => onceAnswered(dns, () => removeNameAnswers(names), log),
    close: () => {},
  };
}

function onceAnswered(
  dns: Pick<DnsServer, "state" | "onChange">,
  act: () => Promise<void>,
  log: Log,
): void {
  let isDone = false;
  dns.onChange(() => {
    if (isDone || dns.state() === undefined) return;
    isDone = true;
    act().catch((error) => log("earlier answers stay in the kernel", { reason: String(error) }));
  });
}

function answering(
  network: PodNetwork,
  { answers, names, log }: { answers: NameAnswers; names: ClusterNames; log: Log },
): PodNetwork {
  return {
    async attach(pod, sandboxPid) {
      const wired = await network.attach(pod, sandboxPid);
      const link = linkNameOf(names, pod.uid);
      try {
        await answers.attach(link);
      } catch (error) {
        // the agent answers it, a little slower
        log("the kernel answers no names of a pod", { pod: pod.name, link, reason: String(error) });
      }
      return wired;
    },
    async detach(podUid) {
      await network.detach(podUid);
      await answers.detach(linkNameOf(names, podUid));
    },
    list: () => network.list(),
  };
}
