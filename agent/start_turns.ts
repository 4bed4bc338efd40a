import type { Clock } from "../api/types/ambient.ts";

/**
 * Pods that start at one time, for each core. More make no start faster: they only make every pod wait for all
 * others, and the first of a hundred runs when the last does. docs/benchmarks.md has the figures.
 */
export const STARTS_PER_CORE = 4;
/** A start that hangs, such as for a file server that is away, holds up the others no longer than this. */
const TURN_MS_MAX = 10_000;

/** Ends the turn; doing it again changes nothing. */
export type EndTurn = () => void;

/** So many starts at one time; the others wait in line, and nothing is made of them yet. */
export class StartTurns {
  #free: number;
  readonly #all: number;
  readonly #line = new Set<() => void>();
  #tellRest: () => void = () => {};

  constructor(private readonly clock: Clock, turns: number) {
    this.#free = this.#all = Math.max(1, Math.floor(turns));
  }

  /** Nobody has a turn, and nobody waits for one. */
  get isResting(): boolean {
    return this.#free === this.#all;
  }

  /** Calls `listener` each time that the last of them is over. */
  onRest(listener: () => void): void {
    this.#tellRest = listener;
  }

  /** @returns undefined when `signal` aborts before it is one's turn */
  async take(signal: AbortSignal): Promise<EndTurn | undefined> {
    if (signal.aborted) return undefined;
    if (this.#free > 0) this.#free -= 1;
    else if (!await this.#wait(signal)) return undefined;
    return this.#begin();
  }

  /** Whoever ends a turn hands it on to the first in line. */
  #wait(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const leave = (isMine: boolean) => {
        this.#line.delete(enter);
        signal.removeEventListener("abort", giveUp);
        resolve(isMine);
      };
      const enter = () => leave(true);
      const giveUp = () => leave(false);
      this.#line.add(enter);
      signal.addEventListener("abort", giveUp);
    });
  }

  #begin(): EndTurn {
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      cancel();
      const [next] = this.#line;
      if (next === undefined) this.#free += 1;
      else next();
      if (this.isResting) this.#tellRest();
    };
    const cancel = this.clock.after(TURN_MS_MAX, end);
    return end;
  }
}
