/**
 * Makes this host carry the address of the cluster's DNS: on a link of its own, as long as the cluster is on the host.
 * Pods reach it by their default route; no packet leaves the node and none is translated.
 */
import { CommandError, type Commands } from "./host_commands.ts";
import { readTextIfAny } from "./host_files.ts";
import { parseIpv4 } from "./ipv4.ts";
import type { ClusterNames } from "./names.ts";

interface Address {
  readonly local?: string;
}

/** A bridge without ports: every kernel that runs containers has them, which is not so of dummy links. */
export const dnsLinkOf = ({ linkPrefix }: ClusterNames) => `${linkPrefix}dns`;

/** May be called again, with the same or another address. @param ip undefined for none */
export async function carryDnsAddress(
  { names, commands }: { names: ClusterNames; commands: Commands },
  ip: string | undefined,
): Promise<void> {
  if (ip === undefined) return await dropDnsAddress(names, commands);
  if (parseIpv4(ip) === undefined) throw new Error(`Cannot carry ${ip}: it is no IPv4 address`);
  const present = await addressesOf(names, commands);
  const link = dnsLinkOf(names);
  const script = [
    ...present === undefined ? [`link add name ${link} type bridge`] : [],
    `link set dev ${link} addrgenmode none`,
    `link set dev ${link} up`,
    ...(present ?? []).filter((each) => each !== ip).map((each) =>
      `address delete ${each}/32 dev ${link}`
    ),
    `address replace ${ip}/32 dev ${link} scope host`,
  ];
  await commands.run("ip", ["-batch", "-"], script.map((line) => `${line}\n`).join(""));
  await openInput(names, commands, ip);
}

/** A missing one is no error. */
export async function dropDnsAddress(names: ClusterNames, commands: Commands): Promise<void> {
  try {
    await commands.run("ip", ["link", "delete", "dev", dnsLinkOf(names)]);
  } catch (error) {
    const isGone = error instanceof CommandError && error.stderr.includes("Cannot find device");
    if (!isGone) throw error;
  }
  await closeInput(names, commands);
}

/** @returns undefined where the link is missing */
async function addressesOf(names: ClusterNames, commands: Commands): Promise<string[] | undefined> {
  try {
    const json = await commands.run("ip", [
      "-json",
      "-4",
      "address",
      "show",
      "dev",
      dnsLinkOf(names),
    ]);
    const links = JSON.parse(json === "" ? "[]" : json) as { addr_info?: Address[] }[];
    return links.flatMap(({ addr_info = [] }) => addr_info.flatMap(({ local }) => local ?? []));
  } catch (error) {
    if (error instanceof CommandError && error.stderr.includes("does not exist")) return undefined;
    throw error;
  }
}

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

const LEGACY_TABLES = "/proc/net/ip_tables_names";

/** Tells ours from those for forwarded packets. */
const commentOf = ({ comment }: ClusterNames) => `${comment} names`;

/** A host that drops what is sent to it must let questions of its pods in. */
async function openInput(names: ClusterNames, commands: Commands, ip: string): Promise<void> {
  await closeInput(names, commands);
  if (await commands.has("nft")) {
    const chains = (await inputChains(commands)).filter(({ policy }) => policy === "drop");
    const rules = chains.flatMap(({ family, table, name }) =>
      ["udp", "tcp"].map((protocol) =>
        `insert rule ${family} ${table} ${name} iifname "${names.linkPrefix}*" ip daddr ${ip} ` +
        `${protocol} dport 53 accept comment "${commentOf(names)}"\n`
      )
    );
    if (rules.length > 0) await commands.run("nft", ["-f", "-"], rules.join(""));
  }
  if (!await hasLegacyFilter(commands)) return;
  const present = await commands.run("iptables-legacy", ["-S", "INPUT"]);
  if (!present.includes("-P INPUT DROP")) return;
  for (const rule of legacyRules(names)) await commands.run("iptables-legacy", ["-I", ...rule]);
}

async function closeInput(names: ClusterNames, commands: Commands): Promise<void> {
  if (await commands.has("nft")) {
    const deletes = [];
    for (const { family, table, name } of await inputChains(commands)) {
      const listed = await listNft<{ rule?: Rule }>(commands, [
        "-a",
        "list",
        "chain",
        family,
        table,
        name,
      ]);
      const ours = listed.flatMap(({ rule }) => rule?.comment === commentOf(names) ? [rule] : []);
      deletes.push(
        ...ours.map(({ handle }) => `delete rule ${family} ${table} ${name} handle ${handle}\n`),
      );
    }
    if (deletes.length > 0) await commands.run("nft", ["-f", "-"], deletes.join(""));
  }
  if (!await hasLegacyFilter(commands)) return;
  const present = await commands.run("iptables-legacy", ["-S", "INPUT"]);
  const count =
    present.split("\n").filter((line) => line.includes(`-i ${names.linkPrefix}+ `)).length;
  for (const rule of legacyRules(names).slice(0, count)) {
    await commands.run("iptables-legacy", ["-D", ...rule]);
  }
}

function legacyRules(names: ClusterNames): string[][] {
  return ["udp", "tcp"].map((protocol) => [
    ...["INPUT", "-i", `${names.linkPrefix}+`, "-p", protocol, "--dport", "53"],
    ...["-m", "comment", "--comment", commentOf(names), "-j", "ACCEPT"],
  ]);
}

async function inputChains(commands: Commands): Promise<Chain[]> {
  const chains = await listNft<{ chain?: Chain }>(commands, ["list", "chains"]);
  return chains.flatMap(({ chain }) =>
    chain?.hook === "input" && ["ip", "inet"].includes(chain.family) ? [chain] : []
  );
}

async function listNft<T>(commands: Commands, args: readonly string[]): Promise<T[]> {
  const { nftables } = JSON.parse(await commands.run("nft", ["-j", ...args])) as { nftables: T[] };
  return nftables;
}

async function hasLegacyFilter(commands: Commands): Promise<boolean> {
  const tables = await readTextIfAny(LEGACY_TABLES);
  return tables.split("\n").includes("filter") && await commands.has("iptables-legacy");
}
