import { type Call, type Flow, isFlow, type Reply } from "../api/http/exchange.ts";
import type { PlainAnswer, PlainRequest } from "../client/http_api.ts";

const NO_QUERY = new URLSearchParams();
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Asks the API in this process without a request, a response and their streams. */
export async function exchangeWith(
  answer: (call: Call) => Reply | Promise<Reply>,
  request: PlainRequest,
): Promise<PlainAnswer> {
  const { status, body } = await answer(callOf(request));
  return { status, text: DECODER.decode(isFlow(body) ? await gathered(body) : body) };
}

function callOf({ method, path, headers, body }: PlainRequest): Call {
  const question = path.indexOf("?");
  return {
    method,
    path: question < 0 ? path : path.slice(0, question),
    query: question < 0 ? NO_QUERY : new URLSearchParams(path.slice(question + 1)),
    header: (name) => headers[name] ?? null,
    headerNames: () => Object.keys(headers),
    body: () => Promise.resolve(ENCODER.encode(body ?? "")),
    peer: undefined,
  };
}

/** A long answer comes in parts. */
function gathered(flow: Flow): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  return new Promise((resolve, reject) => {
    flow.start({
      write: (chunk) => chunks.push(chunk) > 0,
      end: () => resolve(Buffer.concat(chunks)),
      abort: () => reject(new Error("The API broke off its answer")),
    });
  });
}
