/**
 * What the packet filters of a host must let pass for pods to talk. Docker, for one, sets the policy of forwarded
 * packets to drop, and an accept in a chain of our own would not save them: it has to stand in the chain that drops.
 */
import type { Log } from "../api/types/ambient.ts";
import { CommandError, type Commands } from "./host_commands.ts";
import { readTextIfAny } from "./host_files.ts";
import type { ClusterNames } from "./names.ts";
import { renderRemoval } from "./nftables_plan.ts";

/** Reading it does not load the legacy tables, as running the command would. */
const LEGACY_TABLES = "/proc/net/ip_tables_names";

interface Chain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook?: string;
  readonly policy?: string;
}

interface Rule {
  readonly handle: number;
  readonly comment?: string;
}

export interface FirewallOptions {
  readonly names: ClusterNames;
  readonly commands: Commands;
  readonly log: Log;
  /** Addresses of this node's pods. */
  readonly podCidr: string;
  /** Where pods go by their own address; from there on the node's stands in for it. */
  readonly clusterCidr: string;
  /** Stands in for clients whose connections go on to a pod of another node; absent: nobody's do. */
  readonly nodeIp?: string;
}

/** Lets forwarded packets of pods pass, and gives them a way out of the cluster. May be called again. */
export async function openFirewall(options: FirewallOptions): Promise<void> {
  const { commands, log, names } = options;
  if (await commands.has("nft")) {
    await commands.run("nft", ["-f", "-"], renderPodTable(options));
    for (const chain of dropping(await forwardChains(commands))) {
      const rules = await rulesOf(commands, names, chain);
      if (rules.length === 0) await commands.run("nft", ["-f", "-"], renderAccept(names, chain));
    }
  } else log("nft is not installed: pods reach each other and this node, nothing beyond");
  for (const rule of await missingLegacyRules(options)) {
    await commands.run("iptables-legacy", ["-I", ...rule]);
  }
}

/** Takes away all that `openFirewall` added, of any process. */
export async function closeFirewall(names: ClusterNames, commands: Commands): Promise<void> {
  if (await commands.has("nft")) {
    await commands.run("nft", ["-f", "-"], `${renderRemoval(names.podTable).join("\n")}\n`);
    for (const chain of await forwardChains(commands)) {
      const rules = await rulesOf(commands, names, chain);
      if (rules.length > 0) await commands.run("nft", ["-f", "-"], renderDeletes(chain, rules));
    }
  }
  if (!await hasLegacyFilter(commands)) return;
  const present = await commands.run("iptables-legacy", ["-S", "FORWARD"]);
  for (const rule of legacyRules(names)) {
    if (isPresent(present, rule)) await commands.run("iptables-legacy", ["-D", ...rule]);
  }
}

/**
 * A pod's address that no link leads to is one of a pod that is gone: its clients are told, so that no connection
 * hangs until it times out.
 *
 * What a service sent on to another node's pod has to come back through this one, which knows how to answer. */
function renderPodTable({ names, podCidr, clusterCidr, nodeIp }: FirewallOptions): string {
  const toOthers = `ip daddr ${clusterCidr} ip daddr != ${podCidr}`;
  const sentOn = nodeIp === undefined
    ? ""
    : `\n    ct status dnat ip saddr != ${podCidr} ${toOthers} snat to ${nodeIp}`;
  const away = `ip daddr != ${clusterCidr} ip daddr != @nodes oifname != "${names.linkPrefix}*"`;
  const gone = `ip daddr ${podCidr} oifname != "lo" oifname != "${names.linkPrefix}*"`;
  return `${renderRemoval(names.podTable).join("\n")}
table ip ${names.podTable} {
  set nodes { type ipv4_addr; }
  chain postrouting {
    type nat hook postrouting priority srcnat
    ip saddr ${podCidr} ${away} masquerade${sentOn}
  }
  chain gone {
    ${gone} meta l4proto tcp reject with tcp reset
    ${gone} reject with icmp type port-unreachable
  }
  chain gone-forwarded { type filter hook forward priority filter; jump gone; }
  chain gone-leaving {
    type filter hook output priority filter
    ${gone} ct status dnat accept comment "still shows the link of its first destination"
    jump gone
  }
}
`;
}

function renderAccept(names: ClusterNames, { family, table, name }: Chain): string {
  const lines = ["iifname", "oifname"].map((end) =>
    `insert rule ${family} ${table} ${name} ` +
    `${end} "${names.linkPrefix}*" accept comment "${names.comment}"\n`
  );
  return lines.join("");
}

function renderDeletes({ family, table, name }: Chain, rules: readonly Rule[]): string {
  return rules.map(({ handle }) => `delete rule ${family} ${table} ${name} handle ${handle}\n`)
    .join("");
}

async function forwardChains(commands: Commands): Promise<Chain[]> {
  const chains = await listNft<{ chain?: Chain }>(commands, ["list", "chains"]);
  return chains.flatMap(({ chain }) => {
    const isOurs = chain?.hook === "forward" && ["ip", "inet"].includes(chain.family);
    return isOurs ? [chain] : [];
  });
}

function dropping(chains: readonly Chain[]): Chain[] {
  return chains.filter(({ policy }) => policy === "drop");
}

/** @returns the cluster's own; none when the chain, which may be anybody's, was taken away meanwhile */
async function rulesOf(
  commands: Commands,
  { comment }: ClusterNames,
  { family, table, name }: Chain,
): Promise<Rule[]> {
  const args = ["-a", "list", "chain", family, table, name];
  try {
    const rules = await listNft<{ rule?: Rule }>(commands, args);
    return rules.flatMap(({ rule }) => rule?.comment === comment ? [rule] : []);
  } catch (error) {
    if (error instanceof CommandError && error.stderr.includes("No such file")) return [];
    throw error;
  }
}

async function listNft<T>(commands: Commands, args: readonly string[]): Promise<T[]> {
  const { nftables } = JSON.parse(await commands.run("nft", ["-j", ...args])) as { nftables: T[] };
  return nftables;
}

async function hasLegacyFilter(commands: Commands): Promise<boolean> {
  const tables = await readTextIfAny(LEGACY_TABLES);
  return tables.split("\n").includes("filter") && await commands.has("iptables-legacy");
}

async function missingLegacyRules({ commands, names }: FirewallOptions): Promise<string[][]> {
  if (!await hasLegacyFilter(commands)) return [];
  const present = await commands.run("iptables-legacy", ["-S", "FORWARD"]);
  if (!present.includes("-P FORWARD DROP")) return [];
  return legacyRules(names).filter((rule) => !isPresent(present, rule));
}

function legacyRules({ linkPrefix, comment }: ClusterNames): string[][] {
  return ["-i", "-o"].map((end) => [
    ...["FORWARD", end, `${linkPrefix}+`],
    ...["-m", "comment", "--comment", comment, "-j", "ACCEPT"],
  ]);
}

/** @param present output of `iptables-legacy -S`, which puts texts with blanks in quotes */
function isPresent(present: string, [chain = "", end = "", link = ""]: readonly string[]): boolean {
  return present.split("\n").some((line) => line.startsWith(`-A ${chain} ${end} ${link} `));
}
