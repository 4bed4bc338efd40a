import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createSecureServer, type Http2SecureServer, type Http2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Clock } from "../types/ambient.ts";
import { StatusError } from "../types/status.ts";
import type { KubeApi } from "./app.ts";
import type { Peer } from "./authenticate.ts";
import { authoritiesIn, peerOf } from "./client_certificate.ts";
import type { Reply } from "./exchange.ts";
import { IDLE_MS_MAX, IdleConnections } from "./idle_connections.ts";
import { mayHaveBody, NodeCall, targetOf } from "./node_call.ts";
import { dropRest, sendReply } from "./node_reply.ts";
import { statusReply } from "./replies.ts";
import { upgradeCall } from "./upgrade.ts";

export interface ServeOptions {
  readonly api: KubeApi;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly clock: Clock;
  /** PEM texts; `ca` is the authority of client certificates. Absent: plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca: string };
}

export interface RunningServer {
  readonly port: number;
  /** Takes no more requests, ends watches, lets running requests finish and cuts what is left. */
  close(): Promise<void>;
}

/** How long running requests may take after `close`. */
const CLOSE_GRACE_MS = 5_000;

export async function serve(options: ServeOptions): Promise<RunningServer> {
  const listener = new Listener(options);
  const server = listener.server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  return { port, close: () => listener.close() };
}

const NO_TARGET: Reply = statusReply(new StatusError("BadRequest", "the address is not valid"));

/** HTTP/2 and HTTP/1.1 on one port: kubectl speaks the first, and the second for streams. */
class Listener {
  readonly server: Server | Http2SecureServer;
  readonly #options: ServeOptions;
  readonly #authorities;
  readonly #peers = new WeakMap<object, { peer: Peer | undefined }>();
  readonly #sockets = new Set<Duplex>();
  readonly #sessions = new Set<Http2Session>();
  readonly #idle: IdleConnections;
  readonly #peer = (incoming: IncomingMessage) => this.#peerOf(incoming);
  #running = 0;
  #onIdle = () => {};

  constructor(options: ServeOptions) {
    this.#options = options;
    this.#authorities = authoritiesIn(options.tls?.ca ?? "");
    this.#idle = new IdleConnections(options.clock);
    // for HTTP/1.1, where the library waits for five seconds
    this.server = Object.assign(this.#listen(), { keepAliveTimeout: IDLE_MS_MAX });
    this.server.on("connection", (socket: Duplex) => {
      track(this.#sockets, socket);
      if (options.tls !== undefined) this.#idle.connected(socket);
    });
    this.server.on("secureConnection", (socket: Duplex) => this.#idle.secured(socket));
    this.server.on("session", (session: Http2Session) => {
      closeOutsideOfCallbacks(session, options.clock);
      track(this.#sessions, session);
      this.#idle.began(session);
    });
    this.server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Uint8Array) => {
      track(this.#sockets, socket);
      this.#idle.enter(incoming.socket);
      this.#upgrade(incoming, socket, head);
    });
  }

  async close(): Promise<void> {
    const { api, clock } = this.#options;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    api.close();
    for (const session of this.#sessions) session.close();
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        const cancel = clock.after(CLOSE_GRACE_MS, resolve);
        this.#onIdle = () => (cancel(), resolve());
      });
    }
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #listen(): Server | Http2SecureServer {
    const { tls } = this.#options;
    const onRequest = (incoming: unknown, outgoing: unknown) =>
      this.#take(incoming as IncomingMessage, outgoing as ServerResponse);
    if (tls === undefined) return createServer(onRequest);
    // Refusing here would refuse bearers of tokens too: who has no good certificate is not known by one.
    const client = { requestCert: true, rejectUnauthorized: false };
    return createSecureServer({ ...tls, ...client, allowHTTP1: true }, onRequest);
  }

  #take(incoming: IncomingMessage, outgoing: ServerResponse): void {
    this.#running += 1;
    const connection = connectionOf(incoming);
    this.#idle.enter(connection);
    outgoing.on("close", () => {
      this.#running -= 1;
      this.#idle.leave(connection);
      if (this.#running === 0) this.#onIdle();
      if (mayHaveBody(incoming.method)) dropRest(incoming, this.#options.clock);
    });
    const target = targetOf(incoming.url ?? "");
    if (target === undefined) return sendReply(NO_TARGET, outgoing);
    const reply = this.#options.api.answer(new NodeCall(incoming, target, this.#peer));
    if (reply instanceof Promise) reply.then((one) => sendReply(one, outgoing));
    else sendReply(reply, outgoing);
  }

  #upgrade(incoming: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    const call = upgradeCall(incoming, () => this.#peerOf(incoming));
    void this.#options.api.upgrade(call, incoming, socket, head);
  }

  /** A connection is asked once for its certificate. */
  #peerOf(incoming: IncomingMessage): Peer | undefined {
    if (this.#options.tls === undefined) return undefined;
    const connection = connectionOf(incoming);
    const known = this.#peers.get(connection);
    if (known !== undefined) return stillGood(known.peer, this.#options.clock.now());
    const socket = ("socket" in connection ? connection.socket : connection) as TLSSocket;
    const peer = peerOf(socket, this.#authorities, this.#options.clock.now());
    this.#peers.set(connection, { peer });
    return peer;
  }
}

/** The session of HTTP/2, or the socket of HTTP/1.1. */
function connectionOf(incoming: IncomingMessage): Http2Session | Duplex {
  const { stream } = incoming as unknown as { stream?: { session?: Http2Session } };
  return stream?.session ?? incoming.socket;
}

/**
 * A client's GOAWAY makes the library close the session while it still reads from it, which frees what is in use
 * and ends the process. A turn later nobody reads.
 */
export function closeOutsideOfCallbacks(session: Http2Session, clock: Clock): void {
  const close = session.close.bind(session);
  const destroy = session.destroy.bind(session);
  session.close = (callback?: () => void) => void clock.after(0, () => close(callback));
  session.destroy = (...args) => void clock.after(0, () => destroy(...args));
}

/** A connection may last longer than its certificate. */
function stillGood(peer: Peer | undefined, now: number): Peer | undefined {
  return peer === undefined || now <= (peer.until ?? Infinity) ? peer : undefined;
}

function track<T extends { once(event: "close", listener: () => void): unknown }>(
  all: Set<T>,
  one: T,
): void {
  all.add(one);
  one.once("close", () => all.delete(one));
}
