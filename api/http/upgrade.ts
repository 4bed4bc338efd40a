import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type Status, StatusError, toStatus } from "../types/status.ts";
import type { Store } from "../../store/store.ts";
import type { AgentTransport } from "./agents.ts";
import type { Peer } from "./authenticate.ts";
import type { Call } from "./exchange.ts";
import type { Pipeline } from "./pipeline.ts";
import { noAgents } from "./pod_logs.ts";
import type { StreamPermit } from "./stream_permit.ts";
import { podTarget, streamPath } from "./pod_target.ts";
import { hostOf, type Proxies, queryOf } from "./proxy.ts";

/** A connection that wants to leave HTTP. `head` is what came after the request already. */
export type Upgrade = (
  call: Call,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
) => Promise<void>;

export interface UpgradeParts {
  readonly pipeline: Pipeline;
  readonly agents: AgentTransport | undefined;
  readonly proxies: Proxies;
  readonly store: Store;
  readonly permit: StreamPermit;
}

/** Headers that are for this server, or about this hop; `connection` and `upgrade` go on. */
const NOT_FORWARDED = /^(authorization|host|content-length|transfer-encoding|impersonate-.*)$/i;

/**
 * Exec, attach and port-forward go on to the agent with a path of their own, proxied upgrades to where the path
 * leads, and then bytes go both ways. The server knows nothing of the protocol, so WebSocket and SPDY pass alike.
 */
export function upgrader({ pipeline, agents, proxies, store, permit }: UpgradeParts): Upgrade {
  return async (call, incoming, socket, head) => {
    socket.on("error", () => socket.destroy());
    const pass = (server: Duplex, asked: string) => {
      server.write(asked);
      if (head.length > 0) server.write(head); // an empty write over TLS never ends, and holds up the next
      splice(socket, server);
    };
    try {
      const { target, subresource } = pipeline.stream(call, socket);
      await permit(call, subresource, target);
      if (subresource === "proxy") {
        const proxied = proxies.find(call, target);
        const path = `${proxied.path || "/"}${queryOf(call)}`;
        const host = call.header("host") ?? hostOf(proxied.location);
        return pass(await proxies.open(proxied), requestHead(incoming, path, host));
      }
      const { pod, node } = podTarget(store, target.namespace ?? "", target.name);
      if (node === undefined) {
        const why = `pod ${target.name} does not have a host assigned`;
        throw new StatusError("BadRequest", why);
      }
      const path = streamPath(subresource, pod, call.query);
      if (agents === undefined) throw noAgents();
      pass(await agents.connect(node), requestHead(incoming, path, node.metadata.name));
    } catch (error) {
      refuse(socket, error instanceof StatusError ? error : pipeline.mistake(call, error));
    }
  };
}

/** The request of an upgrade: it has no body. */
export function upgradeCall(incoming: IncomingMessage, peer: () => Peer | undefined): Call {
  const { method = "GET", url = "/", headers } = incoming;
  const question = url.indexOf("?");
  const [path, query] = question < 0
    ? [url, ""]
    : [url.slice(0, question), url.slice(question + 1)];
  return {
    method,
    path,
    query: new URLSearchParams(query),
    header: (name) => [headers[name] ?? []].flat().join(", ") || null,
    headerNames: () => Object.keys(headers),
    body: () => Promise.resolve(new Uint8Array()),
    get peer() {
      return peer();
    },
  };
}

/** Header values come from a parsed request: they hold no line breaks. */
function requestHead({ method, rawHeaders }: IncomingMessage, path: string, host: string): string {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (!NOT_FORWARDED.test(name)) lines.push(`${name}: ${rawHeaders[i + 1]}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/**
 * Each side at the pace of the other. When the agent has ended the client still gets what is on its way; when
 * the client is gone there is nobody left to serve.
 */
function splice(client: Duplex, agent: Duplex): void {
  client.on("close", () => agent.destroy());
  agent.on("close", () => client.end());
  agent.on("error", () => client.destroy());
  client.pipe(agent);
  agent.pipe(client);
}

function refuse(socket: Duplex, error: StatusError): void {
  if (socket.destroyed) return;
  const status: Status = toStatus(error);
  const body = JSON.stringify(status);
  socket.end(
    [
      `HTTP/1.1 ${error.code} ${error.reason}`,
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(body)}`,
      "Connection: close",
      "",
      body,
    ].join("\r\n"),
  );
}
