// @ts-types="@types/ws"
import type { RawData, WebSocket } from "ws";
import { Buffer } from "node:buffer";
import type { Log } from "../api/types/ambient.ts";
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
  let status: unknown;
  try {
    for await (const { stream, bytes } of session.output) {
      await send(socket, CHANNEL[stream], bytes);
    }
    status = exitStatus(await session.exitCode());
  } catch (error) {
    status = failureStatus(error instanceof Error ? error.message : String(error));
  }
  await send(socket, CHANNEL.error, Buffer.from(JSON.stringify(status)));
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
    } else if (channel === CHANNEL.resize) this.#resize(body.toString());
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

  #resize(text: string): void {
    const size = sizeIn(text);
    if (size === undefined) return this.log("Ignored a terminal size that is none", { text });
    // the process may not have its terminal yet, or may have ended
    this.session.resize(size.Width, size.Height).catch((error) =>
      this.log("Cannot resize the terminal", { error: String(error) })
    );
  }

  #then(step: () => Promise<void>): void {
    this.#line = this.#line.then(step).catch((error) => {
      this.log("Cannot pass input on", { error: String(error) });
      this.session.close();
    });
  }
}

const TERMINAL_SIZE_MAX = 65_535;

function sizeIn(text: string): { Width: number; Height: number } | undefined {
  try {
    const { Width, Height } = JSON.parse(text);
    const isSize = (value: unknown) =>
      Number.isInteger(value) && Number(value) > 0 && Number(value) <= TERMINAL_SIZE_MAX;
    return isSize(Width) && isSize(Height) ? { Width, Height } : undefined;
  } catch {
    return undefined;
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

/** Source: Kubernetes, remotecommand.NonZeroExitCodeReason and its cause. */
function exitStatus(code: number): unknown {
  if (code === 0) return { metadata: {}, status: "Success" };
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(code) }] },
  };
}

function failureStatus(message: string): unknown {
  return { metadata: {}, status: "Failure", message, reason: "InternalError", code: 500 };
}
