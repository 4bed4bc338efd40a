import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../api/types/ambient.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * Time that moves only when told to. Timers fire in the order of their time, then in the order in which they
 * were set, and everything that one of them started runs to its end before the next one fires.
 */
export class FakeClock implements Clock {
  #now: number;
  /** By time, then by the order of setting. */
  #timers: Timer[] = [];

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), callback };
    this.#timers.splice(this.#placeOf(timer.at), 0, timer);
    return () => {
      const place = this.#timers.indexOf(timer);
      if (place >= 0) this.#timers.splice(place, 1);
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const cancel = this.after(ms, end);
      signal?.addEventListener("abort", end);
    });
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Milliseconds until the next timer; undefined when none is set. */
  get untilNext(): number | undefined {
    const [first] = this.#timers;
    return first === undefined ? undefined : first.at - this.#now;
  }

  /** Moves the time on, firing what falls due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (let next = this.#timers[0]; next !== undefined && next.at <= end; next = this.#timers[0]) {
      this.#timers.shift();
      this.#now = next.at;
      next.callback();
      await this.settle();
    }
    this.#now = end;
  }

  /** Lets everything run that waits for nothing but its turn. */
  async settle(): Promise<void> {
    await nextTurn();
  }

  #placeOf(at: number): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle] as Timer).at <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
