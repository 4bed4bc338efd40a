import { NODES } from "../types/resources.ts";
import { renewSecondsFor } from "../types/node_lease.ts";
import type { Store } from "../../store/store.ts";
import { prefixOf } from "./keys.ts";

/** Counts the nodes as they come and go: every renewal of a lease asks. */
export class NodePace {
  #nodes: number;

  /** @param perSecond renewals of all nodes together, where there are enough of them */
  constructor(store: Store, readonly perSecond?: number) {
    const prefix = prefixOf(NODES);
    this.#nodes = store.list(prefix).length;
    store.watch(prefix, store.revision, (events) => {
      for (const { type, previous } of events) {
        if (type === "DELETE") this.#nodes -= 1;
        else if (previous === undefined) this.#nodes += 1;
      }
    });
  }

  /** How often each node is to renew its lease. */
  get renewSeconds(): number {
    return renewSecondsFor(this.#nodes, this.perSecond);
  }
}
