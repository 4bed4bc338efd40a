import type { SandboxPoolSettings } from "../agent/sandbox_pool.ts";
import type { Log } from "../api/types/ambient.ts";
import type { BackendChoice } from "../dataplane/choose_backend.ts";
import type { Commands } from "../dataplane/host_commands.ts";
import { hasHostNames, HostNames, removeHostNames } from "../dataplane/host_names.ts";
import type { ClusterNames } from "../dataplane/names.ts";

/** For each core one, within these: each costs 10 MB outside the agent, and a burst of starts outruns any number. */
const AUTO_MIN = 2;
const AUTO_MAX = 8;

/** As many of a uuid's as a stand-in takes. */
const RANDOM_LETTERS = 23;

interface Place {
  readonly choice: BackendChoice;
  readonly names: ClusterNames;
  readonly commands: Commands;
  readonly log: Log;
}

export interface NodePool {
  /** Undefined where nothing is made ahead, nor was before. */
  readonly settings: SandboxPoolSettings | undefined;
  close(): Promise<void>;
}

const NONE: NodePool = { settings: undefined, close: () => Promise.resolve() };

/** Sandboxes are made ahead where the kernel lets what begins in them be given its name. Says once why not. */
export async function openSandboxPool(asked: number | "auto", place: Place): Promise<NodePool> {
  const { names, log } = place;
  const size = sizeOf(asked, place);
  // pods of an earlier agent may go on in such sandboxes
  if (size === 0 && !await hasHostNames(names)) return NONE;
  try {
    const hostNames = await HostNames.open(place);
    if (size === 0 && hostNames.known.size === 0) {
      await hostNames.close();
      await removeHostNames(names);
      return NONE;
    }
    const newStandIn = () => `idle-${crypto.randomUUID().slice(0, RANDOM_LETTERS)}`;
    return {
      settings: { names: hostNames, size, newStandIn },
      close: () => hostNames.close(),
    };
  } catch (error) {
    log("no sandboxes are made ahead", { reason: error instanceof Error ? error.message : error });
    return NONE;
  }
}

function sizeOf(asked: number | "auto", { choice, log }: Place): number {
  if (asked === 0) return 0;
  if (choice === "nftables" || choice === "iptables") {
    const reason = `--backend=${choice} keeps programs out of the kernel`;
    log("no sandboxes are made ahead", { reason });
    return 0;
  }
  if (asked !== "auto") return asked;
  return Math.min(AUTO_MAX, Math.max(AUTO_MIN, navigator.hardwareConcurrency));
}
