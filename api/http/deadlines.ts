import type { Clock } from "../types/ambient.ts";

interface Deadline {
  readonly at: number;
  readonly onLate: () => void;
}

/** So much time for each of many: one timer for all of them, as they end in the order in which they begin. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #open = new Set<Deadline>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** @returns ends it, and tells whether it was in time */
  begin(onLate: () => void): () => boolean {
    const deadline = { at: this.#clock.now() + this.#limitMs, onLate };
    this.#open.add(deadline);
    this.#cancel ??= this.#clock.after(this.#limitMs, () => this.#look());
    return () => {
      const isInTime = this.#open.delete(deadline);
      if (this.#open.size === 0) {
        this.#cancel?.();
        this.#cancel = undefined;
      }
      return isInTime;
    };
  }

  #look(): void {
    this.#cancel = undefined;
    const now = this.#clock.now();
    for (const deadline of this.#open) {
      if (deadline.at > now) {
        this.#cancel = this.#clock.after(deadline.at - now, () => this.#look());
        return;
      }
      this.#open.delete(deadline);
      deadline.onLate();
    }
  }
}
