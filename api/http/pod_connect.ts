import type { Duplex } from "node:stream";
import type { Node } from "../types/core_v1.ts";
import { StatusError } from "../types/status.ts";
import type { Store } from "../../store/store.ts";
import type { Connect } from "./router.ts";

/** How the API server reaches the agents of nodes. */
export interface AgentTransport {
  /** @throws {StatusError} ServiceUnavailable when no answer comes */
  fetch(node: Node, path: string, init?: RequestInit): Promise<Response>;
  /** A connection on which HTTP/1.1 can be spoken. */
  connect(node: Node): Promise<Duplex>;
}

export function podConnect(agents: AgentTransport | undefined, _store: Store): Connect {
  return () => {
    if (agents === undefined) throw new StatusError("ServiceUnavailable", "no agents are known");
    throw new StatusError("BadRequest", "Upgrade request required");
  };
}
