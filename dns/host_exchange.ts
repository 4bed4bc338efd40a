import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import type { Clock } from "../api/types/ambient.ts";
import type { Exchange } from "./forwarder.ts";
import { closeQuietly, readExactly, writeAll } from "./host_streams.ts";
import { putUint16, uint16At } from "./wire.ts";

const PORT = 53;

type How = Parameters<Exchange["ask"]>[2];

/** A socket for each question: its port is the kernel's choice, so that a forged answer has to guess it too. */
export class HostExchange implements Exchange {
  constructor(readonly clock: Clock, readonly port = PORT) {}

  ask(server: string, query: Uint8Array, how: How): Promise<Uint8Array> {
    return how.isStream
      ? this.#overStream(server, query, how)
      : this.#overDatagram(server, query, how);
  }

  #overDatagram(
    server: string,
    query: Uint8Array,
    { timeoutMs, isReply }: How,
  ): Promise<Uint8Array> {
    const socket = createSocket(server.includes(":") ? "udp6" : "udp4");
    return new Promise<Uint8Array>((resolve, reject) => {
      const cancel = this.clock.after(
        timeoutMs,
        () => end(() => reject(silent(server, timeoutMs))),
      );
      const end = (settle: () => void) => {
        cancel();
        socket.removeAllListeners();
        socket.on("error", () => {}); // of a socket that nobody waits for
        socket.close();
        settle();
      };
      socket.on("message", (packet: Buffer, { port }) => {
        if (port === this.port && isReply(packet)) end(() => resolve(packet));
      });
      socket.on("error", (error) => end(() => reject(error)));
      socket.send(Buffer.from(query), this.port, server);
    });
  }

  async #overStream(
    server: string,
    query: Uint8Array,
    { timeoutMs, isReply }: How,
  ): Promise<Uint8Array> {
    const late = new AbortController();
    const cancel = this.clock.after(timeoutMs, () => late.abort(silent(server, timeoutMs)));
    try {
      return await Promise.race([
        exchange(server, this.port, query, { isReply, signal: late.signal }),
        new Promise<never>((_, reject) =>
          late.signal.addEventListener("abort", () => reject(late.signal.reason))
        ),
      ]);
    } finally {
      cancel();
    }
  }
}

async function exchange(
  server: string,
  port: number,
  query: Uint8Array,
  { isReply, signal }: { isReply: How["isReply"]; signal: AbortSignal },
): Promise<Uint8Array> {
  const connection = await Deno.connect({ hostname: server, port });
  const end = () => closeQuietly(connection);
  signal.addEventListener("abort", end);
  try {
    const framed = new Uint8Array(2 + query.length);
    putUint16(framed, 0, query.length);
    framed.set(query, 2);
    await writeAll(connection, framed);
    const prefix = await readExactly(connection, 2);
    const packet = prefix && await readExactly(connection, uint16At(prefix, 0));
    if (packet !== undefined && isReply(packet)) return packet;
    throw new Error(`Cannot ask ${server} over TCP: it sent no answer`);
  } finally {
    signal.removeEventListener("abort", end);
    end();
  }
}

function silent(server: string, timeoutMs: number): Error {
  return new Error(`Cannot ask ${server}: no answer within ${timeoutMs} ms`);
}
