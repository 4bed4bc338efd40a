import { type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import { Readable } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import type { Clock } from "../types/ambient.ts";
import type { Node } from "../types/core_v1.ts";
import { StatusError } from "../types/status.ts";
import type { AgentTransport } from "./agents.ts";

/** Source: Kubernetes, kubelet's port. */
const AGENT_PORT = 10250;

/** How long an agent may take to accept a connection. */
const CONNECT_TIMEOUT_MS = 5_000;

/** PEM texts: the authority of the agents, and the certificate that they know this server by. */
export interface AgentTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Agents over TLS, at the address and port that their nodes tell. */
export function agentTransport(tls: AgentTls, clock: Clock): AgentTransport {
  const dial = (node: Node) => open(node, tls, clock);
  return {
    connect: dial,
    async fetch(node, path, { signal } = {}) {
      const socket = await dial(node);
      const answer = await get(socket, hostOf(node), path, signal);
      const { statusCode = 502, headers } = answer;
      const type = headers["content-type"] ?? "text/plain";
      const body = Readable.toWeb(answer) as unknown as ReadableStream<Uint8Array<ArrayBuffer>>;
      return new Response(body, { status: statusCode, headers: { "content-type": type } });
    },
  };
}

/** @throws {StatusError} ServiceUnavailable when the node does not tell */
export function addressOf({ metadata, status }: Node): { host: string; port: number } {
  const address = status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
  const port = status?.daemonEndpoints?.kubeletEndpoint?.Port || AGENT_PORT;
  if (address !== undefined) return { host: address, port };
  const why = `no preferred addresses found for node ${JSON.stringify(metadata.name)}`;
  throw new StatusError("ServiceUnavailable", why);
}

function hostOf(node: Node): string {
  const { host, port } = addressOf(node);
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function open(node: Node, tls: AgentTls, clock: Clock): Promise<TLSSocket> {
  const { host, port } = addressOf(node);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ...tls, ALPNProtocols: ["http/1.1"] });
    const fail = (why: string) => {
      socket.destroy();
      const { name } = node.metadata;
      const message = `Cannot reach the agent of node ${name} at ${host}:${port}: ${why}`;
      reject(new StatusError("ServiceUnavailable", message));
    };
    const cancel = clock.after(CONNECT_TIMEOUT_MS, () => fail("no connection in time"));
    socket.once("error", (error: Error) => (cancel(), fail(error.message)));
    socket.once("secureConnect", () => {
      cancel();
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

function get(
  socket: Duplex,
  host: string,
  path: string,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({
      path,
      headers: { host, connection: "close" },
      createConnection: () => socket,
    }, resolve);
    asked.once("error", (error) => {
      const why = `Cannot read from the agent at ${host}: ${error.message}`;
      reject(new StatusError("ServiceUnavailable", why));
    });
    signal?.addEventListener("abort", () => asked.destroy(), { once: true });
    asked.end();
  });
}
