import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../types/ambient.ts";
import { isFlow, type Reply } from "./exchange.ts";
import { sendFlow } from "./node_flow.ts";

/** After its answer a client may go on with a body that nobody reads for so long, and so many bytes. */
const REST_MS = 500;
const REST_BYTES_MAX = 64 * 1024 * 1024;

/** Answers of these codes have no body, and no length either. Source: RFC 9110, section 8.6. */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/** Sends an answer the shortest way: what is whole goes out with its head, in one write. */
export function sendReply(reply: Reply, outgoing: ServerResponse): void {
  const { status, headers, body, foreign } = reply;
  if (outgoing.destroyed) return; // the client did not wait
  if (foreign?.cookies.length) outgoing.setHeader("set-cookie", foreign.cookies);
  if (isFlow(body)) return sendFlow(outgoing, status, headers, body);
  const hasLength = headers["content-length"] !== undefined || BODILESS.has(status);
  const length = hasLength ? undefined : { "content-length": String(body.length) };
  outgoing.writeHead(status, { ...headers, ...length });
  if (body.length === 0) outgoing.end();
  else outgoing.end(body);
}

/** A connection must get rid of a body that was not read before it can carry the next request. */
export function dropRest(incoming: IncomingMessage, clock: Clock): void {
  if (incoming.readableEnded || incoming.destroyed) return;
  const { stream } = incoming as unknown as { stream?: { close(): void } };
  if (stream !== undefined) return stream.close();
  let length = 0;
  const cut = () => incoming.socket.destroySoon();
  const cancel = clock.after(REST_MS, cut);
  incoming.on("data", (chunk: Uint8Array) => {
    length += chunk.length;
    if (length > REST_BYTES_MAX) cut();
  });
  incoming.on("close", cancel);
  incoming.on("end", cancel);
  incoming.on("error", cancel);
  incoming.resume();
}
