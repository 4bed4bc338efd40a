import type { Log } from "../api/types/ambient.ts";
import { readIfThere, writeWhole } from "./files.ts";
import type { CidrMemory } from "./node_registration.ts";

const CIDR = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/;

/** In a file, `{ nodeName, podCIDR }`. One that can't be read is as good as none: the API knows better. */
export class NodeMemory implements CidrMemory {
  constructor(readonly file: string, readonly log: Log) {}

  async recall(nodeName: string): Promise<string | undefined> {
    try {
      const text = await readIfThere(this.file);
      if (text === undefined) return undefined;
      const known = JSON.parse(text) as { nodeName?: unknown; podCIDR?: unknown } | null;
      if (known?.nodeName !== nodeName) return undefined;
      if (typeof known.podCIDR === "string" && CIDR.test(known.podCIDR)) return known.podCIDR;
      throw new Error(`podCIDR is ${JSON.stringify(known.podCIDR)}`);
    } catch (error) {
      this.log("What the node knows of itself can't be read", { file: this.file, error });
      return undefined;
    }
  }

  async keep(nodeName: string, podCIDR: string): Promise<void> {
    if (await this.recall(nodeName) === podCIDR) return;
    await writeWhole(this.file, `${JSON.stringify({ nodeName, podCIDR })}\n`, 0o600);
  }
}
