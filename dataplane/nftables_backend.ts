import type { Log } from "../api/types/ambient.ts";
import type { Backend } from "./backend.ts";
import type { Commands } from "./host_commands.ts";
import type { ClusterNames } from "./names.ts";
import { NftablesTable, renderRemoval } from "./nftables_plan.ts";
import type { Rules } from "./rules.ts";

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
  #hasConntrack: boolean | undefined;

  constructor(readonly options: NftablesOptions) {}

  /** @throws {Error} saying what this host lacks: the nft command, the right to use it, or the kernel's part */
  static async open(options: NftablesOptions): Promise<NftablesBackend> {
    await options.commands.run("nft", ["list", "tables", "ip"]);
    return new NftablesBackend(options);
  }

  async sync(rules: Rules): Promise<void> {
    const table = this.#table ?? new NftablesTable(this.options.names.serviceTable);
    this.#table = undefined;
    const { script, staleFlows } = table.plan(rules);
    if (script !== "") await this.options.commands.run("nft", ["-f", "-"], script);
    if (staleFlows.length > 0) await this.#forget(staleFlows);
    this.#table = table;
  }

  async #forget(flows: readonly string[]): Promise<void> {
    const { commands, log } = this.options;
    if (this.#hasConntrack === undefined) {
      this.#hasConntrack = await commands.has("conntrack");
      if (!this.#hasConntrack) {
        log(
          "conntrack is not installed: UDP clients stay with removed pods until they fall silent",
        );
      }
    }
    if (this.#hasConntrack) await commands.run("conntrack", ["-R", "-"], `${flows.join("\n")}\n`);
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
