import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import type { Clock, Log } from "../api/types/ambient.ts";
import { exitStatus, failureStatus, resizeTo } from "./remote_command.ts";
import type { ExecSession } from "./runtime.ts";
import { SpdyConnection } from "./spdy/connection.ts";
import type { SpdyStream } from "./spdy/stream.ts";

/** The newest protocol of remote commands over SPDY; older ones end without an exit code. */
export const COMMAND_STREAM_PROTOCOL = "v4.channel.k8s.io";

/** How long a client may take to open its streams. Source: kubelet, streamCreationTimeout. */
const STREAMS_TIMEOUT_MS = 30_000;
/** How long a client may take to read to the end. */
const CLOSE_GRACE_MS = 10_000;
const SIZE_BYTES_MAX = 1 << 10;

/** `streamtype` headers of the streams of a remote command. */
export type StreamType = "error" | "stdin" | "stdout" | "stderr" | "resize";
type Streams = ReadonlyMap<string, SpdyStream>;

export interface ExecStreamsOptions {
  readonly session: ExecSession;
  /** The client opens just these. */
  readonly expected: readonly StreamType[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Carries a process's streams over SPDY until it ends, then tells how; both sides set the pace. */
export async function runExecStreams(
  transport: Duplex,
  { session, expected, clock, log }: ExecStreamsOptions,
): Promise<void> {
  const arrivals = new Arrivals(expected);
  const onStream = (stream: SpdyStream) => arrivals.add(stream);
  const connection = new SpdyConnection(transport, { isServer: true, onStream });
  // the client is gone: nobody reads any more
  void connection.ended.then(() => (session.close(), arrivals.giveUp()));
  const cancel = clock.after(STREAMS_TIMEOUT_MS, () => connection.destroy());
  const streams = await arrivals.all;
  cancel();
  if (streams === undefined) return;
  passInput(streams, session, log);
  const status = await passOutput(streams, session);
  await sent(streams.get("error"), Buffer.from(status));
  for (const stream of streams.values()) stream.end();
  const late = clock.after(CLOSE_GRACE_MS, () => connection.destroy());
  await connection.ended;
  late();
}

/** Streams come one by one; each kind is taken once. */
class Arrivals {
  readonly #waiting: Set<string>;
  readonly #streams = new Map<string, SpdyStream>();
  readonly #done = Promise.withResolvers<Streams | undefined>();

  constructor(expected: readonly string[]) {
    this.#waiting = new Set(expected);
  }

  /** Undefined when the client has left before. */
  get all(): Promise<Streams | undefined> {
    return this.#done.promise;
  }

  add(stream: SpdyStream): void {
    const type = stream.headers.get("streamtype") ?? "";
    if (!this.#waiting.delete(type)) return void stream.destroy();
    this.#streams.set(type, stream);
    if (this.#waiting.size === 0) this.#done.resolve(this.#streams);
  }

  giveUp(): void {
    this.#done.resolve(undefined);
  }
}

function passInput(streams: Streams, session: ExecSession, log: Log): void {
  passStdin(streams.get("stdin"), session).catch((error) => {
    log("Cannot pass input on", { error: String(error) });
    session.close();
  });
  // a stream that the client cut needs no word: its connection tells
  passSizes(streams.get("resize"), session, log).catch(() => {});
}

async function passStdin(stream: SpdyStream | undefined, session: ExecSession): Promise<void> {
  if (stream === undefined) return;
  try {
    for await (const bytes of stream) await session.write(bytes);
  } catch (error) {
    if (!stream.readableEnded && stream.destroyed) return;
    throw error;
  }
  session.closeInput();
}

/** One JSON object on each line. */
async function passSizes(
  stream: SpdyStream | undefined,
  session: ExecSession,
  log: Log,
): Promise<void> {
  let held = "";
  for await (const bytes of stream ?? []) {
    const lines = (held + Buffer.from(bytes).toString()).split("\n");
    held = lines.pop()!.slice(0, SIZE_BYTES_MAX);
    for (const line of lines) resizeTo(line, session, log);
  }
}

/** @returns how the process ended */
async function passOutput(streams: Streams, session: ExecSession): Promise<string> {
  try {
    for await (const { stream, bytes } of session.output) await sent(streams.get(stream), bytes);
    return exitStatus(await session.exitCode());
  } catch (error) {
    return failureStatus(error);
  }
}

/** Resolves when the bytes are on their way, or nobody wants them. */
function sent(stream: SpdyStream | undefined, bytes: Uint8Array): Promise<void> {
  if (stream === undefined || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => stream.write(bytes, () => resolve()));
}
