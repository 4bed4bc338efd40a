/** A queue that is read as a stream: ends when told to or when `signal` aborts. */
export class FakeWatch<T> implements AsyncIterable<T> {
  #waiting: T[] = [];
  #wake = () => {};
  #isEnded = false;
  #error: Error | undefined;

  constructor(readonly signal: AbortSignal) {
    signal.addEventListener("abort", () => this.end());
  }

  push(item: T): void {
    this.#waiting.push(item);
    this.#wake();
  }

  end(error?: Error): void {
    this.#isEnded = true;
    this.#error = error;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    while (!this.#isEnded && !this.signal.aborted) {
      const items = this.#waiting;
      this.#waiting = [];
      yield* items;
      if (this.#waiting.length > 0 || this.#isEnded) continue;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    if (this.#error !== undefined) throw this.#error;
  }
}
