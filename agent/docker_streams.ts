import type { Socket } from "node:net";
import type { Duplex, Readable } from "node:stream";
import type { ExecChunk, ExecSession } from "./runtime.ts";

const FRAME_HEADER_BYTES = 8;
const STDERR = 2;
/** Far more than the engine needs to hand over what a container that has ended printed last. */
const IDLE_MS = 1_000;

/**
 * Splits Docker's multiplexed stream: per frame one byte of stream number, three of zero, four of length, big
 * endian. What a cut-off stream leaves of an unfinished frame is given out as far as it came.
 */
export async function* demultiplexed(source: AsyncIterable<Uint8Array>): AsyncGenerator<ExecChunk> {
  let held = new Uint8Array(0);
  let stream: ExecChunk["stream"] = "stdout";
  let missing = 0;
  for await (const chunk of source) {
    let rest = held.length === 0 ? chunk : joined(held, chunk);
    held = new Uint8Array(0);
    while (rest.length > 0) {
      if (missing === 0) {
        if (rest.length < FRAME_HEADER_BYTES) break;
        const header = new DataView(rest.buffer, rest.byteOffset, FRAME_HEADER_BYTES);
        stream = header.getUint8(0) === STDERR ? "stderr" : "stdout";
        missing = header.getUint32(4);
        rest = rest.subarray(FRAME_HEADER_BYTES);
        continue;
      }
      const bytes = rest.subarray(0, missing);
      missing -= bytes.length;
      rest = rest.subarray(bytes.length);
      yield { stream, bytes };
    }
    held = rest.slice();
  }
}

/** A TTY's stream, which is not multiplexed. */
export async function* asStdout(source: AsyncIterable<Uint8Array>): AsyncGenerator<ExecChunk> {
  for await (const bytes of source) yield { stream: "stdout", bytes };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Ends the stream when `signal` aborts. */
export function cutOff(stream: Readable, signal: AbortSignal): Readable {
  const cut = () => stream.destroy();
  if (signal.aborted) cut();
  else signal.addEventListener("abort", cut, { once: true });
  stream.once("close", () => signal.removeEventListener("abort", cut));
  return stream;
}

/** Ends what is read of a connection that the engine forgot to end, once nothing more comes. */
export function endWhenIdle(connection: Socket): void {
  connection.setTimeout(IDLE_MS, () => {
    // a slow reader has not had everything yet; reading on is no idleness
    if (connection.readableLength === 0 && !connection.readableEnded) connection.push(null);
  });
}

/** What differs between an exec and an attach. */
export interface ExecPeer {
  resize(columns: number, rows: number): Promise<void>;
  exitCode(): Promise<number>;
  kill(): Promise<boolean>;
}

/** A session over a connection that Docker has handed over whole. */
export function sessionOver(connection: Duplex, isTty: boolean, peer: ExecPeer): ExecSession {
  // an error of the connection ends `output`; without a listener it would end the process
  connection.on("error", () => connection.destroy());
  return {
    output: isTty ? asStdout(connection) : demultiplexed(connection),
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (connection.destroyed || connection.writableEnded) return resolve();
        connection.write(bytes, (error) => error ? reject(error) : resolve());
      }),
    closeInput: () => void connection.end(),
    resize: (columns, rows) => peer.resize(columns, rows),
    exitCode: () => peer.exitCode(),
    kill: () => peer.kill(),
    close: () => void connection.destroy(),
  };
}
