import type { Log } from "../api/types/ambient.ts";
import type { ChosenBackend } from "../dataplane/choose_backend.ts";
import type { Commands } from "../dataplane/host_commands.ts";
import type { ClusterNames } from "../dataplane/names.ts";
import type { PodNetwork } from "../dataplane/pod_network.ts";
import { PodPath, removePodPath } from "../dataplane/pod_path.ts";
import { uplinksOf } from "../dataplane/uplinks.ts";

/**
 * Lets pods' packets pass the host's stack by, where the kernel has programs on links. Not beside nftables and
 * iptables: the answers to what they translate have to come back through the host.
 */
export async function shortenPods(
  chosen: ChosenBackend,
  network: PodNetwork,
  { names, commands, log }: { names: ClusterNames; commands: Commands; log: Log },
): Promise<{ chosen: ChosenBackend; path?: PodPath }> {
  if (chosen.backend.name !== "ebpf") return { chosen };
  try {
    const path = await PodPath.open(names);
    await network.usePath(path);
    await path.setUplinks(await uplinksOf(names, commands));
    return { chosen, path };
  } catch (error) {
    await removePodPath(names);
    const reason = error instanceof Error ? error.message : String(error);
    log("pods' packets take the way through the host", { reason });
    const all = [chosen.reason, `packets of pods go through the host's stack: ${reason}`];
    return { chosen: { ...chosen, reason: all.filter((one) => one !== undefined).join("; ") } };
  }
}
