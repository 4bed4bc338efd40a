import type { Duplex } from "node:stream";
import {
  encodeFrame,
  type Frame,
  FrameReader,
  GO_AWAY_STATUS,
  type HeaderFrame,
  INITIAL_WINDOW_SIZE,
  ProtocolError,
  RST_STATUS,
} from "./frames.ts";
import { HeaderDeflater, HeaderInflater, type Headers } from "./header_block.ts";
import { SpdyStream, type StreamOutput } from "./stream.ts";

/** Streams of one connection at a time: a port-forward has two for each connection that it carries. */
export const STREAMS_MAX = 1_000;
/** Credits below this wait for more. Source: half of the window that SPDY begins with. */
const CREDIT_BYTES_MIN = 32 << 10;

export interface ConnectionOptions {
  /** Takes streams that the other side opens; they have been accepted already. */
  readonly onStream?: (stream: SpdyStream) => void;
  /** Streams of servers have even numbers. */
  readonly isServer: boolean;
}

/** SPDY/3.1 over bytes that come in order: many streams, each at its own pace as far as the other side lets it. */
export class SpdyConnection {
  readonly #transport: Duplex;
  readonly #options: ConnectionOptions;
  readonly #streams = new Map<number, SpdyStream>();
  readonly #deflater = new HeaderDeflater();
  readonly #inflater = new HeaderInflater();
  readonly #credits = new Map<number, number>();
  readonly #output: StreamOutput;
  /** Header blocks go out in the order in which they were packed. */
  #headersLine: Promise<unknown> = Promise.resolve();
  #nextId: number;
  #lastIdThere = 0;
  #windowBytes: number | undefined;
  #drained: Promise<void> | undefined;
  /** Resolves when the connection has ended, however it did. */
  readonly ended: Promise<void>;

  constructor(transport: Duplex, options: ConnectionOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#nextId = options.isServer ? 2 : 1;
    this.#output = {
      sendData: (streamId, bytes, isLast) => {
        return this.#send({ type: "data", streamId, isLast, bytes });
      },
      sendReset: (streamId, status) => void this.#send({ type: "rstStream", streamId, status }),
      sendCredit: (streamId, bytes) => this.#credit(streamId, bytes),
      forget: (streamId) => {
        this.#streams.delete(streamId);
        this.#credits.delete(streamId);
      },
    };
    transport.on("error", () => transport.destroy());
    this.ended = this.#run();
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  /** Opens a stream; it may be written to before the other side has accepted it. */
  async open(headers: Headers): Promise<SpdyStream> {
    const id = this.#nextId;
    this.#nextId += 2;
    const stream = this.#add(id, headers);
    await this.#sendHeaders("synStream", id, headers);
    return stream;
  }

  /** Says that no more streams are taken; those that are open go on. */
  goAway(): void {
    const status = GO_AWAY_STATUS.ok;
    void this.#send({ type: "goAway", lastStreamId: this.#lastIdThere, status });
  }

  /** Ends the connection and every stream. */
  destroy(): void {
    this.#transport.destroy();
  }

