import { ArrivalsBackend } from "./arrivals_backend.ts";
import type { Backend } from "./backend.ts";
import { EbpfBackend, type EbpfOptions, removeServicePrograms } from "./ebpf_backend.ts";
import { IptablesBackend, removeIptables } from "./iptables_backend.ts";
import { NftablesBackend } from "./nftables_backend.ts";
import { SucceedingBackend } from "./succeeding_backend.ts";

export type BackendChoice = "auto" | "ebpf" | "nftables" | "iptables";

export interface ChosenBackend {
  readonly backend: Backend;
  /** Why it is not the first choice, for a condition of the node; absent when it is, or was asked for. */
  readonly reason?: string;
}

/**
 * eBPF where the kernel lets us, else nftables, else iptables; or the one that is asked for, and no other.
 * @throws {Error} saying what the host lacks, when none is left
 */
export async function chooseBackend(
  choice: BackendChoice,
  options: EbpfOptions,
): Promise<ChosenBackend> {
  if (choice !== "auto") return { backend: await OPEN[choice](options) };
  const reasons: string[] = [];
  for (const name of ["ebpf", "nftables", "iptables"] as const) {
    try {
      const backend = await OPEN[name](options);
      return reasons.length === 0 ? { backend } : { backend, reason: reasons.join("; ") };
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
      options.log("the service path falls back", { from: name, reason: reasons.at(-1) });
    }
  }
  throw new Error(`Cannot program services: ${reasons.join("; ")}`);
}

const OPEN = { ebpf: openEbpf, nftables: openNftables, iptables: openIptables } as const;

async function openEbpf(options: EbpfOptions): Promise<Backend> {
  const sockets = await EbpfBackend.open(options);
  const removeOthers = () => removeIptables(options.names, options.commands);
  if (await options.commands.has("nft")) {
    const all = new ArrivalsBackend(sockets, new NftablesBackend(options));
    return new SucceedingBackend(all, removeOthers);
  }
  options.log("nft is not installed: node ports answer on this node only, not from outside");
  return new SucceedingBackend(sockets, removeOthers);
}

/** Programs of an earlier run with the other backend would go on translating by old rules. */
async function openNftables(options: EbpfOptions): Promise<Backend> {
  return new SucceedingBackend(await NftablesBackend.open(options), async () => {
    await removeServicePrograms(options.names);
    await removeIptables(options.names, options.commands);
  });
}

async function openIptables(options: EbpfOptions): Promise<Backend> {
  return new SucceedingBackend(await IptablesBackend.open(options), async () => {
    await removeServicePrograms(options.names);
    await removeNftables(options).catch(() => {}); // it may be refused on this host
  });
}

async function removeNftables(options: EbpfOptions): Promise<void> {
  if (await options.commands.has("nft")) await new NftablesBackend(options).remove();
}
