import type { IncomingMessage } from "node:http";
import type { Call } from "./exchange.ts";

/** About one hop alone. Source: RFC 9110, section 7.6.1. */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
/** Meant for this server: who calls, and on whose behalf. */
const OWN = /^(authorization|impersonate-.*|:.*)$/;

/** What goes on of a request; the client's own `host` is kept, as Kubernetes keeps it. */
export function requestHeaders(call: Call): Record<string, string> {
  const dropped = new Set([...HOP_BY_HOP, ...namesIn(call.header("connection"))]);
  const sent: Record<string, string> = {};
  for (const name of call.headerNames()) {
    if (!dropped.has(name) && !OWN.test(name)) sent[name] = call.header(name) ?? "";
  }
  // bodies of reads are not passed on, and nobody is left who waits for a go-ahead
  if (call.method === "GET" || call.method === "HEAD") delete sent["content-length"];
  delete sent.expect;
  return { ...sent, "x-forwarded-uri": call.path };
}

export interface AnswerHeaders {
  readonly headers: Record<string, string>;
  readonly cookies: readonly string[];
}

/** What goes back of an answer; `prefix` is the path that the client knows the other server's root by. */
export function answerHeaders(
  { headers }: IncomingMessage,
  prefix: string,
  hosts: ReadonlySet<string>,
): AnswerHeaders {
  const dropped = new Set([...HOP_BY_HOP, "set-cookie", ...namesIn(headers.connection)]);
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!dropped.has(name) && value !== undefined) kept[name] = [value].flat().join(", ");
  }
  if (kept.location !== undefined) kept.location = locationBehind(kept.location, prefix, hosts);
  return { headers: kept, cookies: headers["set-cookie"] ?? [] };
}

/**
 * A redirect to a path of the same server is one below the prefix. Where to, is left alone otherwise.
 * Source: k8s.io/apimachinery, proxy.Transport.rewriteURL.
 */
export function locationBehind(
  location: string,
  prefix: string,
  hosts: ReadonlySet<string>,
): string {
  const [, host, path = ""] = /^(?:https?:)?\/\/([^/?#]*)(.*)$/i.exec(location) ??
    ["", undefined, location];
  if (host !== undefined && !hosts.has(host)) return location;
  if (!path.startsWith("/")) return host === undefined ? location : `${prefix}/${path}`;
  const isBehind = path === prefix || path.startsWith(`${prefix}/`);
  return isBehind ? path : prefix + path;
}

function namesIn(header: string | null | undefined): string[] {
  return (header ?? "").toLowerCase().split(",").map((name) => name.trim());
}
