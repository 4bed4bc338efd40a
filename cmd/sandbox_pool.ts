import type { SandboxPoolSettings } from "../agent/sandbox_pool.ts";
import type { Log } from "../api/types/ambient.ts";
import type { BackendChoice } from "../dataplane/choose_backend.ts";
import type { Commands } from "../dataplane/host_commands.ts";
import { hasHostNames, HostNames } from "../dataplane/host_names.ts";
import type { ClusterNames } from "../dataplane/names.ts";

/** For each core one, within these: each costs 10 MB outside the agent, and a burst of starts outruns any number. */
const AUTO_MIN = 2;
const AUTO_MAX = 8;

export interface NodePool {
  /** Undefined where nothing is made ahead, nor was before. */
  readonly settings: SandboxPoolSettings | undefined;
  close(): Promise<void>;
}

const NONE: NodePool = { settings: undefined, close: () => Promise.resolve() };

/** Sandboxes are made ahead where the kernel lets what begins in them be given its name. Says once why not. */
export async function openSandboxPool(
  asked: number | "auto",
  { choice, names, commands, log }: {
    choice: BackendChoice;
    names: ClusterNames;
    commands: Commands;
    log: Log;
  },
): Promise<NodePool> {
  const size = asked === "auto" ? autoSize() : asked;
  // pods of an earlier agent may go on in such sandboxes
  if (size === 0 && !await hasHostNames(names)) return NONE;
  try {
    if (choice === "nftables" || choice === "iptables") {
      throw new Error(`--backend=${choice} keeps programs out of the kernel`);
    }
    const hostNames = await HostNames.open({ names, commands, log });
    const newStandIn = () => `idle-${crypto.randomUUID().slice(0, 23)}`;
    return {
      settings: { names: hostNames, size, newStandIn },
      close: () => hostNames.close(),
    };
  } catch (error) {
    log("no sandboxes are made ahead", { reason: error instanceof Error ? error.message : error });
    return NONE;
  }
}

function autoSize(): number {
  return Math.min(AUTO_MAX, Math.max(AUTO_MIN, navigator.hardwareConcurrency));
}
