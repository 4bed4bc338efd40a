import type { ServerResponse } from "node:http";
import type { Flow } from "./exchange.ts";

/** Sends a body that is made on the way, as fast as the client takes it. */
export function sendFlow(
  outgoing: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  flow: Flow,
): void {
  outgoing.writeHead(status, { ...headers });
  outgoing.flushHeaders();
  outgoing.on("drain", () => flow.resume());
  outgoing.on("close", () => flow.cancel());
  outgoing.on("error", () => flow.cancel());
  flow.start({
    write: (chunk) => outgoing.write(chunk),
    end: () => outgoing.end(),
    abort: () => outgoing.destroy(),
  });
}
