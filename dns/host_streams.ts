import type { Clock } from "../api/types/ambient.ts";
import { HEADER_BYTES, MESSAGE_BYTES_MAX, putUint16, uint16At } from "./wire.ts";

/** How long a client may be silent. Source: RFC 7766 asks for seconds. */
const IDLE_MS = 10_000;
const CONNECTIONS_MAX = 256;
/** After a connection that could not be accepted. */
const PAUSE_MS = 20;
const LENGTH_BYTES = 2;

export type StreamHandler = (
  packet: Uint8Array,
  length: number,
  out: Uint8Array,
) => number | Promise<Uint8Array>;

/** The same questions over TCP, each with its length before it; several may come on one connection. */
export class StreamServer {
  readonly #connections = new Set<Deno.Conn>();

  private constructor(readonly listener: Deno.Listener, readonly clock: Clock) {}

  /** @throws {Error} when somebody listens there */
  static open(ip: string, port: number, clock: Clock): StreamServer {
    try {
      return new StreamServer(Deno.listen({ hostname: ip, port }), clock);
    } catch (error) {
      const isTaken = error instanceof Deno.errors.AddrInUse;
      const why = isTaken ? "another program listens there" : String(error);
      throw new Error(`Cannot answer names over TCP at ${ip}:${port}: ${why}`, { cause: error });
    }
  }

  /** Answers until it is closed. */
  async run(handler: StreamHandler): Promise<void> {
    while (true) {
      let connection: Deno.Conn;
      try {
        connection = await this.listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) {
          return;
        }
        // the client went away before it was accepted, or there is no file left for it
        await this.clock.sleep(PAUSE_MS);
        continue;
      }
      if (this.#connections.size >= CONNECTIONS_MAX) connection.close();
      else void this.#serve(connection, handler);
    }
  }

  close(): void {
    this.listener.close();
    for (const connection of this.#connections) closeQuietly(connection);
  }

  async #serve(connection: Deno.Conn, handler: StreamHandler): Promise<void> {
    this.#connections.add(connection);
    const out = new Uint8Array(MESSAGE_BYTES_MAX);
    try {
      while (true) {
        const packet = await this.#read(connection);
        if (packet === undefined) break;
        const answer = handler(packet, packet.length, out);
        const reply = typeof answer === "number" ? out.subarray(0, answer) : await answer;
        if (reply.length === 0) break; // not a client that speaks DNS
        const framed = new Uint8Array(LENGTH_BYTES + reply.length);
        putUint16(framed, 0, reply.length);
        framed.set(reply, LENGTH_BYTES);
        await writeAll(connection, framed);
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    } finally {
      this.#connections.delete(connection);
      closeQuietly(connection);
    }
  }

  /** @returns undefined when the client has gone, was silent too long, or sent what is no message */
  async #read(connection: Deno.Conn): Promise<Uint8Array | undefined> {
    const cancel = this.clock.after(IDLE_MS, () => closeQuietly(connection));
    try {
      const prefix = await readExactly(connection, LENGTH_BYTES);
      const length = prefix === undefined ? 0 : uint16At(prefix, 0);
      return length < HEADER_BYTES ? undefined : await readExactly(connection, length);
    } finally {
      cancel();
    }
  }
}

/** @returns undefined at the end of the stream */
export async function readExactly(
  connection: Pick<Deno.Conn, "read">,
  length: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const read = await connection.read(bytes.subarray(at));
    if (read === null) return undefined;
    at += read;
  }
  return bytes;
}

export async function writeAll(
  connection: Pick<Deno.Conn, "write">,
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

export function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error; // closed already
  }
}

function isGone(error: unknown): boolean {
  const kinds = [
    "BadResource",
    "Interrupted",
    "ConnectionReset",
    "BrokenPipe",
    "ConnectionAborted",
  ];
  return error instanceof Error &&
    (kinds.includes(error.name) || /reset|closed/i.test(error.message));
}
