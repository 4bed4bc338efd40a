import { ArrivalsBackend } from "./arrivals_backend.ts";
import type { Backend } from "./backend.ts";
import { EbpfBackend, type EbpfOptions, removeEbpf } from "./ebpf_backend.ts";
import { NftablesBackend } from "./nftables_backend.ts";

export type BackendChoice = "auto" | "ebpf" | "nftables";

export interface ChosenBackend {
  readonly backend: Backend;
  /** Why it is not the first choice, for a condition of the node; absent when it is, or was asked for. */
  readonly reason?: string;
}

/**
 * eBPF where the kernel lets us, else nftables; or the one that is asked for, and no other.
 * @throws {Error} saying what the host lacks, when none is left
 */
export async function chooseBackend(
  choice: BackendChoice,
  options: EbpfOptions,
): Promise<ChosenBackend> {
  if (choice === "nftables") return { backend: await openNftables(options) };
  try {
    return { backend: await openEbpf(options) };
  } catch (error) {
    if (choice === "ebpf") throw error;
    const reason = error instanceof Error ? error.message : String(error);
    options.log("the service path falls back to nftables", { reason });
    return { backend: await openNftables(options), reason };
  }
}

async function openEbpf(options: EbpfOptions): Promise<Backend> {
  const sockets = await EbpfBackend.open(options);
  if (!await options.commands.has("nft")) {
    options.log("nft is not installed: node ports answer on this node only, not from outside");
    return sockets;
  }
  return new ArrivalsBackend(sockets, new NftablesBackend(options));
}

/** Programs of an earlier run with the other backend would go on translating by old rules. */
async function openNftables(options: EbpfOptions): Promise<Backend> {
  const backend = await NftablesBackend.open(options);
  await removeEbpf(options.names);
  return backend;
}
