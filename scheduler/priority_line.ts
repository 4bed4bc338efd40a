import { Fifo } from "../client/fifo.ts";

/** Higher priorities first; first in, first out among equals. */
export class PriorityLine<T> {
  readonly #lines = new Map<number, Fifo<T>>();
  /** Highest first. */
  #priorities: number[] = [];

  push(item: T, priority: number): void {
    let line = this.#lines.get(priority);
    if (line === undefined) {
      this.#lines.set(priority, line = new Fifo());
      this.#priorities = [...this.#lines.keys()].sort((a, b) => b - a);
    }
    line.push(item);
  }

  shift(): T | undefined {
    for (const priority of this.#priorities) {
      const line = this.#lines.get(priority) as Fifo<T>;
      if (line.length > 0) return line.shift();
      this.#lines.delete(priority);
      this.#priorities = this.#priorities.filter((other) => other !== priority);
    }
    return undefined;
  }
}
