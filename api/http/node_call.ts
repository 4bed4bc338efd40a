import type { IncomingMessage } from "node:http";
import type { User } from "../authentication/user.ts";
import { StatusError } from "../types/status.ts";
import type { Peer } from "./authenticate.ts";
import type { Call } from "./exchange.ts";
import { BODY_BYTES_MAX, tooLarge } from "./read_body.ts";

/** What a request asks for, still percent-encoded. */
export interface Target {
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

const NO_QUERY = new URLSearchParams();
const NO_BYTES = new Uint8Array();

/** Nothing in it that an address would be parsed for: no escapes and no fragment. */
const PLAIN_TARGET = /^\/[!$&-;=?-[\]_a-z~]*$/i;
const DOT_SEGMENT = /\/\.\.?(?:[/?]|$)/;

/** @returns undefined for what is no address on this server */
export function targetOf(url: string): Target | undefined {
  if (PLAIN_TARGET.test(url) && !DOT_SEGMENT.test(url)) return split(url);
  if (/^[^?]*\\/.test(url)) return undefined;
  const parsed = url.startsWith("/") ? URL.parse(`http://host${url}`) : absolute(url);
  return parsed === null ? undefined : split(`${parsed.pathname}${parsed.search}`);
}

/** As a client writes it that takes this server for a proxy. */
function absolute(url: string): URL | null {
  return /^https?:\/\//.test(url) ? URL.parse(url) : null;
}

function split(url: string): Target {
  const question = url.indexOf("?");
  if (question < 0) return { path: url, query: "" };
  return { path: url.slice(0, question), query: url.slice(question + 1) };
}

/** A request as node's server has it, of HTTP/1.1 or HTTP/2; what is asked of it is read when it is asked. */
export class NodeCall implements Call {
  user?: User;
  readonly path: string;
  readonly #incoming: IncomingMessage;
  readonly #queryText: string;
  readonly #peerOf: (incoming: IncomingMessage) => Peer | undefined;
  #query: URLSearchParams | undefined;

  constructor(
    incoming: IncomingMessage,
    { path, query }: Target,
    peerOf: (incoming: IncomingMessage) => Peer | undefined,
  ) {
    this.#incoming = incoming;
    this.path = path;
    this.#queryText = query;
    this.#peerOf = peerOf;
  }

  get method(): string {
    return this.#incoming.method ?? "GET";
  }

  get query(): URLSearchParams {
    if (this.#queryText === "") return NO_QUERY;
    return this.#query ??= new URLSearchParams(this.#queryText);
  }

  get peer(): Peer | undefined {
    return this.#peerOf(this.#incoming);
  }

  header(name: string): string | null {
    const { headers } = this.#incoming;
    const value = headers[name] ?? (name === "host" ? headers[":authority"] : undefined);
    if (value === undefined) return null;
    return typeof value === "string" ? value : value.join(", ");
  }

  headerNames(): Iterable<string> {
    return Object.keys(this.#incoming.headers).filter((name) => !name.startsWith(":"));
  }

  async body(): Promise<Uint8Array> {
    if (!mayHaveBody(this.method)) return NO_BYTES;
    if (Number(this.header("content-length")) > BODY_BYTES_MAX) throw tooLarge();
    return await wholeBody(this.#incoming);
  }

  bodyStream(): AsyncIterable<Uint8Array> | undefined {
    return mayHaveBody(this.method) ? this.#incoming : undefined;
  }
}

/** What these carry means nothing. Source: RFC 9110, section 9.3. */
export function mayHaveBody(method: string | undefined): boolean {
  return method !== "GET" && method !== "HEAD";
}

/** @throws {StatusError} RequestEntityTooLarge; BadRequest when it ends too early or is no body of HTTP */
function wholeBody(incoming: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const refuse = (why: string) =>
      reject(new StatusError("BadRequest", `Cannot read the body: ${why}`));
    const take = (chunk: Uint8Array) => {
      length += chunk.length;
      if (length <= BODY_BYTES_MAX) return void chunks.push(chunk);
      incoming.off("data", take).pause();
      reject(tooLarge());
    };
    incoming.on("data", take);
    incoming.on("end", () => resolve(chunks.length === 1 ? chunks[0]! : joined(chunks, length)));
    incoming.on("error", (error) => refuse(error.message));
    incoming.on("aborted", () => refuse("the client went away"));
  });
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
