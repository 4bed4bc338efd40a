import { createHash, type Hash } from "node:crypto";
import type { Clock } from "../../api/types/ambient.ts";

/** What happened, in order: always as a hash, and as lines where somebody reads them. */
export class Trace {
  readonly lines: string[] = [];
  readonly #clock: Clock;
  readonly #began: number;
  readonly #isKept: boolean;
  readonly #hash: Hash = createHash("sha256");

  constructor(clock: Clock, isKept: boolean) {
    this.#clock = clock;
    this.#began = clock.now();
    this.#isKept = isKept;
  }

  /** @param details are part of the hash and of no line */
  add(what: string, details?: Uint8Array): void {
    const line = `${((this.#clock.now() - this.#began) / 1000).toFixed(3).padStart(9)} ${what}`;
    this.#hash.update(line);
    if (details !== undefined) this.#hash.update(details);
    if (this.#isKept) this.lines.push(line);
  }

  /** Of all so far; nothing may be added after it. */
  digest(): string {
    return this.#hash.digest("hex").slice(0, 16);
  }
}
