import type { Flow, Sink } from "./exchange.ts";

/** Bytes that wait for one slow client: it is cut off past them and may list and watch anew. */
export const WATCH_BACKLOG_BYTES_MAX = 16 * 1024 * 1024;

/** One client of a watch: what it gets first, then what comes, held back while it is behind. */
export class Watcher implements Flow {
  /** Called once, when the client needs nothing more. */
  onLeave: () => void = () => {};
  readonly #join: (watcher: Watcher) => void;
  #sink: Sink | undefined;
  /** undefined until `begin`: what comes meanwhile waits. */
  #first: Iterator<Uint8Array> | undefined;
  #isBegun = false;
  #isBehind = false;
  #isFinishing = false;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;

  constructor(join: (watcher: Watcher) => void) {
    this.#join = join;
  }

  start(sink: Sink): void {
    this.#sink = sink;
    this.#join(this);
  }

  resume(): void {
    this.#isBehind = false;
    this.#pump();
  }

  cancel(): void {
    if (this.#sink === undefined) return;
    this.#sink = undefined;
    this.onLeave();
  }

  /** Sends `first`, made part by part as the client takes it, and then what has come since the start. */
  begin(first: Iterator<Uint8Array>): void {
    this.#first = first;
    this.#isBegun = true;
    this.#pump();
  }

  /** `lines` may be shared with other watchers. */
  push(lines: Uint8Array): void {
    if (this.#sink === undefined || this.#isFinishing) return;
    if (this.#isBegun && !this.#isBehind && this.#first === undefined) {
      this.#isBehind = !this.#sink.write(lines);
      return;
    }
    this.#queue.push(lines);
    this.#queuedBytes += lines.length;
    if (this.#queuedBytes > WATCH_BACKLOG_BYTES_MAX) this.#cutOff();
  }

  /** Ends the watch after all that waits has been sent. */
  finish(): void {
    this.#isFinishing = true;
    this.#pump();
  }

  #cutOff(): void {
    const sink = this.#sink;
    this.cancel();
    sink?.abort();
  }

  #pump(): void {
    while (this.#sink !== undefined && this.#isBegun && !this.#isBehind) {
      const lines = this.#next();
      if (lines !== undefined) this.#isBehind = !this.#sink.write(lines);
      else return this.#isFinishing ? this.#end() : undefined;
    }
  }

  #next(): Uint8Array | undefined {
    const first = this.#first?.next();
    if (first !== undefined && !first.done) return first.value;
    this.#first = undefined;
    const lines = this.#queue.shift();
    this.#queuedBytes -= lines?.length ?? 0;
    return lines;
  }

  #end(): void {
    const sink = this.#sink;
    this.cancel();
    sink?.end();
  }
}
