import type { Duplex } from "node:stream";
import type { Clock, Log } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { SpdyConnection } from "./spdy/connection.ts";
import type { SpdyStream } from "./spdy/stream.ts";

export const PORT_FORWARD_PROTOCOL = "portforward.k8s.io";
/** SPDY frames in binary messages of a WebSocket, as kubectl has it since 1.31. */
export const PORT_FORWARD_TUNNEL = `SPDY/3.1+${PORT_FORWARD_PROTOCOL}`;

/** How long the second stream of a pair may take. Source: kubelet, streamCreationTimeout. */
const PAIR_TIMEOUT_MS = 30_000;

/** How the agent reaches what listens in a pod. */
export interface PodDialer {
  /** @throws {Error} whose message says why, in the words that the user gets */
  dial(pod: Readonly<Pod>, port: number): Promise<Duplex>;
}

export interface PortForwardOptions {
  readonly pod: Readonly<Pod>;
  readonly dialer: PodDialer;
  readonly clock: Clock;
  readonly log: Log;
}

/** For each connection the client opens two streams of one `requestid`: its bytes, and what went wrong. */
interface Pair {
  data?: SpdyStream;
  error?: SpdyStream;
  readonly cancel: () => void;
}

/** Serves a client of port-forward until it leaves. */
export async function forwardPorts(transport: Duplex, options: PortForwardOptions): Promise<void> {
  const pairs = new Pairs(options);
  const onStream = (stream: SpdyStream) => pairs.add(stream);
  const connection = new SpdyConnection(transport, { isServer: true, onStream });
  await connection.ended;
  pairs.close();
}

class Pairs {
  readonly #pairs = new Map<string, Pair>();

  constructor(private readonly options: PortForwardOptions) {}

  /** A stream that says too little about itself is given back. */
  add(stream: SpdyStream): void {
    const { headers } = stream;
    const type = headers.get("streamtype");
    const id = headers.get("requestid") ?? "";
    const port = portIn(headers.get("port") ?? "");
    if ((type !== "data" && type !== "error") || port === undefined) return void stream.destroy();
    const pair = this.#pairs.get(id) ?? this.#begin(id);
    if (pair[type] !== undefined) return void stream.destroy();
    pair[type] = stream;
    const { data, error } = pair;
    if (data === undefined || error === undefined) return;
    pair.cancel();
    this.#pairs.delete(id);
    void forward({ data, error, port }, this.options);
  }

  close(): void {
    for (const { cancel } of this.#pairs.values()) cancel();
    this.#pairs.clear();
  }

  #begin(id: string): Pair {
    const cancel = this.options.clock.after(PAIR_TIMEOUT_MS, () => {
      this.#pairs.delete(id);
      pair.data?.destroy();
      pair.error?.destroy();
    });
    const pair: Pair = { cancel };
    this.#pairs.set(id, pair);
    return pair;
  }
}

function portIn(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

async function forward(
  { data, error, port }: { data: SpdyStream; error: SpdyStream; port: number },
  { pod, dialer }: PortForwardOptions,
): Promise<void> {
  error.resume(); // nothing is said there, and its end has to be noticed
  try {
    carry(data, error, await dialer.dial(pod, port));
  } catch (refusal) {
    const { name, uid = "" } = pod.metadata;
    const why = refusal instanceof Error ? refusal.message : String(refusal);
    // Source: kubelet, httpStreamHandler.portForward
    error.end(`error forwarding port ${port} to pod ${name}, uid ${uid}: ${why}`);
    data.resume();
    data.end();
  }
}

/** Bytes both ways, each side at the pace of the other, and the end of each by itself. */
function carry(data: SpdyStream, error: SpdyStream, socket: Duplex): void {
  if (data.destroyed) return void socket.destroy();
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    // a connection that the pod cut off ends here without its own end
    data.end();
    data.resume();
    error.end();
  });
  data.on("close", () => {
    if (!data.readableEnded || !data.writableFinished) socket.destroy();
  });
  data.pipe(socket);
  socket.pipe(data);
}