  async #run(): Promise<void> {
    const reader = new FrameReader();
    try {
      // a farewell has to be possible after the last chunk
      for await (const chunk of this.#transport.iterator({ destroyOnReturn: false })) {
        for (const frame of reader.read(chunk)) {
          const wait = this.#take(frame);
          if (wait !== undefined) await wait;
        }
      }
    } catch (error) {
      if (error instanceof ProtocolError) {
        const status = GO_AWAY_STATUS.protocolError;
        void this.#send({ type: "goAway", lastStreamId: this.#lastIdThere, status });
        return this.#end(() => this.#transport.end(() => this.#transport.destroy()));
      }
    }
    this.#end(() => this.#transport.destroy());
  }

  #end(close: () => void): void {
    for (const stream of this.#streams.values()) stream.cut();
    this.#streams.clear();
    this.#deflater.close();
    this.#inflater.close();
    close();
  }

  #take(frame: Frame): Promise<void> | undefined {
    switch (frame.type) {
      case "data":
        return this.#takeData(frame);
      case "synStream":
        return this.#accept(frame);
      case "synReply":
      case "headers":
        return this.#takeHeaders(frame);
      case "rstStream":
        return void this.#streams.get(frame.streamId)?.cut();
      case "settings":
        return this.#takeWindow(frame.settings.get(INITIAL_WINDOW_SIZE));
      case "ping":
        // only the answer to one of ours would bear a number of ours, and this side asks for none
        if (frame.id % 2 === this.#nextId % 2) return undefined;
        return this.#send(frame);
      case "windowUpdate":
        return void this.#streams.get(frame.streamId)?.window.add(frame.bytes);
      case "goAway":
        return undefined;
    }
  }

  /** Data of a stream that is gone is passed over: it was on its way. */
  #takeData(frame: Frame & { type: "data" }): Promise<void> | undefined {
    const { streamId, bytes, isLast } = frame;
    this.#credit(0, bytes.length);
    return this.#streams.get(streamId)?.receive(bytes, isLast);
  }

  #takeWindow(bytes: number | undefined): undefined {
    if (bytes === undefined) return;
    this.#windowBytes = bytes;
    for (const { window } of this.#streams.values()) window.limit(bytes);
  }

  async #takeHeaders({ streamId, isLast, block }: HeaderFrame): Promise<void> {
    // packed against all blocks before it: it must be unpacked, wanted or not
    await this.#inflater.unpack(block);
    if (isLast) await this.#streams.get(streamId)?.receive(new Uint8Array(), true);
  }

  async #accept({ streamId, isLast, block }: HeaderFrame): Promise<void> {
    const headers = await this.#inflater.unpack(block);
    const { onStream } = this.#options;
    if (streamId % 2 === this.#nextId % 2 || streamId <= this.#lastIdThere) {
      throw new ProtocolError(`stream ${streamId} is not next`);
    }
    this.#lastIdThere = streamId;
    if (onStream === undefined || this.#streams.size >= STREAMS_MAX) {
      return this.#output.sendReset(streamId, RST_STATUS.refusedStream);
    }
    const stream = this.#add(streamId, headers);
    await this.#sendHeaders("synReply", streamId, new Map());
    if (isLast) await stream.receive(new Uint8Array(), true);
    onStream(stream);
  }

  #add(id: number, headers: Headers): SpdyStream {
    const stream = new SpdyStream(id, headers, this.#output);
    if (this.#windowBytes !== undefined) stream.window.limit(this.#windowBytes);
    this.#streams.set(id, stream);
    return stream;
  }

  #sendHeaders(type: "synStream" | "synReply", streamId: number, headers: Headers): Promise<void> {
    const sent = this.#headersLine.then(async () => {
      const block = await this.#deflater.pack(headers);
      await this.#send({ type, streamId, isLast: false, block });
    });
    this.#headersLine = sent.catch(() => {});
    return sent;
  }

  #credit(streamId: number, bytes: number): void {
    const owed = (this.#credits.get(streamId) ?? 0) + bytes;
    if (owed < CREDIT_BYTES_MIN) return void this.#credits.set(streamId, owed);
    this.#credits.delete(streamId);
    void this.#send({ type: "windowUpdate", streamId, bytes: owed });
  }

  /** Resolves when more may be sent; whatever can't be sent any more is dropped. */
  #send(frame: Frame): Promise<void> {
    const transport = this.#transport;
    if (transport.destroyed || transport.writableEnded) return Promise.resolve();
    if (transport.write(encodeFrame(frame))) return Promise.resolve();
    this.#drained ??= new Promise<void>((resolve) => {
      const done = () => {
        transport.off("drain", done).off("close", done);
        this.#drained = undefined;
        resolve();
      };
      transport.on("drain", done).on("close", done);
    });
    return this.#drained;
  }
}
