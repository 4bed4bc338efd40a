import type { Log } from "../api/types/ambient.ts";
import type { Backend } from "./backend.ts";
import type { Commands } from "./host_commands.ts";
import { readTextIfAny } from "./host_files.ts";
import { IptablesTables, type Present, renderIptablesRemoval } from "./iptables_plan.ts";
import type { ClusterNames } from "./names.ts";
import type { Rules } from "./rules.ts";
import { FlowTracker } from "./stale_flows.ts";

/** Where nftables is refused, the other flavour of the command would be refused too: legacy first. */
const FLAVOURS = ["iptables-legacy", "iptables"];
/** Reading it loads no table, as running the command would. */
const LEGACY_TABLES = "/proc/net/ip_tables_names";
/** Seconds for which another program may hold the lock of the tables. */
const LOCK_SECONDS = "5";

export interface IptablesOptions {
  readonly names: ClusterNames;
  readonly commands: Commands;
  readonly log: Log;
}

/** Services as chains of the nat table, as kube-proxy writes them: for kernels that have nothing better. */
export class IptablesBackend implements Backend {
  readonly name = "iptables";
  readonly #flows: FlowTracker;
  /** Undefined while it is not known what the kernel holds: then all chains are written anew. */
  #tables: IptablesTables | undefined;

  constructor(readonly options: IptablesOptions, readonly flavour: string) {
    this.#flows = new FlowTracker(options.commands, options.log);
  }

  /** @throws {Error} saying what this host lacks: the commands, the right to use them, or the kernel's part */
  static async open(options: IptablesOptions): Promise<IptablesBackend> {
    const flavour = await flavourOf(options.commands);
    if (flavour === undefined) {
      throw new Error("Cannot program services: iptables is not installed");
    }
    await options.commands.run(flavour, ["-w", LOCK_SECONDS, "-t", "nat", "-S", "OUTPUT"]);
    return new IptablesBackend(options, flavour);
  }

  async sync(rules: Rules): Promise<void> {
    const { commands, names } = this.options;
    const tables = this.#tables ??
      new IptablesTables(names, await presentIn(commands, this.flavour));
    this.#tables = undefined;
    const { script, staleFlows } = tables.plan(rules);
    if (script !== "") await restore(commands, this.flavour, script);
    await this.#flows.forget(staleFlows);
    this.#tables = tables;
  }

  close(): Promise<void> {
    this.#tables = undefined;
    return Promise.resolve();
  }

  async remove(): Promise<void> {
    await removeIptables(this.options.names, this.options.commands);
    await this.close();
  }
}

/** Takes the chains of any process away; it loads no table where there is none. */
export async function removeIptables(names: ClusterNames, commands: Commands): Promise<void> {
  const flavour = await flavourOf(commands);
  if (flavour === undefined) return;
  const loaded = (await readTextIfAny(LEGACY_TABLES)).split("\n");
  if (flavour === "iptables-legacy" && !loaded.includes("nat")) return;
  const script = renderIptablesRemoval(names, await presentIn(commands, flavour));
  if (script !== "") await restore(commands, flavour, script);
}

async function flavourOf(commands: Commands): Promise<string | undefined> {
  for (const flavour of FLAVOURS) if (await commands.has(flavour)) return flavour;
  return undefined;
}

async function presentIn(commands: Commands, flavour: string): Promise<Present> {
  return {
    nat: await commands.run(`${flavour}-save`, ["-t", "nat"]),
    filter: await commands.run(`${flavour}-save`, ["-t", "filter"]),
  };
}

async function restore(commands: Commands, flavour: string, script: string): Promise<void> {
  await commands.run(`${flavour}-restore`, ["-w", LOCK_SECONDS, "--noflush"], script);
}
