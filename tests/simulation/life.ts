import type { Clock } from "../../api/types/ambient.ts";

/**
 * One run of a process. After its end nothing that it does has any effect: its calls never return and its timers
 * never fire, as if the power had gone between two steps.
 */
export class Life {
  readonly #ending = new AbortController();

  get isOver(): boolean {
    return this.#ending.signal.aborted;
  }

  /** For what others hold for it, such as its connections. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  end(): void {
    this.#ending.abort();
  }
}

/** A promise that never resolves and a stream that never yields. */
export function never<T>(): Promise<T> & AsyncIterable<T> {
  const promise = new Promise<T>(() => {});
  const iterator = { next: () => new Promise<IteratorResult<T>>(() => {}) };
  return Object.assign(promise, { [Symbol.asyncIterator]: () => iterator });
}

/** The same object in the hands of a process: it answers as long as the process lives. */
export function mortal<T extends object>(target: T, life: Life): T {
  return new Proxy(target, {
    get(_target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => life.isOver ? never() : value.apply(target, args);
    },
  });
}

/** The time as a process sees it, which may be wrong by `skewMs`. */
export class ProcessClock implements Clock {
  constructor(
    readonly base: Clock,
    readonly life: Life,
    readonly skewMs = 0,
  ) {}

  now(): number {
    return this.base.now() + this.skewMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.base.sleep(ms, signal);
    if (this.life.isOver) await never();
  }

  after(ms: number, callback: () => void): () => void {
    return this.base.after(ms, () => {
      if (!this.life.isOver) callback();
    });
  }
}
