import { type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import type { Random } from "../types/ambient.ts";
import type { Store } from "../../store/store.ts";
import type { Call, Flow, Reply } from "./exchange.ts";
import { answerHeaders, requestHeaders } from "./proxy_headers.ts";
import { type ProxyLocation, proxyLocation } from "./proxy_location.ts";
import { type ProxyTransport, unreachable } from "./proxy_transport.ts";
import type { Target } from "./resources.ts";

/** A path that goes on to a pod, a service or a node. */
export interface Proxied {
  readonly location: ProxyLocation;
  /** The path that the client knows the other server's root by, without a slash at its end. */
  readonly prefix: string;
  /** As sent; "" where the client's path ends with `proxy`. */
  readonly path: string;
}

/** The `proxy` subresources of pods, services and nodes. */
export class Proxies {
  constructor(
    private readonly store: Store,
    private readonly random: Random,
    private readonly transport: ProxyTransport,
  ) {}

  /** @throws {StatusError} NotFound, BadRequest, ServiceUnavailable, in Kubernetes's words */
  find(call: Call, target: Target): Proxied {
    const location = proxyLocation(this.store, this.random, target);
    return { location, ...pathsOf(call.path, target.namespace !== undefined) };
  }

  /** @throws {StatusError} ServiceUnavailable */
  open({ location }: Proxied): Promise<Duplex> {
    return this.transport.open(location);
  }

  async answer(call: Call, target: Target): Promise<Reply> {
    const proxied = this.find(call, target);
    const { prefix, path, location } = proxied;
    const isRead = call.method === "GET" || call.method === "HEAD";
    if (path === "" && isRead) return redirect(`${prefix}/${queryOf(call)}`);
    const answer = await send(await this.open(proxied), call, proxied);
    const hosts = new Set([call.header("host") ?? "", hostOf(location)]);
    const { headers, cookies } = answerHeaders(answer, prefix, hosts);
    const reply = { status: answer.statusCode ?? 502, headers, foreign: { cookies } };
    if (call.method !== "HEAD") return { ...reply, body: relay(answer) };
    answer.resume();
    return { ...reply, body: new Uint8Array() };
  }
}

/** `/api/v1/[proxy/]namespaces/NS/KIND/NAME[/proxy]`: as many segments wherever `proxy` stands. */
function pathsOf(path: string, isNamespaced: boolean): { prefix: string; path: string } {
  const segments = path.split("/");
  const own = isNamespaced ? 8 : 6;
  const rest = segments.slice(own);
  return {
    prefix: segments.slice(0, own).join("/"),
    path: rest.length === 0 ? "" : `/${rest.join("/")}`,
  };
}

export const queryOf = ({ query }: Call) => query.size === 0 ? "" : `?${query}`;

/** Relative links of a page at the root would miss it without the slash. Source: kube-apiserver's proxies. */
function redirect(location: string): Reply {
  return { status: 301, headers: { location }, body: new Uint8Array() };
}

export function hostOf(location: ProxyLocation): string {
  if ("node" in location) return location.node.metadata.name;
  const { host, port } = location;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

async function send(
  socket: Duplex,
  call: Call,
  { path, location }: Proxied,
): Promise<IncomingMessage> {
  const headers = requestHeaders(call);
  headers.host ??= hostOf(location);
  const isRead = call.method === "GET" || call.method === "HEAD";
  const body = isRead ? undefined : call.bodyStream?.();
  if (body !== undefined && headers["content-length"] === undefined) {
    headers["transfer-encoding"] = "chunked";
  }
  const asked = request({
    method: call.method,
    path: `${path || "/"}${queryOf(call)}`,
    headers: { ...headers, connection: "close" },
    createConnection: () => socket,
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    asked.once("response", resolve);
    asked.once("error", (error) => reject(unreachable(error.message)));
  });
  await Promise.race([passBody(body ?? [], asked), answered]);
  return await answered;
}

/** At the pace of the other server, which may answer before it has read everything. */
async function passBody(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  asked: ReturnType<typeof request>,
): Promise<void> {
  try {
    for await (const chunk of body) {
      if (asked.destroyed) return;
      if (asked.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        const done = () => (asked.off("drain", done).off("close", done), resolve());
        asked.on("drain", done).on("close", done);
      });
    }
    asked.end();
  } catch (error) {
    // the client has left in the middle of its request
    asked.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Passes each piece on as it comes, at the pace of the client. */
function relay(answer: IncomingMessage): Flow {
  return {
    start(sink) {
      answer.on("data", (chunk: Uint8Array) => {
        if (!sink.write(chunk)) answer.pause();
      });
      answer.on("end", () => sink.end());
      answer.on("error", () => sink.abort());
    },
    resume: () => void answer.resume(),
    cancel: () => void answer.destroy(),
  };
}
