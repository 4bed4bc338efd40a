import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
// @ts-types="@types/ws"
import { createWebSocketStream, type WebSocket, WebSocketServer } from "ws";
import type { Pod } from "../api/types/core_v1.ts";
import { StatusError } from "../api/types/status.ts";
import { CHANNEL_PROTOCOLS, runExecSocket } from "./exec_socket.ts";
import { COMMAND_STREAM_PROTOCOL, runExecStreams, type StreamType } from "./exec_streams.ts";
import { containerNamed } from "./container_roles.ts";
import { execTarget } from "./log_target.ts";
import { forwardPorts, PORT_FORWARD_PROTOCOL, PORT_FORWARD_TUNNEL } from "./port_forward.ts";
import type { ExecSession } from "./runtime.ts";
import type { AgentServerOptions } from "./server.ts";

/** A connection that wants to leave HTTP. `head` is what came after the request already. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Uint8Array;
  readonly query: URLSearchParams;
}

/** A message of kubectl's is far below this. */
const SOCKET_MESSAGE_BYTES_MAX = 16 << 20;

/** What a client may speak after the switch, besides WebSocket. */
const SPDY = "SPDY/3.1";

/** Remote commands and forwarded ports, over WebSocket and SPDY/3.1. */
export class Upgrades {
  readonly #options: AgentServerOptions;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: SOCKET_MESSAGE_BYTES_MAX,
    handleProtocols: (offered) => CHANNEL_PROTOCOLS.find((name) => offered.has(name)) ?? false,
  });
  readonly #tunnels = new WebSocketServer({ noServer: true, maxPayload: SOCKET_MESSAGE_BYTES_MAX });

  constructor(options: AgentServerOptions) {
    this.#options = options;
    this.#tunnels.on("headers", (lines) => {
      lines.push(`Sec-WebSocket-Protocol: ${PORT_FORWARD_TUNNEL}`);
    });
  }

  /** @throws {StatusError} NotFound, BadRequest */
  async exec(asked: Upgrade, pod: Pod, container: string): Promise<void> {
    const command = asked.query.getAll("command");
    if (command.length === 0) {
      throw new StatusError("BadRequest", "you must specify at least 1 command for the container");
    }
    const id = execTarget(pod, container);
    const { hasStdin, isTty } = wantedStreams(asked.query);
    const begin = () => this.#options.runtime.exec(id, { command, hasStdin, isTty });
    await this.#command(asked, begin);
  }

  /** @throws {StatusError} NotFound, BadRequest */
  async attach(asked: Upgrade, pod: Pod, container: string): Promise<void> {
    const id = execTarget(pod, container);
    const { hasStdin } = wantedStreams(asked.query);
    // whether there is a terminal was settled when the container was made
    const isTty = containerNamed(pod, container)?.container.tty === true;
    await this.#command(asked, () => this.#options.runtime.attach(id, { hasStdin, isTty }));
  }

  /** @throws {StatusError} BadRequest */
  portForward(asked: Upgrade, pod: Pod): void {
    const { dialer, clock, log } = this.#options;
    const serve = (transport: Duplex) => {
      forwardPorts(transport, { pod, dialer, clock, log }).catch((error) => {
        log("Cannot forward ports", { error: String(error) });
        transport.destroy();
      });
    };
    if (isWebSocket(asked.request)) {
      rejectOtherProtocols(asked.request, [PORT_FORWARD_TUNNEL]);
      // the name has a slash, which none may have: the library would refuse it
      delete asked.request.headers["sec-websocket-protocol"];
      return upgradeOn(this.#tunnels, asked, (socket) => serve(createWebSocketStream(socket)));
    }
    const protocol = spdyProtocol(asked.request, PORT_FORWARD_PROTOCOL);
    serve(switchToSpdy(asked, protocol));
  }

  /** The process is begun before the switch, so that its refusal is an answer of HTTP. */
  async #command(asked: Upgrade, begin: () => Promise<ExecSession>): Promise<void> {
    const { clock, log } = this.#options;
    const failed = (end: () => void) => (error: unknown) => {
      log("Cannot carry a remote command", { error: String(error) });
      end();
    };
    if (isWebSocket(asked.request)) {
      rejectOtherProtocols(asked.request, CHANNEL_PROTOCOLS);
      const session = await begin();
      return upgradeOn(this.#sockets, asked, (socket) => {
        runExecSocket(socket, session, log).catch(failed(() => socket.terminate()));
      });
    }
    const protocol = spdyProtocol(asked.request, COMMAND_STREAM_PROTOCOL);
    const { expected } = wantedStreams(asked.query);
    const session = await begin();
    const transport = switchToSpdy(asked, protocol);
    const options = { session, expected, clock, log };
    runExecStreams(transport, options).catch(failed(() => transport.destroy()));
  }
}

function upgradeOn(
  sockets: WebSocketServer,
  { request, socket, head }: Upgrade,
  then: (socket: WebSocket) => void,
): void {
  sockets.handleUpgrade(request, socket, head as never, then);
}

/** The API server uses the kubelet's names for the streams, kubectl its own. */
function wantedStreams(query: URLSearchParams) {
  const asks = (...names: string[]) =>
    names.some((name) => ["1", "true"].includes(query.get(name) ?? ""));
  const isTty = asks("tty");
  const wanted: [StreamType, boolean][] = [
    ["error", true],
    ["stdin", asks("input", "stdin")],
    ["stdout", asks("output", "stdout")],
    ["stderr", asks("error", "stderr") && !isTty],
    ["resize", isTty],
  ];
  const expected = wanted.filter(([, isWanted]) => isWanted).map(([type]) => type);
  return { hasStdin: expected.includes("stdin"), isTty, expected };
}

function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "websocket";
}

function rejectOtherProtocols({ headers }: IncomingMessage, known: readonly string[]): void {
  const offered = listed(headers["sec-websocket-protocol"]);
  if (offered.some((name) => known.includes(name))) return;
  throw new StatusError("BadRequest", `unable to upgrade: use ${known.join(" or ")}`);
}

/** @throws {StatusError} BadRequest, Forbidden as kubelets have it when no protocol is known to both */
function spdyProtocol({ headers }: IncomingMessage, known: string): string {
  if (headers.upgrade?.toLowerCase() !== SPDY.toLowerCase()) {
    throw new StatusError("BadRequest", `unable to upgrade: use WebSocket or ${SPDY}`);
  }
  const offered = listed(headers["x-stream-protocol-version"]);
  if (offered.includes(known)) return known;
  const why = `client supports [${offered.join(" ")}], server accepts [${known}]`;
  throw new StatusError("Forbidden", `unable to upgrade: unable to negotiate protocol: ${why}`);
}

function listed(header: string | string[] | undefined): string[] {
  return [header ?? []].flat().join(",").split(",").map((name) => name.trim());
}

function switchToSpdy({ socket, head }: Upgrade, protocol: string): Duplex {
  // small frames answer each other: waiting for a fuller packet would hold each of them up
  (socket as Partial<TLSSocket>).setNoDelay?.(true);
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Connection: Upgrade",
    `Upgrade: ${SPDY}`,
    `X-Stream-Protocol-Version: ${protocol}`,
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  if (head.length > 0) socket.unshift(head);
  return socket;
}
