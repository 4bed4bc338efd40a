import type { Log } from "../api/types/ambient.ts";
import type { Backend } from "./backend.ts";
import type { Commands } from "./host_commands.ts";
import type { ClusterNames } from "./names.ts";
import { NftablesTable, renderRemoval } from "./nftables_plan.ts";
import type { Rules } from "./rules.ts";
import { FlowTracker } from "./stale_flows.ts";

export interface NftablesOptions {
  readonly names: ClusterNames;
  readonly commands: Commands;
  readonly log: Log;
}

/** Services as elements of verdict maps in one table; every sync is one transaction of what changed. */
export class NftablesBackend implements Backend {
  readonly name = "nftables";
  /** Undefined while it is not known what the kernel holds: then the whole table is written anew. */
  #table: NftablesTable | undefined;
  readonly #flows: FlowTracker;

  constructor(readonly options: NftablesOptions) {
    this.#flows = new FlowTracker(options.commands, options.log);
  }

  /** @throws {Error} saying what this host lacks: the nft command, the right to use it, or the kernel's part */
  static async open(options: NftablesOptions): Promise<NftablesBackend> {
    await options.commands.run("nft", ["list", "tables", "ip"]);
    return new NftablesBackend(options);
  }

  async sync(rules: Rules): Promise<void> {
    const { serviceTable, linkPrefix } = this.options.names;
    const table = this.#table ?? new NftablesTable(serviceTable, linkPrefix);
    this.#table = undefined;
    const { script, staleFlows } = table.plan(rules);
    if (script !== "") await this.options.commands.run("nft", ["-f", "-"], script);
    await this.#flows.forget(staleFlows);
    this.#table = table;
  }

  close(): Promise<void> {
    this.#table = undefined;
    return Promise.resolve();
  }

  async remove(): Promise<void> {
    const script = renderRemoval(this.options.names.serviceTable).join("\n");
    await this.options.commands.run("nft", ["-f", "-"], `${script}\n`);
    await this.close();
  }
}
