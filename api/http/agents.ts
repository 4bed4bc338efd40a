import type { Duplex } from "node:stream";
import type { Node } from "../types/core_v1.ts";

/** How the API server reaches the agents of nodes. */
export interface AgentTransport {
  /** @throws {StatusError} ServiceUnavailable when the agent does not answer */
  fetch(node: Node, path: string, init?: { signal?: AbortSignal }): Promise<Response>;
  /**
   * A connection on which HTTP/1.1 can be spoken.
   * @throws {StatusError} ServiceUnavailable when the agent can't be reached
   */
  connect(node: Node): Promise<Duplex>;
}
