// @ts-types="@types/ws"
import type { RawData, WebSocket } from "ws";
import { Buffer } from "node:buffer";
import type { Log } from "../api/types/ambient.ts";
import { exitStatus, failureStatus, resizeTo } from "./remote_command.ts";
import type { ExecSession } from "./runtime.ts";

/** First byte of each message. Source: Kubernetes, remotecommand, channel protocol v4 and v5. */
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** Newest first. v5 adds the message that closes one channel. */
export const CHANNEL_PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"] as const;

/** Input that waits for the process; beyond it the socket is not read. */
const INPUT_BYTES_MAX = 1 << 20;
const NORMAL_CLOSURE = 1000;

/** Carries a process's streams over a WebSocket until it ends, then tells how; both sides set the pace. */
export async function runExecSocket(
  socket: WebSocket,
  session: ExecSession,
  log: Log,
): Promise<void> {
  const input = new Input(socket, session, log);
  socket.on("message", (data) => input.take(bytesOf(data)));
  // the client is gone: nobody reads any more
  socket.on("close", () => session.close());
  socket.on("error", () => session.close());
  let status: string;
  try {
    for await (const { stream, bytes } of session.output) {
      await send(socket, CHANNEL[stream], bytes);
    }
    status = exitStatus(await session.exitCode());
  } catch (error) {
    status = failureStatus(error);
  }
  await send(socket, CHANNEL.error, Buffer.from(status));
  socket.close(NORMAL_CLOSURE);
}

/** What the client sends, in order. */
class Input {
  #line: Promise<void> = Promise.resolve();
  #waitingBytes = 0;

  constructor(
    private readonly socket: WebSocket,
    private readonly session: ExecSession,
    private readonly log: Log,
  ) {}

  take(message: Buffer): void {
    const [channel] = message;
    const body = message.subarray(1);
    if (channel === CHANNEL.stdin) this.#write(body);
    else if (channel === CHANNEL.close && body[0] === CHANNEL.stdin) {
      this.#then(() => Promise.resolve(this.session.closeInput()));
    } else if (channel === CHANNEL.resize) resizeTo(body.toString(), this.session, this.log);
  }

  #write(bytes: Buffer): void {
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > INPUT_BYTES_MAX) this.socket.pause();
    this.#then(async () => {
      await this.session.write(bytes);
      this.#waitingBytes -= bytes.length;
      if (this.#waitingBytes <= INPUT_BYTES_MAX) this.socket.resume();
    });
  }

  #then(step: () => Promise<void>): void {
    this.#line = this.#line.then(step).catch((error) => {
      this.log("Cannot pass input on", { error: String(error) });
      this.session.close();
    });
  }
}

/** Resolves when the bytes are on their way, or the socket is closed. */
function send(socket: WebSocket, channel: number, bytes: Uint8Array): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve();
  const message = Buffer.allocUnsafe(1 + bytes.length);
  message[0] = channel;
  message.set(bytes, 1);
  return new Promise((resolve) => socket.send(message, () => resolve()));
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}
