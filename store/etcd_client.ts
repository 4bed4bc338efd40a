import { Buffer } from "node:buffer";
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import type { Clock } from "../api/types/ambient.ts";
import {
  compactionRequest,
  framed,
  leaseGrantRequest,
  type Message,
  type RangeRequest,
  rangeRequest,
  type RangeResponse,
  readRange,
  readTxn,
  readWatch,
  type TxnRequest,
  txnRequest,
  type TxnResponse,
  watchRequest,
  type WatchResponse,
} from "./etcd_wire.ts";

/** How etcd is reached: from cmd/ over the network, with certificates where it wants them. */
export type EtcdConnect = (endpoint: string) => ClientHttp2Session;

export interface EtcdClientOptions {
  /** Members, any of which will do. */
  readonly endpoints: readonly string[];
  readonly connect: EtcdConnect;
  readonly clock: Clock;
}

/** One member may take so long; etcd itself gives up on a request after about seven seconds. */
const ATTEMPT_MS = 4_000;

/** All of them together: an election of a new leader takes one to two seconds. */
const CALL_MS = 15_000;

/** Between one round through all members and the next. */
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1_000;

/** gRPC's codes that say "not now" or "not here": the request is repeated, which every caller must allow for. */
const AGAIN: readonly number[] = [1, 2, 4, 14];
const UNAVAILABLE = 14;

/** etcd said no, or nobody answered. */
export class EtcdError extends Error {
  override readonly name = "EtcdError";
  /** A code of gRPC. */
  readonly code: number;
  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * etcd v3 over gRPC, on one connection at a time: as long as it serves, all calls go to one member, then to the
 * next. A call is repeated until it has an answer or CALL_MS is over, also when the first may have been carried out.
 */
export class EtcdClient {
  readonly #with: EtcdClientOptions;
  readonly #ending = new AbortController();
  #session: ClientHttp2Session | undefined;
  #at = 0;

  constructor(options: EtcdClientOptions) {
    this.#with = options;
  }

  async range(request: RangeRequest): Promise<RangeResponse> {
    return readRange(await this.#call("KV/Range", rangeRequest(request)));
  }

  async txn(request: TxnRequest): Promise<TxnResponse> {
    return readTxn(await this.#call("KV/Txn", txnRequest(request)));
  }

  /** Forgets what etcd itself keeps of the past. */
  async compact(revision: number): Promise<void> {
    await this.#call("KV/Compact", compactionRequest(revision));
  }

  async grantLease(id: number, seconds: number): Promise<void> {
    await this.#call("Lease/LeaseGrant", leaseGrantRequest(id, seconds));
  }

  /**
   * Reports writes of one key from the moment of `isCreated` on; ends when the connection does, when its member
   * has lost the leader, or with the signal. Never throws: whoever follows begins again.
   */
  async *watch(key: string, signal: AbortSignal): AsyncIterable<WatchResponse> {
    const stream = this.#open("Watch/Watch", { hasleader: "true" });
    if (stream === undefined) return;
    const end = () => stream.close();
    signal.addEventListener("abort", end, { once: true });
    stream.on("error", () => {}); // it ends, which is all there is to know
    stream.write(framed(watchRequest(key)));
    let rest: Uint8Array = new Uint8Array();
    try {
      for await (const chunk of stream) {
        rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        for (let message = messageIn(rest); message; message = messageIn(rest)) {
          rest = rest.subarray(5 + message.length);
          const response = readWatch(message);
          if (response.isCanceled) return;
          yield response;
        }
      }
    } catch {
      return;
    } finally {
      signal.removeEventListener("abort", end);
      stream.close();
    }
  }

  /** Where the connection goes: for messages. */
  get endpoint(): string {
    return this.#with.endpoints[this.#at % this.#with.endpoints.length] ?? "";
  }

  close(): void {
    this.#ending.abort();
    this.#session?.destroy();
    this.#session = undefined;
  }

  async #call(method: string, message: Message): Promise<Uint8Array> {
    const { clock, endpoints } = this.#with;
    const frame = framed(message);
    const end = clock.now() + CALL_MS;
    let pauseMs = RETRY_FIRST_MS;
    for (let attempt = 1;; attempt += 1) {
      const session = this.#connected();
      try {
        return await this.#attempt(session, method, frame);
      } catch (error) {
        const isFinal = !(error instanceof EtcdError) || !AGAIN.includes(error.code);
        if (isFinal || clock.now() >= end || this.#ending.signal.aborted) throw error;
        this.#leave(session);
      }
      if (attempt % endpoints.length !== 0) continue;
      await clock.sleep(pauseMs, this.#ending.signal);
      pauseMs = Math.min(2 * pauseMs, RETRY_MAX_MS);
    }
  }

  #attempt(session: ClientHttp2Session, method: string, frame: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const fail = (code: number, why: string) =>
        reject(new EtcdError(code, `etcd at ${this.endpoint}: ${why}`));
      let stream: ClientHttp2Stream;
      try {
        stream = session.request(headersOf(method));
      } catch (error) {
        return fail(UNAVAILABLE, String(error));
      }
      const cancelTimeout = this.#with.clock.after(ATTEMPT_MS, () => {
        fail(UNAVAILABLE, `no answer within ${ATTEMPT_MS} ms`);
        stream.close();
      });
      const chunks: Uint8Array[] = [];
      let status: IncomingHttpHeaders = {};
      const take = (headers: IncomingHttpHeaders) => status = { ...status, ...headers };
      stream.on("response", take);
      stream.on("trailers", take);
      stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      stream.on("error", (error) => fail(UNAVAILABLE, error.message));
      stream.on("close", () => {
        cancelTimeout();
        const message = messageIn(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
        const code = Number(status["grpc-status"] ?? UNAVAILABLE);
        if (code === 0 && message !== undefined) return resolve(message);
        const why = String(status["grpc-message"] ?? "the connection ended");
        fail(code === 0 ? UNAVAILABLE : code, why.replaceAll("%20", " "));
      });
      stream.end(frame);
    });
  }

  #open(method: string, more: Record<string, string>): ClientHttp2Stream | undefined {
    if (this.#ending.signal.aborted) return undefined;
    try {
      return this.#connected().request({ ...headersOf(method), ...more });
    } catch {
      return undefined;
    }
  }

  #connected(): ClientHttp2Session {
    if (this.#session !== undefined && !this.#session.closed && !this.#session.destroyed) {
      return this.#session;
    }
    const session = this.#with.connect(this.endpoint);
    session.on("error", () => this.#leave(session));
    session.on("goaway", () => this.#leave(session));
    return this.#session = session;
  }

  /** The next call goes to another member, unless one has led the way already. */
  #leave(session: ClientHttp2Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#at += 1;
    session.destroy();
  }
}

function headersOf(method: string) {
  return {
    ":method": "POST",
    ":path": `/etcdserverpb.${method}`,
    "content-type": "application/grpc",
    te: "trailers",
  };
}

/** The first whole message of what came. */
function messageIn(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < 5) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  return bytes.length < 5 + length ? undefined : bytes.subarray(5, 5 + length);
}
