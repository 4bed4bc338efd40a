import type { Commands } from "./host_commands.ts";
import type { ClusterNames } from "./names.ts";

interface LinkJson {
  readonly ifname?: string;
  readonly link_type?: string;
  readonly addr_info?: readonly { family?: string; local?: string }[];
}

/**
 * Links by which clients from outside reach this node: those that carry Ethernet and an address, and are not the
 * cluster's own. @param json answer of `ip -json address show`
 */
export function readUplinks({ linkPrefix }: ClusterNames, json: string): string[] {
  const links = JSON.parse(json === "" ? "[]" : json) as LinkJson[];
  return links.flatMap(({ ifname = "", link_type: type, addr_info: addresses = [] }) => {
    const isOurs = ifname.startsWith(linkPrefix);
    const hasAddress = addresses.some(({ family }) => family === "inet");
    return type === "ether" && hasAddress && !isOurs ? [ifname] : [];
  });
}

export async function uplinksOf(names: ClusterNames, commands: Commands): Promise<string[]> {
  return readUplinks(names, await commands.run("ip", ["-json", "address", "show"]));
}
