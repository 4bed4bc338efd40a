import { removeAnnouncements } from "../dataplane/announcer.ts";
import { removeEbpf } from "../dataplane/ebpf_backend.ts";
import { dropDnsAddress } from "../dataplane/dns_address.ts";
import { returnBorrowed } from "../dataplane/host_borrowed.ts";
import { CommandError, HostCommands } from "../dataplane/host_commands.ts";
import { removeIptables } from "../dataplane/iptables_backend.ts";
import { type ClusterNames, linkNameOf, namesOf } from "../dataplane/names.ts";
import { NftablesBackend } from "../dataplane/nftables_backend.ts";
import { removeOverlay } from "../dataplane/overlay.ts";
import { removePolicies } from "../dataplane/policy_enforcer.ts";
import { closeFirewall } from "../dataplane/pod_firewall.ts";
import { readPodLinks } from "../dataplane/pod_links.ts";
import type { Settings } from "./flags.ts";

/**
 * Takes links, rules, programs and maps of the cluster out of the kernel, whoever left them there; unlike the
 * agent's own parts it opens nothing first, so that it works where the agent could not.
 */
export async function removeFromKernel(
  { clusterName, clusterCidr }: Pick<Settings, "clusterName" | "clusterCidr">,
): Promise<string> {
  const names = namesOf(clusterName);
  const commands = new HostCommands();
  await removeEbpf(names);
  if (await commands.has("nft")) {
    await new NftablesBackend({ names, commands, log: () => {} }).remove();
    await removePolicies(names, commands);
  }
  await removeIptables(names, commands);
  await returnBorrowed(names.cluster);
  if (!await commands.has("ip")) return "no links, as there is no ip";
  const count = await removeLinks(names, commands);
  await removeAnnouncements(names, commands);
  await removeOverlay(names, commands, clusterCidr);
  await closeFirewall(names, commands);
  await dropDnsAddress(names, commands);
  return `${count} links, rules, programs and maps removed`;
}

async function removeLinks(names: ClusterNames, commands: HostCommands): Promise<number> {
  const links = await commands.run("ip", ["-json", "link", "show", "type", "veth"]);
  const pods = readPodLinks(names, links);
  for (const { uid } of pods) {
    try {
      await commands.run("ip", ["link", "delete", "dev", linkNameOf(names, uid)]);
    } catch (error) {
      const isGone = error instanceof CommandError && error.stderr.includes("Cannot find device");
      if (!isGone) throw error; // a sandbox that ended took its link along
    }
  }
  return pods.length;
}
