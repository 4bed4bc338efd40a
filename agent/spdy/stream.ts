import { Duplex } from "node:stream";
import { RST_STATUS } from "./frames.ts";
import type { Headers } from "./header_block.ts";
import { SendWindow } from "./window.ts";

/** Bytes that may wait for the reader of a stream; beyond them the connection is not read. */
export const UNREAD_BYTES_MAX = 1 << 20;
/** The data of one frame, so that streams take turns. */
const DATA_BYTES_MAX = 32 << 10;

/** What a stream needs of its connection. */
export interface StreamOutput {
  /** Resolves when more may be sent. */
  sendData(streamId: number, bytes: Uint8Array, isLast: boolean): Promise<void>;
  sendReset(streamId: number, status: number): void;
  /** Gives back room for as many bytes that have been read. */
  sendCredit(streamId: number, bytes: number): void;
  /** Both sides have ended, or one has given up. */
  forget(streamId: number): void;
}

/** One stream in both directions; each side ends by itself, and `destroy` gives up both. */
export class SpdyStream extends Duplex {
  readonly window = new SendWindow();
  readonly #output: StreamOutput;
  #hasEnded = { here: false, there: false };
  #uncredited = 0;
  #onRead = () => {};

  constructor(readonly id: number, readonly headers: Headers, output: StreamOutput) {
    super({ allowHalfOpen: true, readableHighWaterMark: UNREAD_BYTES_MAX });
    this.#output = output;
    // who has given up hears no more of it; without a listener an error would end the process
    this.on("error", () => {});
  }

  /** Data from the other side. @returns a promise that resolves once there is room again, or nothing */
  receive(bytes: Uint8Array, isLast: boolean): Promise<void> | undefined {
    if (this.destroyed || this.#hasEnded.there) return undefined;
    let full: Promise<void> | undefined;
    if (bytes.length > 0) {
      if (this.push(bytes)) this.#output.sendCredit(this.id, bytes.length);
      else {
        this.#uncredited += bytes.length;
        full = new Promise((resolve) => this.#onRead = resolve);
      }
    }
    if (isLast) this.#endThere();
    return full;
  }

  /** The other side has given the stream up. */
  cut(): void {
    this.#hasEnded = { here: true, there: true };
    this.destroy();
  }

  override _read(): void {
    if (this.#uncredited > 0) this.#output.sendCredit(this.id, this.#uncredited);
    this.#uncredited = 0;
    this.#onRead();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    this.#send(chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.#output.sendData(this.id, new Uint8Array(), true).then(() => {
      this.#hasEnded.here = true;
      this.#forgetWhenEnded();
      done();
    }, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { here, there } = this.#hasEnded;
    if (!here || !there) this.#output.sendReset(this.id, RST_STATUS.cancel);
    this.#output.forget(this.id);
    this.window.close();
    this.#onRead();
    done(error);
  }

  async #send(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length && !this.destroyed;) {
      const size = await this.window.take(Math.min(DATA_BYTES_MAX, chunk.length - at));
      if (size === 0) return;
      await this.#output.sendData(this.id, chunk.subarray(at, at + size), false);
      at += size;
    }
  }

  #endThere(): void {
    this.#hasEnded.there = true;
    this.push(null);
    this.#forgetWhenEnded();
  }

  #forgetWhenEnded(): void {
    if (this.#hasEnded.here && this.#hasEnded.there) this.#output.forget(this.id);
  }
}
