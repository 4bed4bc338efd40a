import type { IncomingMessage, ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { StatusError } from "../types/status.ts";
import type { Peer } from "./authenticate.ts";
import { type Call, type Flow, isFlow, type Reply } from "./exchange.ts";
import { BODY_BYTES_MAX, tooLarge } from "./read_body.ts";
import { sendFlow } from "./node_flow.ts";

/** What a server knows besides the request; empty under a host of fetch handlers. */
export interface Environment {
  readonly incoming?: IncomingMessage;
  readonly outgoing?: ServerResponse;
  readonly peer?: Peer | undefined;
}

const NO_QUERY = new URLSearchParams();
/** Bytes that a body may be ahead of its reader. */
const AHEAD_BYTES = 256 * 1024;

export function readCall(request: Request, environment: Environment | undefined): Call {
  const { method, url } = request;
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const question = url.indexOf("?", start);
  let query: URLSearchParams | undefined;
  return {
    method,
    path: start < 0 ? "/" : url.slice(start, question < 0 ? undefined : question),
    get query() {
      return query ??= question < 0 ? NO_QUERY : new URLSearchParams(url.slice(question + 1));
    },
    header: (name) => request.headers.get(name),
    headerNames: () => request.headers.keys(),
    body: () => environment === undefined ? wholeBody(request) : bodyOf(request),
    bodyStream: () => request.body ?? undefined,
    peer: environment?.peer,
  };
}

/** Of a length that is known, or of a caller in the same process: nobody else comes without an environment. */
async function wholeBody(request: Request): Promise<Uint8Array> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length > BODY_BYTES_MAX) throw tooLarge();
  return bytes;
}

/** @throws {StatusError} RequestEntityTooLarge; BadRequest when it ends too early or is no body of HTTP */
async function bodyOf(request: Request): Promise<Uint8Array> {
  try {
    return await boundedBody(request);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new StatusError("BadRequest", `Cannot read the body: ${why}`);
  }
}

async function boundedBody(request: Request): Promise<Uint8Array> {
  const said = request.headers.get("content-length");
  if (said !== null) {
    if (Number(said) > BODY_BYTES_MAX) throw tooLarge();
    return await wholeBody(request);
  }
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** Flows go straight to a node response where there is one: a stream of fetch costs more than the write. */
export function send(reply: Reply, environment: Environment | undefined): Response {
  const { status, headers, body, foreign } = reply;
  if (!isFlow(body)) {
    const content = body.length === 0 ? null : body as Uint8Array<ArrayBuffer>;
    return withCookies(new Response(content, { status, headers: { ...headers } }), foreign);
  }
  const { outgoing } = environment ?? {};
  if (outgoing === undefined) {
    const response = new Response(streamOf(body), { status, headers: { ...headers } });
    return withCookies(response, foreign);
  }
  if (foreign?.cookies.length) outgoing.setHeader("set-cookie", foreign.cookies);
  sendFlow(outgoing, status, headers, body);
  return RESPONSE_ALREADY_SENT;
}

function withCookies(response: Response, foreign: Reply["foreign"]): Response {
  for (const cookie of foreign?.cookies ?? []) response.headers.append("set-cookie", cookie);
  return response;
}

function streamOf(flow: Flow): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      flow.start({
        write(chunk) {
          controller.enqueue(chunk);
          return (controller.desiredSize ?? 0) > 0;
        },
        end: () => controller.close(),
        abort: () => controller.error(new Error("the connection was cut")),
      });
    },
    pull: () => flow.resume(),
    cancel: () => flow.cancel(),
  }, new ByteLengthQueuingStrategy({ highWaterMark: AHEAD_BYTES })) as ReadableStream<
    Uint8Array<ArrayBuffer>
  >;
}
