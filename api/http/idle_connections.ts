import type { Http2Session } from "node:http2";
import type { Duplex } from "node:stream";
import type { Clock } from "../types/ambient.ts";
import { Deadlines } from "./deadlines.ts";

/** A connection on which nothing is asked. Source: kube-apiserver, IdleTimeout of its HTTP server. */
export const IDLE_MS_MAX = 90_000;
/** From the connection to the end of the handshake. Source: Go, net/http, TLSHandshakeTimeout. */
export const HANDSHAKE_MS_MAX = 10_000;

/** One connection, by whatever the library calls it: a socket, a TLS socket, a session. */
interface Connection {
  readonly raw: Duplex;
  running: number;
  /** Of the deadline that it is under. */
  end: () => void;
  close: () => void;
}

type WithPort = { readonly remoteAddress?: string; readonly remotePort?: number };

/** Ends connections over TLS whose client does not go on: whoever only opens them could hold all there are. */
export class IdleConnections {
  readonly #handshakes: Deadlines;
  readonly #idle: Deadlines;
  readonly #byPeer = new Map<string, Connection>();
  readonly #known = new WeakMap<object, Connection>();

  constructor(clock: Clock) {
    this.#handshakes = new Deadlines(clock, HANDSHAKE_MS_MAX);
    this.#idle = new Deadlines(clock, IDLE_MS_MAX);
  }

  get size(): number {
    return this.#byPeer.size;
  }

  /** A socket that speaks no TLS yet. */
  connected(raw: Duplex): void {
    const close = () => void raw.destroy();
    const peer = peerOf(raw);
    const connection: Connection = { raw, running: 0, close, end: this.#handshakes.begin(close) };
    this.#byPeer.set(peer, connection);
    raw.once("close", () => {
      connection.end();
      if (this.#byPeer.get(peer) === connection) this.#byPeer.delete(peer);
    });
  }

  /** A session of HTTP/2; it is there before its socket is told to be secure. */
  began(session: Http2Session): void {
    const connection = this.#byPeer.get(peerOf(session.socket));
    if (connection === undefined) return;
    connection.close = () => session.destroy();
    this.#known.set(session, connection);
  }

  secured(socket: Duplex): void {
    const connection = this.#byPeer.get(peerOf(socket));
    if (connection === undefined) return;
    this.#known.set(socket, connection);
    this.#rest(connection);
  }

  /** @param of the session, or the socket of HTTP/1.1; it may be one that nobody told of */
  enter(of: object): void {
    const connection = this.#known.get(of);
    if (connection === undefined) return;
    connection.running += 1;
    if (connection.running === 1) connection.end();
  }

  leave(of: object): void {
    const connection = this.#known.get(of);
    if (connection === undefined) return;
    connection.running -= 1;
    if (connection.running === 0 && !connection.raw.destroyed) this.#rest(connection);
  }

  #rest(connection: Connection): void {
    connection.end();
    connection.end = this.#idle.begin(() => connection.close());
  }
}

function peerOf(socket: unknown): string {
  const { remoteAddress, remotePort } = socket as WithPort;
  return `${remoteAddress} ${remotePort}`;
}
