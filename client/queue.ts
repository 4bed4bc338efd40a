import assert from "node:assert/strict";
import type { Clock } from "../api/types/ambient.ts";
import { Fifo } from "./fifo.ts";

export interface WorkQueueOptions {
  clock: Clock;
  /** First wait of a key that failed; it doubles with every failure. Source: client-go, 5 ms. */
  backoffFirstMs?: number;
  backoffMaxMs?: number;
  /** What is told of the queue's life, for metrics. */
  watcher?: QueueWatcher;
}

/** Hears of each key at the moment that something happens to it. */
export interface QueueWatcher {
  /** It stands in the line now, or will once it is done. */
  added(key: string): void;
  taken(key: string): void;
  done(key: string): void;
  /** It failed and comes again. */
  retried(): void;
}

const BACKOFF_FIRST_MS = 5;
const BACKOFF_MAX_MS = 60_000;

/**
 * Keys that wait to be worked on: each at most once in the line and at most once in work at a time. A key that is
 * added while it is in work comes again after `done`. It holds no more than one entry for each key, hence for each object.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #backoffFirstMs: number;
  readonly #backoffMaxMs: number;
  readonly #watcher: QueueWatcher | undefined;
  readonly #line = new Fifo<string>();
  readonly #waiting = new Set<string>();
  readonly #inWork = new Set<string>();
  readonly #timers = new Map<string, { at: number; cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  readonly #heeded = new WeakSet<AbortSignal>();
  readonly #wakes: (() => void)[] = [];

  constructor({ clock, backoffFirstMs, backoffMaxMs, watcher }: WorkQueueOptions) {
    this.#watcher = watcher;
    this.#clock = clock;
    this.#backoffFirstMs = backoffFirstMs ?? BACKOFF_FIRST_MS;
    this.#backoffMaxMs = backoffMaxMs ?? BACKOFF_MAX_MS;
  }

  /** Keys in the line, without those in work and those that wait for their time. */
  get length(): number {
    return this.#line.length;
  }

  add(key: string): void {
    if (this.#waiting.has(key)) return;
    this.#waiting.add(key);
    this.#watcher?.added(key);
    if (!this.#inWork.has(key)) this.#append(key);
  }

  /** The earlier time wins when the key waits for one already. */
  addAfter(key: string, ms: number): void {
    const at = this.#clock.now() + ms;
    const timer = this.#timers.get(key);
    if (timer !== undefined && timer.at <= at) return;
    timer?.cancel();
    const cancel = this.#clock.after(ms, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { at, cancel });
  }

  /** Adds the key after its back-off. @returns how long that is, in milliseconds */
  addLater(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#watcher?.retried();
    this.#failures.set(key, failures + 1);
    const ms = Math.min(this.#backoffFirstMs * 2 ** Math.min(failures, 30), this.#backoffMaxMs);
    this.addAfter(key, ms);
    return ms;
  }

  /** The key succeeded: its next failure waits the shortest time again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Takes back a time set by `addAfter` or `addLater`. */
  cancel(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  /** The next key, which is in work until `done`; undefined once `signal` has aborted. */
  async next(signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      if (this.length > 0) return this.#take();
      this.#wakeAtEnd(signal);
      await new Promise<void>((resolve) => this.#wakes.push(resolve));
    }
    return undefined;
  }

  /** Listening costs more than waiting does: once for each signal, for all who wait with it and will. */
  #wakeAtEnd(signal: AbortSignal): void {
    if (this.#heeded.has(signal)) return;
    this.#heeded.add(signal);
    signal.addEventListener("abort", () => {
      for (const wake of this.#wakes.splice(0)) wake();
    }, { once: true });
  }

  done(key: string): void {
    assert.ok(this.#inWork.delete(key), `${key} is not in work`);
    this.#watcher?.done(key);
    if (this.#waiting.has(key)) this.#append(key);
  }

  /** Forgets every time that is waited for. */
  close(): void {
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #append(key: string): void {
    this.#line.push(key);
    this.#wakes.shift()?.();
  }

  #take(): string {
    const key = this.#line.shift() as string;
    this.#waiting.delete(key);
    this.#inWork.add(key);
    this.#watcher?.taken(key);
    return key;
  }
}
