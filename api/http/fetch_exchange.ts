import { type Call, type Flow, isFlow, type Reply } from "./exchange.ts";
import { BODY_BYTES_MAX, tooLarge } from "./read_body.ts";

const NO_QUERY = new URLSearchParams();
/** Bytes that a body may be ahead of its reader. */
const AHEAD_BYTES = 256 * 1024;

/** A call of somebody in the same process, who is known by a token alone. */
export function readCall(request: Request): Call {
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
    body: () => wholeBody(request),
    bodyStream: () => request.body ?? undefined,
    peer: undefined,
  };
}

async function wholeBody(request: Request): Promise<Uint8Array> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length > BODY_BYTES_MAX) throw tooLarge();
  return bytes;
}

export function responseOf({ status, headers, body, foreign }: Reply): Response {
  const content = isFlow(body)
    ? streamOf(body)
    : body.length === 0
    ? null
    : body as Uint8Array<ArrayBuffer>;
  return withCookies(new Response(content, { status, headers }), foreign);
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
