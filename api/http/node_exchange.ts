import type { IncomingMessage, ServerResponse } from "node:http";
import type { Peer } from "./authenticate.ts";
import { type Call, isFlow, type Reply } from "./exchange.ts";
import { sendFlow } from "./node_flow.ts";
import { BODY_BYTES_MAX, tooLarge } from "./read_body.ts";

const NO_QUERY = new URLSearchParams();

/** A request of node:http or of the compatible side of node:http2, without the objects of fetch around it. */
export function nodeCall(incoming: IncomingMessage, peer: () => Peer | undefined): Call {
  const { method = "GET", url = "/", headers } = incoming;
  const question = url.indexOf("?");
  let query: URLSearchParams | undefined;
  return {
    method,
    path: question < 0 ? url : url.slice(0, question),
    get query() {
      return query ??= question < 0 ? NO_QUERY : new URLSearchParams(url.slice(question + 1));
    },
    header(name) {
      const value = headers[name];
      return value === undefined ? null : Array.isArray(value) ? value.join(", ") : value;
    },
    body: () => bodyOf(incoming),
    get peer() {
      return peer();
    },
  };
}

function bodyOf(incoming: IncomingMessage): Promise<Uint8Array> {
  if (Number(incoming.headers["content-length"] ?? 0) > BODY_BYTES_MAX) {
    return Promise.reject(tooLarge());
  }
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    incoming.on("data", (chunk: Uint8Array) => {
      length += chunk.length;
      if (length > BODY_BYTES_MAX) reject(tooLarge());
      else chunks.push(chunk);
    });
    incoming.on("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    incoming.on("error", reject);
    incoming.on("aborted", () => reject(new Error("the client is gone")));
  });
}

export function sendReply(outgoing: ServerResponse, { status, headers, body }: Reply): void {
  if (isFlow(body)) return sendFlow(outgoing, status, headers, body);
  outgoing.writeHead(status, { "content-length": String(body.length), ...headers });
  outgoing.end(body);
}
